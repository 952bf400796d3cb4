//! Seconds by their names, for whoever asks from outside of the dataflow.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Listed, shard::Searched};
use crate::{
    SourceId,
    views::{Embedding, Held, Network, maintain::Shard},
};

/// Looks seconds up that [`nearest`](super::nearest()) remembers, on all workers of a process.
/// Clones share them.
///
/// Who looks up makes a worker wait for no longer than it takes to copy two embeddings.
#[derive(Clone, Default)]
pub struct Finder(Arc<Mutex<Vec<Shared>>>);

/// What one worker searches, open to others between two times of the dataflow.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Searched>>);

impl Finder {
    /// Where a second lies in a network's space: its picture, and its sound if there is something
    /// to hear. Nothing if it is not remembered, or has neither.
    pub fn find(
        &self,
        network: &Network,
        source: &SourceId,
        segment: i64,
    ) -> Option<[Option<Embedding>; 2]> {
        let all = lock(&self.0).clone();
        all.iter()
            .find_map(|shared| lock(&shared.0).find(network, source, segment))
    }

    /// What a worker searches, which is looked up from now on.
    pub(super) fn shared(&self, searched: Searched) -> Shared {
        let shared = Shared(Arc::new(Mutex::new(searched)));
        lock(&self.0).push(shared.clone());
        shared
    }
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Finder({} workers)", lock(&self.0).len())
    }
}

impl Shard for Shared {
    type In = <Searched as Shard>::In;
    type Out = Listed;

    fn turn(
        &mut self,
        changes: Vec<(Self::In, isize)>,
        tide: Option<i64>,
        answers: &mut Vec<(Listed, isize)>,
    ) {
        lock(&self.0).turn(changes, tide, answers);
    }

    fn held(&self) -> Held {
        lock(&self.0).held()
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
