//! The sources of a run, for those who need them all at the end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::sources::SourceSpec;

/// The sources that were opened, by their ordinals. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Roll(Option<Arc<Mutex<BTreeMap<u32, SourceSpec>>>>);

impl Roll {
    /// One that is kept if it is wanted, and stays empty if not: an archive has many sources.
    pub fn new(wanted: bool) -> Self {
        Self(wanted.then(Arc::default))
    }

    /// Takes note of a source.
    pub fn add(&self, source: &SourceSpec) {
        if let Some(roll) = &self.0 {
            let mut roll = roll.lock().unwrap_or_else(PoisonError::into_inner);
            roll.insert(source.ordinal, source.clone());
        }
    }

    /// All of them; leaves none here.
    pub fn take(&self) -> BTreeMap<u32, SourceSpec> {
        let take = |roll: &Arc<Mutex<BTreeMap<_, _>>>| {
            std::mem::take(&mut *roll.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.0.as_ref().map(take).unwrap_or_default()
    }
}
