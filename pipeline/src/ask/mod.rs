//! Questions to a run: what is nearest to a picture, a sound, or a second already seen?

mod client;
mod memory;
mod refusal;
mod sound;
mod spaces;

use std::{collections::BTreeSet, sync::Arc};

use sonoscope_operators::{
    SourceId,
    views::{Embedding, Modality, Query},
};

pub use client::Client;
pub use memory::{Found, Memory, Others, Sought};
pub use refusal::Refusal;
pub use sound::SoundError;
pub use spaces::Spaces;

use crate::{
    sources::still,
    views::{Queries, Standing},
};
use spaces::{Space, Subject};

/// More than so many are not found.
pub const MOST_FOUND: u32 = 1000;

/// What somebody wants to know.
#[derive(Clone, Debug)]
pub struct Question {
    /// The name by which it is asked for later; one is made if it has none.
    pub name: Option<String>,
    /// In whose space, if there are several.
    pub network: Option<String>,
    /// What is to be found again.
    pub like: Like,
    /// How many to find, 1 to [`MOST_FOUND`].
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
    pub least_correspondence: Option<f32>,
}

/// What is to be found again.
#[derive(Clone, Debug)]
pub enum Like {
    /// The bytes of a JPEG or PNG file.
    Picture(Vec<u8>),
    /// The bytes of a recording, of which the loudest second counts.
    Sound(Vec<u8>),
    /// A second that has been seen.
    Second {
        /// Its source.
        source: SourceId,
        /// Which.
        segment: i64,
        /// By its picture or its sound; by its picture if it has one, if not said.
        by: Option<Modality>,
    },
}

/// Where questions are taken. Clones share it.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    spaces: Spaces,
    queries: Queries,
    memory: Memory,
}

impl Desk {
    /// One that makes queries of questions, in the spaces of a run's networks.
    pub fn new(spaces: Spaces, queries: Queries, memory: Memory) -> Self {
        Self(Arc::new(Inner {
            spaces,
            queries,
            memory,
        }))
    }

    /// The queries that stand.
    pub fn queries(&self) -> &Queries {
        &self.0.queries
    }

    /// Takes a question: a query stands from now on. Blocks while the network looks at it.
    ///
    /// # Errors
    /// When it cannot be understood, or a network fails.
    pub fn ask(&self, question: Question) -> Result<Standing, Refusal> {
        question.check()?;
        let given = match &question.like {
            Like::Picture(_) => Some(Modality::Picture),
            Like::Sound(_) => Some(Modality::Sound),
            Like::Second { by, .. } => *by,
        };
        let network = question.network.as_deref();
        let space = self.0.spaces.find(network, given, question.seeks)?;
        let embedding = self.embedding(space, question.like)?;
        let network = space.network.clone();
        let standing = self.0.queries.add(question.name, |name| Query {
            seeks: question.seeks,
            sources: question.sources,
            from: question.from,
            until: question.until,
            least_correspondence: question.least_correspondence.map(Into::into),
            ..Query::new(name, network, embedding, question.k)
        });
        Ok(standing?)
    }

    fn embedding(&self, space: &Space, like: Like) -> Result<Embedding, Refusal> {
        let subject = match like {
            Like::Picture(bytes) => Subject::Picture(still(bytes)?),
            Like::Sound(bytes) => Subject::Sound(sound::loudest_second(&bytes)?),
            Like::Second {
                source,
                segment,
                by,
            } => return self.seen(space, source, segment, by),
        };
        self.0.spaces.embed(space, subject)
    }

    fn seen(
        &self,
        space: &Space,
        source: SourceId,
        segment: i64,
        by: Option<Modality>,
    ) -> Result<Embedding, Refusal> {
        let sought = Sought {
            network: space.network.clone(),
            source,
            segment,
        };
        let found = self.0.memory.find(&sought);
        let [picture, sound] = found.unwrap_or_default();
        let embedding = match by {
            None => picture.or(sound),
            Some(Modality::Picture) => picture,
            Some(Modality::Sound) => sound,
        };
        embedding.ok_or(Refusal::NotSeen {
            of: sought.source,
            segment,
        })
    }
}

impl Question {
    fn check(&self) -> Result<(), Refusal> {
        if !(1..=MOST_FOUND).contains(&self.k) {
            return Err(Refusal::HowMany(self.k));
        }
        let (from, until) = (self.from, self.until);
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            return Err(Refusal::NoTime);
        }
        let least = self.least_correspondence;
        if least.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
            return Err(Refusal::NoCorrespondence);
        }
        if self.sources.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(Refusal::NoSources);
        }
        // A name goes into keys, paths and lines of logs.
        let name = self.name.as_ref().map(|name| name.parse::<SourceId>());
        match name.is_some_and(|name| name.is_err()) {
            true => Err(Refusal::Name),
            false => Ok(()),
        }
    }
}
