//! Views: answers that stay right while rows come late, are corrected and are withdrawn.
//!
//! A view takes in the rows of a run as a differential collection of [`Observation`]s and gives its
//! answers as one, so that a row that changes an answer takes the old answer back (-1) and gives
//! the new one (+1), and touches no other. The work for a row depends on its neighbourhood in
//! time, not on how much has gone before.
//!
//! At each time of the dataflow the answers are a function of the rows until then, in whatever
//! order they came within a time and on however many workers: rows that are fed anew in one batch
//! end with the same answers.
//!
//! | view | answers |
//! | --- | --- |
//! | [`episodes`] | when sound and picture belonged together |
//! | [`rolling`] | a source over the last minute, hour, day; where its sound came from |
//! | [`nearest`] | standing queries: the seconds that are most like a picture or a sound |
//! | [`sync`] | how far the sound of a source is off |
//! | [`matrix`] | whose sound fits whose picture |
//! | [`versus`] | where two networks disagree |
//!
//! **Old detail leaves.** The answers of a live source follow its newest second, or the present,
//! where that is later: [`Feed::new`] is told the present as a stream, so that what a camera left
//! behind that is gone leaves too. What a recording said stays: it has an end, and may have to be
//! withdrawn as a whole. A row of a live source that comes later than a view keeps detail does not
//! count.

mod delta;
mod dots;
mod episodes;
mod feed;
mod head;
mod level;
mod maintain;
mod matrix;
mod nearest;
mod number;
mod observation;
mod rolling;
mod seconds;
mod sides;
mod sizes;
mod sync;
mod tracks;
mod versus;

use differential_dataflow::VecCollection;
use serde::Serialize;
use timely::progress::Timestamp;

pub use delta::{Delta, deltas};
pub use episodes::{Episode, EpisodeSettings, episodes};
pub use feed::Feed;
pub use head::Heads;
pub use matrix::{Fit, Groups, MatrixSettings, MatrixVerdict, Microphone, matrix};
pub use nearest::{Finder, Match, Modality, NearestSettings, Query, nearest};
pub use number::{Embedding, Real};
pub use observation::{Network, Observation, Place};
pub use rolling::{
    Quantiles, ROLLING_CELLS, Rolling, RollingSettings, RollingWindow, SoundingCell, rolling,
};
pub use sizes::{Held, Sizes};
pub use sync::{SYNC_REACH_S, Skew, SyncSettings, SyncVerdict, sync};
pub use versus::{Agreement, Compared, Disagreement, VersusSettings, versus};

/// What a view gives.
pub struct Answers<'scope, T: Timestamp, A: Clone + 'static> {
    /// Its answers as they change, on the workers that keep them.
    pub changes: VecCollection<'scope, T, A>,
    /// How much it remembers on this worker.
    pub sizes: Sizes,
}

/// What a view says, as sinks take it.
pub trait Answer: Serialize + Ord + Clone {
    /// A text by which sinks know the answer again: of all answers of all views that stand at a
    /// time, each has its own. `/` stands between its parts, the first of which is the view.
    fn key(&self) -> String;
}
