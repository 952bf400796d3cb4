//! One network's space: its seconds, and the queries that stand in it.

use std::collections::HashMap;

use pulp::Arch;

use super::{
    Modality, Vectors,
    queries::Queries,
    store::{Slot, Store},
};
use crate::{
    SourceId,
    views::{
        Embedding,
        seconds::{BLOCK, Disputes, Seconds, block_of},
    },
};

/// All that is of one network.
pub(super) struct Space {
    pub store: Store,
    pub queries: Queries,
    /// Those of the sources.
    names: Vec<SourceId>,
    sources: Vec<Source>,
    by_name: HashMap<SourceId, usize>,
}

/// A source of which there are seconds.
struct Source {
    slots: Seconds<Slot>,
    disputes: Disputes<Vectors>,
    live: bool,
    newest: i64,
    floor: i64,
}

impl Space {
    pub fn new(arch: Arch) -> Self {
        Self {
            store: Store::new(arch),
            queries: Queries::new(arch),
            names: Vec::new(),
            sources: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    /// The place of a source, of which something has come.
    pub fn source(&mut self, name: &SourceId, live: bool, segment: i64) -> usize {
        let place = *self.by_name.entry(name.clone()).or_insert_with(|| {
            self.names.push(name.clone());
            self.sources.push(Source {
                slots: Seconds::default(),
                disputes: Disputes::default(),
                live: false,
                newest: i64::MIN,
                floor: i64::MIN,
            });
            self.sources.len() - 1
        });
        let source = &mut self.sources[place];
        source.live |= live;
        source.newest = source.newest.max(segment);
        place
    }

    /// Where a second lies, if it is remembered.
    pub fn find(&self, name: &SourceId, segment: i64) -> Option<[Option<Embedding>; 2]> {
        let source = &self.sources[*self.by_name.get(name)?];
        let slot = source.slots.get(segment).copied()?;
        Some(self.store.vectors(slot)?.of)
    }

    /// Takes in the changes of a second.
    pub fn settle(&mut self, place: usize, segment: i64, changes: &[(Vectors, isize)]) {
        let source = &mut self.sources[place];
        if block_of(segment) < source.floor {
            return;
        }
        let slot = source.slots.get(segment).copied();
        let before = slot.and_then(|slot| self.store.vectors(slot));
        let after = source.disputes.settle(segment, before.as_ref(), changes);
        if before == after {
            return;
        }
        source.slots.put(segment, None);
        if let Some(slot) = slot {
            self.remove(slot);
        }
        if let Some(vectors) = after {
            let slot = self.store.insert(place as u32, segment, &vectors);
            self.sources[place].slots.put(segment, Some(slot));
            for (modality, vector) in Modality::ALL.into_iter().zip(&vectors.of) {
                if let Some(vector) = vector {
                    let (store, names) = (&mut self.store, &self.names);
                    self.queries.show(store, names, slot, modality, vector);
                }
            }
        }
    }

    fn remove(&mut self, slot: Slot) {
        if let Some(known) = self.store.remove(slot) {
            self.queries.strike(slot, known.listed);
        }
    }

    /// Lets the seconds of a live source go that are older than is kept.
    pub fn forget(&mut self, place: usize, tide: Option<i64>, keep_s: i64) {
        let source = &mut self.sources[place];
        let present = tide.unwrap_or(i64::MIN).max(source.newest);
        let floor = block_of(present.saturating_sub(keep_s));
        if !source.live || floor <= source.floor {
            return;
        }
        source.floor = floor;
        let old = source.slots.range(i64::MIN..floor * BLOCK);
        let old: Vec<Slot> = old.map(|(_, slot)| *slot).collect();
        source.slots.forget_before(floor);
        source.disputes.forget_before(floor * BLOCK);
        old.into_iter().for_each(|slot| self.remove(slot));
    }

    /// Lets go what is old of all sources.
    pub fn forget_all(&mut self, tide: Option<i64>, keep_s: i64) {
        (0..self.sources.len()).for_each(|place| self.forget(place, tide, keep_s));
    }

    /// Lets queries look at all rows that have not, or that have to again.
    pub fn look(&mut self) {
        self.queries.look(&mut self.store, &self.names);
    }

    /// Whether nothing is there and nothing asked.
    pub fn is_empty(&self) -> bool {
        let nothing = |source: &Source| source.slots.is_empty() && source.disputes.is_empty();
        self.queries.is_empty() && self.sources.iter().all(nothing)
    }
}
