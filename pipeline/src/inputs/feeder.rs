//! The thread that looks for recordings while those that were found are worked on.

use std::{ops::ControlFlow, path::Path, sync::Arc, time::Instant};

use super::{
    argument::Argument,
    arrivals::{Arrival, Arrivals},
    clock::Clock,
    finding::{Finding, Recording},
    ids::Ids,
    settling::{Settling, Stand},
};
use crate::{
    agenda::Feed,
    sources::{Began, Reading, SourceError, SourceSpec, shown},
    tally::Tally,
};

/// What the thread holds.
pub struct Feeder {
    ids: Ids,
    clock: Clock,
    reading: Reading,
    feed: Feed,
    tally: Arc<Tally>,
    next_ordinal: u32,
    told_of_clock: bool,
}

/// Whether recordings are still wanted.
type Flow = ControlFlow<()>;

impl Feeder {
    /// One that has found nothing yet.
    pub fn new(clock: Clock, reading: Reading, feed: Feed, tally: Arc<Tally>) -> Self {
        Self {
            ids: Ids::default(),
            clock,
            reading,
            feed,
            tally,
            next_ordinal: 0,
            told_of_clock: false,
        }
    }

    /// Keeps the id of a file that is named alone.
    pub fn reserve(&mut self, path: &Path) {
        self.ids.reserve(path);
    }

    /// Takes all that there is.
    pub fn take_all(&mut self, arguments: &[Argument]) -> Flow {
        for (argument, is_first) in with_first(arguments) {
            let mut is_empty = true;
            for finding in argument.findings() {
                is_empty &= matches!(finding, Finding::LeftOut(_));
                self.take(finding, is_first)?;
            }
            if is_empty {
                tracing::warn!("there is no recording in {argument}");
            }
        }
        self.tally.all_found();
        Flow::Continue(())
    }

    /// Takes all that there is, then what comes, until the run is stopped.
    pub fn take_and_stay(&mut self, arguments: &[Argument], mut arrivals: Arrivals) -> Flow {
        let mut settling = Settling::default();
        for (argument, is_first) in with_first(arguments) {
            if argument.walk().is_none() {
                argument
                    .findings()
                    .try_for_each(|finding| self.take(finding, is_first))?;
                continue;
            }
            for finding in arrivals.walk(argument, None) {
                self.consider(finding, is_first, &mut settling, false)?;
            }
        }
        tracing::info!("watching for more; Ctrl-C ends it");
        while !self.feed.is_over() {
            match arrivals.wait() {
                Some(Arrival::Overflow) => {
                    // More came than the system could tell of.
                    for (argument, is_first) in with_first(arguments) {
                        for finding in arrivals.walk(argument, None) {
                            self.reconsider(finding, is_first, &mut settling, false)?;
                        }
                    }
                }
                Some(Arrival::At { path, is_finished }) => {
                    for (argument, is_first) in with_first(arguments) {
                        for finding in arrivals.walk(argument, Some(&path)) {
                            self.reconsider(finding, is_first, &mut settling, is_finished)?;
                        }
                    }
                }
                None => {}
            }
            for (recording, is_first) in settling.settled(Instant::now()) {
                self.take(Finding::Recording(recording), is_first)?;
            }
        }
        Flow::Break(())
    }

    /// Takes what was found now, or later, when nobody writes to it any more.
    fn consider(
        &mut self,
        finding: Finding,
        is_first: bool,
        settling: &mut Settling,
        is_finished: bool,
    ) -> Flow {
        match finding {
            Finding::Recording(recording) => {
                match settling.stand(&recording, is_first, is_finished, Instant::now()) {
                    Stand::Ready => self.take(Finding::Recording(recording), is_first),
                    Stand::Waits | Stand::Taken => Flow::Continue(()),
                }
            }
            other => self.take(other, is_first),
        }
    }

    /// Likewise of what may have been found before: what is left out is not counted again.
    fn reconsider(
        &mut self,
        finding: Finding,
        is_first: bool,
        settling: &mut Settling,
        is_finished: bool,
    ) -> Flow {
        match finding {
            Finding::Recording(_) => self.consider(finding, is_first, settling, is_finished),
            Finding::Refused { path, error } => {
                tracing::debug!("{}: {error}", shown(&path));
                Flow::Continue(())
            }
            Finding::LeftOut(_) => Flow::Continue(()),
        }
    }

    fn take(&mut self, finding: Finding, is_first: bool) -> Flow {
        match finding {
            Finding::Recording(recording) => {
                let spec = self.spec(recording, is_first);
                self.tally.found();
                self.feed.put(spec)
            }
            Finding::Refused { path, error } => {
                self.refuse(&path, error);
                self.go_on()
            }
            Finding::LeftOut(why) => {
                self.tally.left_out(why);
                self.go_on()
            }
        }
    }

    fn go_on(&self) -> Flow {
        match self.feed.is_over() {
            true => Flow::Break(()),
            false => Flow::Continue(()),
        }
    }

    fn refuse(&mut self, path: &Path, error: SourceError) {
        let spec = SourceSpec {
            ordinal: self.ordinal(),
            ..SourceSpec::new(super::stem(path), path.into(), self.reading)
        };
        self.tally.found();
        self.tally.refused(&spec, error);
    }

    fn ordinal(&mut self) -> u32 {
        let ordinal = self.next_ordinal;
        self.next_ordinal += 1;
        ordinal
    }

    fn spec(&mut self, recording: Recording, is_first: bool) -> SourceSpec {
        let id = self.ids.give(&recording, is_first);
        let entry = recording.entry;
        let began = self.clock.of(&entry.path, entry.start);
        if began == Began::Unknown && self.clock != Clock::None && !self.told_of_clock {
            self.told_of_clock = true;
            let name = shown(&entry.path);
            tracing::warn!(
                "{name} and maybe others: the name is not as --clock says; no wall clock"
            );
        }
        SourceSpec {
            ordinal: self.ordinal(),
            range: self.reading.range.within(entry.range()),
            began,
            ..SourceSpec::new(id, entry.path, self.reading)
        }
    }
}

/// Arguments, and whether each is the first in which recordings are looked for.
pub fn with_first(arguments: &[Argument]) -> impl Iterator<Item = (&Argument, bool)> {
    let first = arguments.iter().position(|argument| !argument.is_single());
    let numbered = arguments.iter().enumerate();
    numbered.map(move |(number, argument)| (argument, Some(number) == first))
}
