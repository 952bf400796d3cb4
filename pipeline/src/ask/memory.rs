//! Seconds that were already seen, wherever they are remembered.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize};
use sonoscope_operators::{
    SourceId,
    views::{Embedding, Finder, Network},
};

/// A second, in a network's space.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sought {
    /// The network.
    pub network: Network,
    /// Whose second.
    pub source: SourceId,
    /// Which.
    pub segment: i64,
}

/// Where a second lies: its picture, and its sound if there is something to hear.
pub type Found = [Option<Embedding>; 2];

/// Asks whoever else may remember a second; blocks until that is known.
pub type Others = Box<dyn Fn(&Sought) -> Option<Found> + Send + Sync>;

/// Looks seconds up in what the run remembers. Clones share it.
#[derive(Clone, Default)]
pub struct Memory {
    /// What this process remembers.
    pub here: Finder,
    others: Arc<OnceLock<Others>>,
}

impl Memory {
    /// From now on others are asked for what is not remembered here.
    pub fn ask_also(&self, others: Others) {
        // There is one cluster in a run.
        let _ = self.others.set(others);
    }

    /// Where a second lies. Nothing if nobody remembers it.
    pub fn find(&self, sought: &Sought) -> Option<Found> {
        let here = sought.within(&self.here);
        here.or_else(|| self.others.get()?(sought))
    }
}

impl Sought {
    /// Where it lies, if it is remembered here.
    pub fn within(&self, finder: &Finder) -> Option<Found> {
        finder.find(&self.network, &self.source, self.segment)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({:?})", self.here)
    }
}
