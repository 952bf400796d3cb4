//! From seconds in order to episodes.

use serde::{Deserialize, Serialize};

use super::EpisodeSettings;
use crate::views::{
    Place, Real,
    level::{Level, level, mean},
};

/// What is remembered of a second that may belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Heard {
    /// Its correspondence.
    pub level: Level,
    /// Where the sound came from.
    pub place: Option<Place>,
}

/// The settings as seconds are compared with them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    enter: Level,
    leave: Level,
    bridge_s: i64,
    pub shortest_s: i64,
}

impl Rules {
    pub fn new(settings: &EpisodeSettings) -> Self {
        let enter = level(settings.enter.into());
        Self {
            enter,
            leave: level(settings.leave.into()).min(enter),
            bridge_s: settings.bridge_s.into(),
            shortest_s: settings.shortest_s.into(),
        }
    }

    /// Whether a second can belong at all.
    pub fn may_belong(&self, level: Level) -> bool {
        level >= self.leave
    }

    /// Goes on to the next second that may belong. `open` is the episode that is told last; if
    /// another one begins, the one before is given.
    pub fn go_on(&self, open: &mut Option<Tally>, segment: i64, heard: &Heard) -> Option<Tally> {
        let goes_on = open.as_ref().is_some_and(|tally| tally.end == segment);
        if heard.level < self.enter && !goes_on {
            return None;
        }
        match open {
            Some(tally) if segment - tally.end <= self.bridge_s => {
                tally.add(segment, heard);
                None
            }
            _ => open.replace(Tally::begin(segment, heard)),
        }
    }
}

/// An episode while it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub start: i64,
    pub end: i64,
    pub seconds: u32,
    sum: u64,
    pub peak: Level,
    pub peak_segment: i64,
    place: Option<(Level, Place)>,
}

impl Tally {
    fn begin(segment: i64, heard: &Heard) -> Self {
        let mut tally = Self {
            start: segment,
            end: segment,
            seconds: 0,
            sum: 0,
            peak: heard.level,
            peak_segment: segment,
            place: None,
        };
        tally.add(segment, heard);
        tally
    }

    fn add(&mut self, segment: i64, heard: &Heard) {
        self.end = segment + 1;
        self.seconds += 1;
        self.sum += u64::from(heard.level);
        if heard.level > self.peak {
            (self.peak, self.peak_segment) = (heard.level, segment);
        }
        let stronger = self.place.is_none_or(|(level, _)| heard.level > level);
        if let Some(place) = heard.place.filter(|_| stronger) {
            self.place = Some((heard.level, place));
        }
    }

    /// From the start of its first run to the end of its last.
    pub fn length_s(&self) -> i64 {
        self.end - self.start
    }

    pub fn mean(&self) -> Real {
        mean(self.sum, self.seconds)
    }

    pub fn place(&self) -> Option<Place> {
        self.place.map(|(_, place)| place)
    }
}
