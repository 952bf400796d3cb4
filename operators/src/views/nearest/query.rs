//! What is asked, and what is found.

use std::collections::BTreeSet;

use differential_dataflow::{AsCollection, VecCollection};
use serde::{Deserialize, Serialize};
use timely::{dataflow::StreamVec, progress::Timestamp};

use crate::{
    SourceId,
    views::{Answer, Embedding, Network, Real},
};

/// What a second is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Its picture.
    Picture,
    /// Its sound.
    Sound,
}

impl Modality {
    pub(super) const ALL: [Self; 2] = [Self::Picture, Self::Sound];

    /// Its place where there is something for each.
    pub(super) fn place(self) -> usize {
        self as usize
    }
}

/// A standing query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Query {
    /// Its name, of which there is one at a time.
    pub id: String,
    /// In whose space.
    pub network: Network,
    /// Where in it: of a picture or of a sound, whichever is sought.
    pub embedding: Embedding,
    /// How many to find at most.
    pub k: u32,
    /// By what; by both if not said.
    pub seeks: Option<Modality>,
    /// In these sources; in all if not said.
    pub sources: Option<BTreeSet<SourceId>>,
    /// From this second on.
    pub from: Option<i64>,
    /// Before this second.
    pub until: Option<i64>,
    /// Only what has at least this correspondence.
    pub least_correspondence: Option<Real>,
}

impl Query {
    /// The nearest seconds in all there is, by picture and by sound.
    pub fn new(id: &str, network: Network, embedding: Embedding, k: u32) -> Self {
        Self {
            id: id.into(),
            network,
            embedding,
            k,
            seeks: None,
            sources: None,
            from: None,
            until: None,
            least_correspondence: None,
        }
    }

    /// Queries as they come (+1) and go (-1), as [`nearest`](super::nearest()) takes them.
    pub fn of_changes<'scope, T: Timestamp>(
        changes: StreamVec<'scope, T, (Self, T, isize)>,
    ) -> VecCollection<'scope, T, Self> {
        changes.as_collection()
    }

    /// Whether it looks for pictures, or for sounds.
    pub(super) fn seeks(&self, modality: Modality) -> bool {
        self.seeks.is_none_or(|seeks| seeks == modality)
    }

    /// Whether a second may be found.
    pub(super) fn admits(
        &self,
        source: &SourceId,
        segment: i64,
        correspondence: Option<Real>,
    ) -> bool {
        self.from.is_none_or(|from| segment >= from)
            && self.until.is_none_or(|until| segment < until)
            && (self.least_correspondence).is_none_or(|least| correspondence >= Some(least))
            && (self.sources.as_ref()).is_none_or(|sources| sources.contains(source))
    }
}

/// One of the seconds that are nearest to a query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Match {
    /// Which query.
    pub query: String,
    /// How far it is, in the network's space.
    pub distance: Real,
    /// Whose second.
    pub source: SourceId,
    /// Which second.
    pub segment: i64,
    /// Found by its picture or by its sound.
    pub modality: Modality,
}

impl Answer for Match {
    /// `nearest/QUERY/SOURCE/SEGMENT/picture` or `/sound`.
    fn key(&self) -> String {
        let Self {
            query,
            source,
            segment,
            ..
        } = self;
        let modality = match self.modality {
            Modality::Picture => "picture",
            Modality::Sound => "sound",
        };
        format!("nearest/{query}/{source}/{segment}/{modality}")
    }
}
