//! Standing queries: the seconds that are most like a picture or a sound.

mod finder;
mod merge;
mod queries;
mod query;
mod shard;
mod space;
mod standing;
mod store;

use differential_dataflow::{Hashable, VecCollection};
use serde::{Deserialize, Serialize};
use timely::{order::TotalOrder, progress::Timestamp};

pub use self::{
    finder::Finder,
    query::{Match, Modality, Query},
};
use self::{merge::Merge, shard::Asked, standing::Candidate};
use super::{
    Answers, Embedding, Feed, Observation, Real, Sizes,
    maintain::maintain,
    tracks::{At, Key},
};

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearestSettings {
    /// How long the seconds of a live source are searched, a day if not said.
    pub keep_s: u32,
}

impl Default for NearestSettings {
    fn default() -> Self {
        Self { keep_s: 24 * 3600 }
    }
}

/// What is remembered of a second: where it lies in the network's space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Vectors {
    /// By [`Modality`].
    of: [Option<Embedding>; 2],
    correspondence: Option<Real>,
}

/// The best of one worker, on its way to where those of all workers meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Listed {
    query: String,
    k: u32,
    candidate: Candidate,
}

/// The [`k`](Query::k) nearest seconds of each query, over all rows that are there, by Euclidean
/// distance; of equals, the first by source, second and modality. Rows and queries come and go.
///
/// A query meets rows of its own network alone, by its hash. Silent seconds have no sound to be
/// found by.
///
/// A row costs a scalar product with each query. A new query looks at all rows once; so does one of
/// whose best so many were withdrawn that others have to be found. Distances are the same to the
/// bit on any number of workers, on machines of the same kind.
///
/// A remembered second takes 4 bytes for each number of its two embeddings, and about 40 more. It is
/// found by its name through `finder`, too.
pub fn nearest<'scope, T: Timestamp + TotalOrder>(
    feed: Feed<'scope, T>,
    queries: VecCollection<'scope, T, Query>,
    settings: NearestSettings,
    finder: &Finder,
) -> Answers<'scope, T, Match> {
    let sizes = Sizes::default();
    let peers = queries.scope().peers() as u64;
    let rows = feed.rows.flat_map(|row| seconds(row).map(Asked::Row));
    let queries = queries.flat_map(move |query| {
        (0..peers).map(move |worker| Asked::Query {
            worker,
            query: query.clone(),
        })
    });
    let route = |asked: &Asked| match asked {
        Asked::Row(at) => at.key.hashed(),
        Asked::Query { worker, .. } => *worker,
    };
    let shard = finder.shared(shard::Searched::new(settings));
    let asked = rows.concat(queries);
    let tide = feed.tide.clone();
    let listed = maintain(asked, tide, "Nearest", route, shard, sizes.clone());
    let route = |listed: &Listed| listed.query.hashed();
    let merge = Merge::default();
    let changes = maintain(
        listed,
        feed.tide,
        "Nearest of all",
        route,
        merge,
        Sizes::default(),
    );
    Answers { changes, sizes }
}

/// What can be found of a row, if anything.
fn seconds(row: Observation) -> Option<At<Key, Vectors>> {
    let sounding = row.sounding();
    let vectors = Vectors {
        of: [
            row.frame_embedding.clone(),
            row.audio_embedding.clone().filter(|_| sounding),
        ],
        correspondence: row.correspondence,
    };
    vectors.of.iter().any(Option::is_some).then(|| At {
        key: Key::of(&row),
        segment: row.segment,
        live: row.live,
        value: vectors,
    })
}
