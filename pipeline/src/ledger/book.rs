//! The sources that are open, between two commits.

use std::collections::HashMap;

use sonoscope_operators::{Row, SECOND_NS, SourceId};

use super::store::{Entry, State};
use crate::sources::{SourceError, SourceLength};

/// What is known of the open sources, by their ordinals.
#[derive(Debug, Default)]
pub struct Book {
    open: HashMap<u32, Page>,
}

/// One open source.
#[derive(Debug)]
struct Page {
    entry: Entry,
    /// Seconds of it that were committed before it was opened.
    before_s: u64,
    length: SourceLength,
    /// Rows of it that earlier runs committed hold no longer, and the sinks do not know.
    withdraw: bool,
    /// It is not as the ledger has it.
    changed: bool,
    /// All its rows are with the sinks.
    closed: bool,
    result: Ending,
}

/// How a source's thread has ended.
#[derive(Debug, Default)]
enum Ending {
    /// It has not, or the run was stopped: the source stays open.
    #[default]
    Open,
    Done,
    Failed {
        reason: String,
        tip: String,
    },
}

impl Book {
    /// A source is handed out; `withdraw` if its committed rows hold no longer.
    pub fn open(&mut self, ordinal: u32, entry: Entry, length: SourceLength, withdraw: bool) {
        let page = Page {
            before_s: u64::try_from(entry.seconds).unwrap_or(0),
            entry,
            length,
            withdraw,
            changed: false,
            closed: false,
            result: Ending::Open,
        };
        self.open.insert(ordinal, page);
    }

    /// A source's thread has ended; rows of it may still be on their way.
    pub fn ended(&mut self, ordinal: u32, result: &Result<(), SourceError>) {
        if let Some(page) = self.open.get_mut(&ordinal) {
            page.result = match result {
                Ok(()) => Ending::Done,
                Err(SourceError::Stopped) => Ending::Open,
                Err(error) => Ending::failed(error),
            };
        }
    }

    /// The sources whose committed rows hold no longer; told once, to be withdrawn from all sinks
    /// before the next rows are written.
    pub fn take_withdrawals(&mut self) -> Vec<SourceId> {
        let pages = self.open.values_mut().filter(|page| page.withdraw);
        let withdrawn = pages.map(|page| {
            page.withdraw = false;
            page.changed = true;
            page.entry.id.clone()
        });
        let mut withdrawn: Vec<_> = withdrawn.collect();
        withdrawn.sort_unstable();
        withdrawn
    }

    /// The sinks have these rows.
    pub fn written(&mut self, rows: &[Row]) {
        for row in rows {
            let Some(page) = self.open.get_mut(&row.ordinal) else {
                continue;
            };
            // Rows of several networks for the same second follow each other.
            if row.segment >= page.entry.next_segment {
                // A row may stand for the rest of a long outage.
                page.entry.next_segment = row.end_ns.div_euclid(SECOND_NS);
                page.entry.seconds += 1;
                page.changed = true;
            }
        }
    }

    /// The id of a source that has come to its end, unless the run was stopped before: then more
    /// of it is to come, another time.
    pub fn ending(&self, ordinal: u32) -> Option<&SourceId> {
        let page = self.open.get(&ordinal)?;
        (!matches!(page.result, Ending::Open)).then_some(&page.entry.id)
    }

    /// All rows of a source are with the sinks.
    pub fn closed(&mut self, ordinal: u32) {
        let Some(page) = self.open.get_mut(&ordinal) else {
            return;
        };
        page.closed = true;
        page.changed = true;
        page.entry.state = match std::mem::take(&mut page.result) {
            Ending::Open => State::Open,
            Ending::Done if page.entry.seconds == 0 => {
                Ending::failed(&SourceError::TooShort).into()
            }
            ending => ending.into(),
        };
    }

    /// All that has changed since the last time, to be committed. Leaves out what the sinks do not
    /// know yet. Sources that are closed are forgotten.
    pub fn take_changes(&mut self) -> Vec<Entry> {
        let changed = |page: &&mut Page| page.changed && !page.withdraw;
        let entries = (self.open.values_mut().filter(changed)).map(|page| {
            page.changed = false;
            let rest_s = page.length.seconds().filter(|_| !page.closed);
            if let Some(rest_s) = rest_s {
                page.entry.length_s = Some(page.before_s + rest_s);
            }
            page.entry.clone()
        });
        let entries = entries.collect();
        self.open.retain(|_, page| !page.closed);
        entries
    }
}

impl Ending {
    fn failed(error: &SourceError) -> Self {
        Self::Failed {
            reason: error.to_string(),
            tip: error.tip().into(),
        }
    }
}

impl From<Ending> for State {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Open => Self::Open,
            Ending::Done => Self::Done,
            Ending::Failed { reason, tip } => Self::Failed { reason, tip },
        }
    }
}
