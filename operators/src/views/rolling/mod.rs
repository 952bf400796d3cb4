//! A source over the last minute, hour and day.

mod counts;
mod histogram;
mod history;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use timely::{order::TotalOrder, progress::Timestamp};

use self::{counts::Glance, history::History};
use super::{
    Answer, Answers, Feed, Network, Observation, Real,
    tracks::{At, Key, tracks},
};
use crate::{SourceId, Status};

/// Cells across, and down, into which places in the picture are sorted.
pub const ROLLING_CELLS: u8 = 14;

/// A window of time that slides over a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollingWindow {
    /// Its length.
    pub length_s: u32,
    /// It ends at the last whole multiple of this that the source has reached: a window of a day
    /// need not slide each second.
    pub step_s: u32,
}

/// What is asked of each source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingSettings {
    /// If not said: a minute, each second; an hour and a day, each minute.
    pub windows: Vec<RollingWindow>,
    /// How much later than the longest window a row of a live source may come and still count, an
    /// hour if not said: such a row matters only if newer ones are withdrawn.
    pub late_s: u32,
}

impl Default for RollingSettings {
    fn default() -> Self {
        let window = |length_s, step_s| RollingWindow { length_s, step_s };
        Self {
            windows: vec![window(60, 1), window(3600, 60), window(24 * 3600, 60)],
            late_s: 3600,
        }
    }
}

impl RollingSettings {
    /// How long a row is remembered.
    fn keep_s(&self) -> i64 {
        let longest = self
            .windows
            .iter()
            .map(|window| window.length_s + window.step_s)
            .max();
        i64::from(longest.unwrap_or(0)) + i64::from(self.late_s)
    }
}

/// What a tenth, half and nine tenths of the seconds do not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Quantiles {
    /// How many seconds there are.
    pub seconds: u32,
    /// A tenth of them are at this or below.
    pub p10: Real,
    /// Half of them.
    pub p50: Real,
    /// Nine tenths of them.
    pub p90: Real,
}

/// How often the sound came from a place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SoundingCell {
    /// From the left, 0 to 13.
    pub column: u8,
    /// From the top, 0 to 13.
    pub row: u8,
    /// In so many seconds.
    pub seconds: u32,
}

/// A source over a window of time, of which at least one row is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rolling {
    /// Which source.
    pub source: SourceId,
    /// By which network.
    pub network: Network,
    /// The window's length.
    pub window_s: u32,
    /// The second behind its last.
    pub end: i64,
    /// Seconds of which there is a row; of the others nothing is known.
    pub seconds: u32,
    /// Those in which there was something to hear.
    pub sounding: u32,
    /// `sounding` of `seconds`, 0..1.
    pub sounding_share: Real,
    /// Those in which sound or picture is missing although the source has it.
    pub gaps: u32,
    /// Seconds that were let go since there was too much to do.
    pub dropped: u64,
    /// Correspondence of the seconds that have one and can be heard, to 1/255.
    pub correspondence: Option<Quantiles>,
    /// Level of the sound in dB below full scale, to half a dB and no lower than -127.5.
    pub loudness_dbfs: Option<Quantiles>,
    /// Where the sound came from, row by row; cells from which it never came are left out.
    pub cells: Arc<[SoundingCell]>,
}

impl Answer for Rolling {
    /// `rolling/SOURCE/NETWORK/WINDOW_S`.
    fn key(&self) -> String {
        let Self {
            source,
            network,
            window_s,
            ..
        } = self;
        format!("rolling/{source}/{network}/{window_s}")
    }
}

/// Each source, by each network, over windows that end with its newest second.
///
/// A row counts at once wherever in a window it lies; one that comes when its second has left a
/// window changes nothing there. A long outage counts with each of its seconds.
///
/// A row costs what it adds to each window and what leaves it.
pub fn rolling<'scope, T: Timestamp + TotalOrder>(
    feed: Feed<'scope, T>,
    settings: RollingSettings,
) -> Answers<'scope, T, Rolling> {
    let settings = Arc::new(settings);
    let keep_s = settings.keep_s();
    let look = move |observation: Observation| {
        let last = observation.segment + i64::from(observation.seconds);
        let first = observation.segment.max(last - keep_s);
        let glance = glance(&observation);
        (first..last).map(move |segment| At {
            key: Key::of(&observation),
            segment,
            live: observation.live,
            value: Glance {
                dropped: if segment == first { glance.dropped } else { 0 },
                ..glance
            },
        })
    };
    tracks(feed, "Rolling", look, move || {
        History::new(settings.clone())
    })
}

fn glance(observation: &Observation) -> Glance {
    let cell = |at: Real| (at.get() * f32::from(ROLLING_CELLS)) as u8;
    let cell = |at: Real| cell(at).min(ROLLING_CELLS - 1);
    Glance {
        sounding: observation.sounding(),
        gap: [observation.audio, observation.video].contains(&Status::Gap),
        dropped: observation.dropped,
        correspondence: (observation.heard_correspondence())
            .map(|value| histogram::correspondence_bin(value.get())),
        loudness: (observation.audio_dbfs).map(|value| histogram::loudness_bin(value.get())),
        cell: (observation.place).map(|place| cell(place.y) * ROLLING_CELLS + cell(place.x)),
    }
}
