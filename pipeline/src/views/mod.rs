//! Views in a run: answers that follow the rows as they are committed and withdrawn.
//!
//! ```text
//! commit -> Intake -> views (each source on the worker its name falls to) -> worker 0 -> sinks
//!              ^        ^                                                           \-> ViewStore
//!              |        +- asks, the queries that stand
//!              +- past, the rows that an earlier run committed
//! ```
//!
//! [`sonoscope_operators::views`] says what they answer.

mod asks;
mod assemble;
mod gather;
mod heads;
mod intake;
mod journal;
mod name;
mod past;
mod present;
mod queries;
mod replay;
mod settings;
mod store;
mod tell;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sonoscope_operators::{SourceId, views::Finder};

pub use assemble::assemble;
pub use heads::heads;
pub use intake::Intake;
pub use journal::Journal;
pub use name::ViewName;
pub use queries::{MOST_QUERIES, NotTaken, Queries, Standing};
pub use replay::{Past, replay};
pub use settings::{
    EpisodesTable, MatrixTable, NearestTable, RollingTable, SyncTable, ViewSettings, ViewTables,
    WindowTable,
};
pub use store::{HeldAnswer, ViewSize, ViewStore, is_below, is_of_source};

/// Something that a view has answered so far has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The view.
    pub view: ViewName,
    /// Whose answer it is.
    pub source: SourceId,
    /// Which answer: the same text for every change of it.
    pub key: String,
    /// The answer as it is now, as JSON; nothing if it holds no longer.
    pub body: Option<String>,
}

/// Whoever hears of changes: called by one worker.
pub trait Tell: Send + Sync {
    /// Takes the changes of a time, in the order of their keys.
    fn changes(&self, changes: &[Change]);

    /// All changes up to some time have been told: [`Intake::is_settled`] says whether any are
    /// still to come of the rows that are written.
    fn settled(&self);
}

/// The views of a run. Clones share them.
#[derive(Clone)]
pub struct Views {
    /// What is asked of them.
    pub settings: Arc<[ViewSettings]>,
    /// What they take in.
    pub intake: Intake,
    /// What is asked of `nearest`.
    pub queries: Queries,
    /// Where seconds that are searched are looked up by their names.
    pub finder: Finder,
    /// What they answer.
    pub store: ViewStore,
    /// Who hears of changes.
    pub tell: Arc<dyn Tell>,
}
