//! Pictures of recordings: read once more, and shrunk.

use std::collections::{BTreeMap, BTreeSet};

use sonoscope_operators::{Event, Picture, Slicer, slice::DEFAULT_SILENCE_DBFS};

use super::Shrink;
use crate::{
    agenda::{Agenda, Opening},
    fault::Fault,
    sources::{self, SecondRange, SourceSpec, Stop},
};

/// Columns of a picture on the page, at most.
pub const WIDTH: u32 = 224;

/// Columns of a small one.
const SMALL_WIDTH: u32 = 132;

/// Reading on for so many seconds costs less than to begin anew.
const NEAR_S: i64 = 30;

/// A second of a recording: the recording's place among all, and which second.
pub type Shot = (usize, i64);

/// Shrunk pictures.
#[derive(Default)]
pub struct Pictures(BTreeMap<Shot, Picture>);

impl Pictures {
    /// Reads the pictures that are wanted, one recording after another. A recording that cannot be
    /// read any more has none.
    ///
    /// # Errors
    /// When it is stopped.
    pub fn fetch(
        spec_of: impl Fn(usize) -> SourceSpec,
        wanted: &BTreeSet<Shot>,
        stop: &Stop,
    ) -> Result<Self, Fault> {
        let specs: Vec<SourceSpec> = (stretches(wanted).into_iter())
            .map(|(recording, range)| SourceSpec {
                range,
                ordinal: recording as u32,
                ..spec_of(recording)
            })
            .collect();
        let agenda = Agenda::new(specs, stop.clone(), |_| ());
        let (inlet, inbox) = sources::inbox(|| ());
        let mut pictures = Self::default();
        let mut shrink = Shrink::new();
        while agenda.open_next(&inlet) == Opening::Opened {
            pictures.read(&inbox, wanted, &mut shrink);
        }
        match stop.is_raised() {
            true => Err(Fault::environment("stopped before its end")),
            false => Ok(pictures),
        }
    }

    /// All that is wanted of the one source that is open.
    fn read(&mut self, inbox: &sources::Inbox, wanted: &BTreeSet<Shot>, shrink: &mut Shrink) {
        let mut slicer = Slicer::new(DEFAULT_SILENCE_DBFS);
        for arrival in inbox {
            let clip = arrival.ordinal as usize;
            let closed = matches!(arrival.event, Event::Closed | Event::Cut);
            slicer.push(arrival.event);
            for segment in &mut slicer {
                let shot = (clip, segment.index);
                if let Some(frame) = segment.frame.filter(|_| wanted.contains(&shot)) {
                    self.0.insert(shot, shrink.to(&frame.picture, WIDTH));
                }
            }
            if closed {
                return;
            }
        }
    }

    /// The picture of a second, if it could be read.
    pub fn get(&self, shot: Shot) -> Option<&Picture> {
        self.0.get(&shot)
    }

    /// The same, smaller.
    pub fn small(&self, shot: Shot) -> Option<Picture> {
        Some(Shrink::new().to(self.get(shot)?, SMALL_WIDTH))
    }
}

/// What has to be read of which recording: seconds that are near to each other in one go.
fn stretches(wanted: &BTreeSet<Shot>) -> Vec<(usize, SecondRange)> {
    let mut stretches: Vec<(usize, SecondRange)> = Vec::new();
    for &(recording, second) in wanted {
        let to = second + 1;
        match stretches.last_mut() {
            Some((of, range)) if *of == recording && second < range.to + NEAR_S => range.to = to,
            _ => stretches.push((recording, SecondRange { from: second, to })),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_far_apart_are_read_one_by_one() {
        let wanted = [(0, 3), (0, 9), (0, 7_000), (1, 7_001)];
        let ranges = stretches(&wanted.into()).into_iter();
        let told: Vec<_> = ranges
            .map(|(of, range)| (of, range.from, range.to))
            .collect();
        assert_eq!(told, [(0, 3, 10), (0, 7_000, 7_001), (1, 7_001, 7_002)]);
    }
}
