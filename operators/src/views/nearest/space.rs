//! One network's space: its seconds, and the queries that stand in it.

use std::collections::HashMap;

use pulp::Arch;

use super::{
    Listed, Modality, Query, Vectors,
    standing::{Candidate, Standing},
    store::{Slot, Store},
};
use crate::{
    SourceId,
    views::{
        Embedding,
        dots::{dots, squared_distance, squared_length},
        seconds::{BLOCK, Disputes, Seconds, block_of},
    },
};

/// All that is of one network.
pub(super) struct Space {
    arch: Arch,
    pub store: Store,
    sources: Vec<Source>,
    by_name: HashMap<SourceId, usize>,
    standing: Vec<Standing>,
    /// By modality.
    panels: [Panel; 2],
    products: Vec<f32>,
}

/// A source of which there are seconds.
struct Source {
    name: SourceId,
    slots: Seconds<Slot>,
    disputes: Disputes<Vectors>,
    live: bool,
    newest: i64,
    floor: i64,
}

/// The queries that seek one modality, for all of which a row is looked at at once.
#[derive(Default)]
struct Panel {
    numbers: usize,
    /// One query after the other.
    vectors: Vec<f32>,
    queries: Vec<usize>,
}

impl Space {
    pub fn new(arch: Arch) -> Self {
        Self {
            arch,
            store: Store::new(arch),
            sources: Vec::new(),
            by_name: HashMap::new(),
            standing: Vec::new(),
            panels: Default::default(),
            products: Vec::new(),
        }
    }

    /// The place of a source, of which something has come.
    pub fn source(&mut self, name: &SourceId, live: bool, segment: i64) -> usize {
        let place = *self.by_name.entry(name.clone()).or_insert_with(|| {
            self.sources.push(Source {
                name: name.clone(),
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
                    self.show(slot, modality, vector);
                }
            }
        }
    }

    /// Lets the seconds of live sources go that are older than is kept.
    pub fn forget(&mut self, place: usize, tide: Option<i64>, keep_s: i64) {
        let source = &mut self.sources[place];
        let present = tide.unwrap_or(i64::MIN).max(source.newest);
        let floor = block_of(present.saturating_sub(keep_s));
        if !source.live || floor <= source.floor {
            return;
        }
        source.floor = floor;
        let old: Vec<_> = (source.slots.range(i64::MIN..floor * BLOCK))
            .map(|(_, slot)| *slot)
            .collect();
        source.slots.forget_before(floor);
        source.disputes.forget_before(floor * BLOCK);
        old.into_iter().for_each(|slot| self.remove(slot));
    }

    /// Lets go what is old of all sources.
    pub fn forget_all(&mut self, tide: Option<i64>, keep_s: i64) {
        (0..self.sources.len()).for_each(|place| self.forget(place, tide, keep_s));
    }

    fn remove(&mut self, slot: Slot) {
        let Some(known) = self.store.remove(slot) else {
            return;
        };
        let mut left = known.listed;
        for standing in &mut self.standing {
            if left == 0 {
                break;
            }
            left -= standing.strike(slot);
        }
    }

    /// Shows a new second to all queries that seek it.
    fn show(&mut self, slot: Slot, modality: Modality, vector: &Embedding) {
        let panel = &self.panels[modality.place()];
        if panel.queries.is_empty() || vector.values().len() != panel.numbers {
            return;
        }
        let length = squared_length(self.arch, vector.values());
        let mut products = std::mem::take(&mut self.products);
        products.resize(panel.queries.len(), 0.0);
        dots(self.arch, &panel.vectors, vector.values(), &mut products);
        for (place, product) in panel.queries.iter().zip(&products) {
            let standing = &mut self.standing[*place];
            let squared = squared_distance(standing.squared_length, length, *product);
            if squared <= standing.limit() {
                offer(
                    standing,
                    &mut self.store,
                    &self.sources,
                    slot,
                    modality,
                    squared,
                );
            }
        }
        self.products = products;
    }

    /// Adds a query, which has not looked at anything yet.
    pub fn add(&mut self, query: Query) {
        let length = squared_length(self.arch, query.embedding.values());
        self.standing.push(Standing::new(query, length));
    }

    /// Removes a query; the best as they were told.
    pub fn withdraw(&mut self, query: &Query) -> Vec<Candidate> {
        let Some(place) = self
            .standing
            .iter()
            .position(|standing| standing.query == *query)
        else {
            return Vec::new();
        };
        let standing = self.standing.remove(place);
        for slot in standing.slots() {
            self.store
                .listed(slot)
                .into_iter()
                .for_each(|listed| *listed -= 1);
        }
        standing.told().to_vec()
    }

    /// Makes the panels anew, after queries have come or gone.
    pub fn arrange(&mut self) {
        for (modality, panel) in Modality::ALL.into_iter().zip(&mut self.panels) {
            *panel = Panel::default();
            let seeking = self.standing.iter().enumerate();
            for (place, standing) in seeking.filter(|(_, standing)| standing.query.seeks(modality))
            {
                let vector = standing.query.embedding.values();
                if panel.queries.is_empty() {
                    panel.numbers = vector.len();
                }
                if vector.len() == panel.numbers {
                    panel.vectors.extend_from_slice(vector);
                    panel.queries.push(place);
                }
            }
        }
    }

    /// Lets queries look at all rows that have not, or that have to again.
    pub fn look(&mut self) {
        let wanting: Vec<usize> = (0..self.standing.len())
            .filter(|&place| self.standing[place].wants())
            .collect();
        if wanting.is_empty() {
            return;
        }
        for place in &wanting {
            for slot in self.standing[*place].clear() {
                self.store
                    .listed(slot)
                    .into_iter()
                    .for_each(|listed| *listed -= 1);
            }
        }
        for modality in Modality::ALL {
            self.look_at(modality, &wanting);
        }
        let listed: Vec<Slot> = wanting
            .iter()
            .flat_map(|place| self.standing[*place].slots())
            .collect();
        for slot in listed {
            self.store
                .listed(slot)
                .into_iter()
                .for_each(|listed| *listed += 1);
        }
    }

    fn look_at(&mut self, modality: Modality, wanting: &[usize]) {
        let seeking = |place: &&usize| self.standing[**place].query.seeks(modality);
        let seeking: Vec<usize> = wanting.iter().filter(seeking).copied().collect();
        let embeddings: Vec<_> = (seeking.iter())
            .map(|place| &self.standing[*place])
            .map(|standing| (standing.query.embedding.clone(), standing.squared_length))
            .collect();
        let vectors: Vec<_> = (embeddings.iter())
            .map(|(embedding, length)| (embedding.values(), *length))
            .collect();
        let (store, sources, standing) = (&self.store, &self.sources, &mut self.standing);
        store.distances(modality, &vectors, |place, slot, squared| {
            let standing = &mut standing[seeking[place]];
            if squared <= standing.limit()
                && let Some(candidate) =
                    candidate(standing, store, sources, slot, modality, squared)
            {
                standing.offer(candidate, slot);
            }
        });
    }

    /// Tells the changes of the best of all queries.
    pub fn tell(&mut self, changes: &mut Vec<(Listed, isize)>) {
        for standing in &mut self.standing {
            standing.tell(|query, candidate, diff| {
                changes.push((listed(query, candidate), diff));
            });
        }
    }

    /// Whether nothing is there and nothing asked.
    pub fn is_empty(&self) -> bool {
        let nothing = |source: &Source| source.slots.is_empty() && source.disputes.is_empty();
        self.standing.is_empty() && self.sources.iter().all(nothing)
    }

    /// How many answers stand.
    pub fn answers(&self) -> usize {
        self.standing
            .iter()
            .map(|standing| standing.told().len())
            .sum()
    }
}

/// A candidate as it goes to where those of all workers meet.
pub(super) fn listed(query: &Query, candidate: Candidate) -> Listed {
    Listed {
        query: query.id.clone(),
        k: query.k,
        candidate,
    }
}

/// A second as a candidate of a query, if the query admits it.
fn candidate(
    standing: &Standing,
    store: &Store,
    sources: &[Source],
    slot: Slot,
    modality: Modality,
    squared: f32,
) -> Option<Candidate> {
    let known = store.known(slot)?;
    let source = &sources[known.source as usize].name;
    let admitted = (standing.query).admits(source, known.segment, known.correspondence);
    admitted.then(|| Candidate {
        squared: squared.into(),
        source: source.clone(),
        segment: known.segment,
        modality,
    })
}

/// Offers a second to a query, and keeps count of where it is listed.
fn offer(
    standing: &mut Standing,
    store: &mut Store,
    sources: &[Source],
    slot: Slot,
    modality: Modality,
    squared: f32,
) {
    let Some(candidate) = candidate(standing, store, sources, slot, modality, squared) else {
        return;
    };
    let (is_in, out) = standing.offer(candidate, slot);
    if is_in {
        store
            .listed(slot)
            .into_iter()
            .for_each(|listed| *listed += 1);
    }
    if let Some(out) = out {
        store
            .listed(out)
            .into_iter()
            .for_each(|listed| *listed -= 1);
    }
}
