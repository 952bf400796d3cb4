//! How far the sound of a source is off.

mod curve;
mod history;

use serde::{Deserialize, Serialize};
use timely::{order::TotalOrder, progress::Timestamp};

use self::history::History;
use super::{
    Answer, Answers, Feed, Heads, Network, Observation, Real,
    sides::Sides,
    tracks::{At, Key, tracks},
};
use crate::SourceId;

/// So many seconds before and behind each picture, sound is tried with it.
pub const SYNC_REACH_S: usize = 5;

/// Offsets tried.
pub(super) const OFFSETS: usize = 2 * SYNC_REACH_S + 1;

/// What is asked of each source.
#[derive(Clone, Debug)]
pub struct SyncSettings {
    /// What pictures with the sounds of other seconds are judged by.
    pub heads: Heads,
    /// Over how long, a minute if not said.
    pub window_s: u32,
    /// The window ends at the last whole multiple of this that the source has reached, 5 if not
    /// said.
    pub step_s: u32,
    /// With fewer seconds that can be seen and heard, nothing is said; 20 if not said.
    pub least_seconds: u32,
    /// If the best offset is not better by this than those two and more seconds away, the curve is
    /// flat; 0.1 if not said.
    pub least_sharpness: f32,
    /// How much later than the window a row may come and still count, half a minute if not said:
    /// such a row matters only if newer ones are withdrawn.
    pub late_s: u32,
}

impl SyncSettings {
    /// The defaults, with the heads of the networks.
    pub fn new(heads: Heads) -> Self {
        Self {
            heads,
            window_s: 60,
            step_s: 5,
            least_seconds: 20,
            least_sharpness: 0.1,
            late_s: 30,
        }
    }
}

/// What the curve of a source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncVerdict {
    /// There is too little to see or to hear.
    Unheard,
    /// No sound of these seconds belongs to this picture: the curve is flat, and low.
    Unrelated,
    /// Sound and picture belong together, but are so alike all the time that it cannot be told how
    /// far they are off: the curve is flat, and high.
    Steady,
    /// The curve has a summit.
    Told,
}

/// How far the sound of a source is off, over a window of time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Skew {
    /// Which source.
    pub source: SourceId,
    /// By which network.
    pub network: Network,
    /// The second behind the window's last.
    pub end: i64,
    /// Seconds that can be seen and heard.
    pub seconds: u32,
    /// What can be said.
    pub verdict: SyncVerdict,
    /// By how many seconds the sound comes after the picture that it belongs to, -5.5..5.5; less
    /// than 0 if it comes before. To a fraction of a second, by a parabola through the summit and
    /// its neighbours.
    pub skew_s: Option<Real>,
    /// Of the seconds that can be compared, the share in which the best offset fits better than
    /// the mean of all, less the share in which it does not: 0 for chance, 1 for all.
    pub confidence: Option<Real>,
    /// The mean correspondence of pictures with the sound so many seconds later: from -5 to 5, none
    /// where no two are there.
    pub curve: [Option<Real>; OFFSETS],
}

impl Answer for Skew {
    /// `sync/SOURCE/NETWORK`.
    fn key(&self) -> String {
        format!("sync/{}/{}", self.source, self.network)
    }
}

/// How far the sound of each source is off, by each network whose head goes by distance.
///
/// Each picture of the window is tried with the sounds of up to [`SYNC_REACH_S`] seconds before
/// and behind it, as far as these lie in the window. Silent seconds have no sound to be tried.
///
/// A row costs 21 distances, and each step a look at the window. A source takes about 200 kB with
/// embeddings of 128 numbers.
pub fn sync<'scope, T: Timestamp + TotalOrder>(
    feed: Feed<'scope, T>,
    settings: SyncSettings,
) -> Answers<'scope, T, Skew> {
    let look = |observation: Observation| {
        Some(At {
            value: Sides::of(&observation)?,
            key: Key::of(&observation),
            segment: observation.segment,
            live: observation.live,
        })
    };
    tracks(feed, "Sync", look, move || History::new(settings.clone()))
}
