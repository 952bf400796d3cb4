//! A query and the best that one worker has for it.

use serde::{Deserialize, Serialize};

use super::{Modality, Query, store::Slot};
use crate::{SourceId, views::Real};

/// A second that may be among the nearest. The order is that of matches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Candidate {
    /// The square of its distance.
    pub squared: Real,
    pub source: SourceId,
    pub segment: i64,
    pub modality: Modality,
}

/// The best candidates of a query, and some more, so that not every withdrawal makes it look at
/// all rows again.
#[derive(Debug)]
pub(super) struct Standing {
    pub query: Query,
    /// The square of the embedding's length.
    pub squared_length: f32,
    /// In order. Up to `bound`, all there are.
    list: Vec<(Candidate, Slot)>,
    /// None if all there are at all are listed.
    bound: Option<Candidate>,
    /// Nothing has been looked at yet.
    pub is_new: bool,
    /// Whether the list has changed since.
    changed: bool,
    /// The best, as they were told.
    told: Vec<Candidate>,
}

impl Standing {
    pub fn new(query: Query, squared_length: f32) -> Self {
        Self {
            query,
            squared_length,
            list: Vec::new(),
            bound: None,
            is_new: true,
            changed: false,
            told: Vec::new(),
        }
    }

    fn k(&self) -> usize {
        self.query.k as usize
    }

    /// How many candidates are listed at most.
    fn most(&self) -> usize {
        self.k().saturating_mul(2).saturating_add(16)
    }

    /// What is farther away need not be offered.
    pub fn limit(&self) -> f32 {
        let bound = self.bound.as_ref();
        bound.map_or(f32::INFINITY, |bound| bound.squared.get())
    }

    /// Whether rows have to be looked at again: what is listed is too little, and not all.
    pub fn wants(&self) -> bool {
        self.is_new || (self.list.len() < self.k() && self.bound.is_some())
    }

    /// Forgets all candidates, before all rows are looked at.
    pub fn clear(&mut self) -> impl Iterator<Item = Slot> {
        self.is_new = false;
        self.changed = true;
        self.bound = None;
        self.list.drain(..).map(|(_, slot)| slot)
    }

    /// Lists a candidate if it is good enough. Gives whether it is, and what it put out.
    pub fn offer(&mut self, candidate: Candidate, slot: Slot) -> (bool, Option<Slot>) {
        let beyond = self.bound.as_ref().is_some_and(|bound| candidate > *bound);
        if beyond || self.k() == 0 {
            return (false, None);
        }
        self.changed = true;
        let at = self.list.partition_point(|(listed, _)| *listed < candidate);
        self.list.insert(at, (candidate, slot));
        if self.list.len() <= self.most() {
            return (true, None);
        }
        let out = self.list.pop().map(|(_, slot)| slot);
        self.bound = self.list.last().map(|(last, _)| last.clone());
        (true, out)
    }

    /// Strikes a second from the list, by picture and by sound; how often it stood there.
    pub fn strike(&mut self, slot: Slot) -> u32 {
        let before = self.list.len();
        self.list.retain(|(_, listed)| *listed != slot);
        self.changed |= self.list.len() < before;
        (before - self.list.len()) as u32
    }

    /// All slots listed.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.list.iter().map(|(_, slot)| *slot)
    }

    /// The best as they were told.
    pub fn told(&self) -> &[Candidate] {
        &self.told
    }

    /// Tells the changes of the best.
    pub fn tell(&mut self, mut change: impl FnMut(&Query, Candidate, isize)) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let best = self.list.iter().take(self.k());
        let best: Vec<_> = best.map(|(candidate, _)| candidate.clone()).collect();
        differences(&self.told, &best, |candidate, diff| {
            change(&self.query, candidate.clone(), diff);
        });
        self.told = best;
    }
}

/// What is in one list (-1) or the other (+1) alone; both are in order.
pub(super) fn differences<C: Ord>(before: &[C], after: &[C], mut change: impl FnMut(&C, isize)) {
    let alone = |one: &C, other: &[C]| other.binary_search(one).is_err();
    before
        .iter()
        .filter(|one| alone(one, after))
        .for_each(|one| change(one, -1));
    after
        .iter()
        .filter(|one| alone(one, before))
        .for_each(|one| change(one, 1));
}
