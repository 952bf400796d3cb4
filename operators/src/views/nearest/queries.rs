//! The queries that stand in a space.

use pulp::Arch;

use super::{
    Listed, Modality, Query,
    standing::{Candidate, Standing},
    store::{Slot, Store},
};
use crate::{
    SourceId,
    views::{
        Embedding,
        dots::{dots, squared_distance, squared_length},
    },
};

/// All queries, each with the best it has found.
pub(super) struct Queries {
    arch: Arch,
    standing: Vec<Standing>,
    /// By modality.
    panels: [Panel; 2],
    products: Vec<f32>,
}

/// The queries that seek one modality, for all of which a row is looked at at once.
#[derive(Default)]
struct Panel {
    numbers: usize,
    /// One query after the other.
    vectors: Vec<f32>,
    /// Which they are.
    places: Vec<usize>,
}

impl Queries {
    pub fn new(arch: Arch) -> Self {
        Self {
            arch,
            standing: Vec::new(),
            panels: Default::default(),
            products: Vec::new(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.standing.is_empty()
    }

    /// How many answers stand.
    pub fn answers(&self) -> usize {
        self.standing
            .iter()
            .map(|standing| standing.told().len())
            .sum()
    }

    /// Adds a query, which has not looked at anything yet.
    pub fn add(&mut self, query: Query) {
        let squared_length = squared_length(self.arch, query.embedding.values());
        self.standing.push(Standing::new(query, squared_length));
    }

    /// Removes a query; the best as they were told.
    pub fn withdraw(&mut self, query: &Query, store: &mut Store) -> Vec<Candidate> {
        let place = self
            .standing
            .iter()
            .position(|standing| standing.query == *query);
        let Some(place) = place else {
            return Vec::new();
        };
        let standing = self.standing.remove(place);
        standing.slots().for_each(|slot| store.unlist(slot));
        standing.told().to_vec()
    }

    /// Makes the panels anew, after queries have come or gone.
    pub fn arrange(&mut self) {
        for (modality, panel) in Modality::ALL.into_iter().zip(&mut self.panels) {
            *panel = Panel::default();
            let all = self.standing.iter().enumerate();
            for (place, standing) in all.filter(|(_, standing)| standing.query.seeks(modality)) {
                let vector = standing.query.embedding.values();
                if panel.places.is_empty() {
                    panel.numbers = vector.len();
                }
                if vector.len() == panel.numbers {
                    panel.vectors.extend_from_slice(vector);
                    panel.places.push(place);
                }
            }
        }
    }

    /// Strikes a second from the lists, of which there are so many with it.
    pub fn strike(&mut self, slot: Slot, listed: u32) {
        let mut left = listed;
        for standing in &mut self.standing {
            if left == 0 {
                break;
            }
            left -= standing.strike(slot);
        }
    }

    /// Shows a new second to all queries that seek it.
    pub fn show(
        &mut self,
        store: &mut Store,
        names: &[SourceId],
        slot: Slot,
        modality: Modality,
        vector: &Embedding,
    ) {
        let panel = &self.panels[modality.place()];
        if panel.places.is_empty() || vector.values().len() != panel.numbers {
            return;
        }
        let length = squared_length(self.arch, vector.values());
        self.products.resize(panel.places.len(), 0.0);
        dots(
            self.arch,
            &panel.vectors,
            vector.values(),
            &mut self.products,
        );
        for (place, product) in panel.places.iter().zip(&self.products) {
            let standing = &mut self.standing[*place];
            let squared = squared_distance(standing.squared_length, length, *product);
            if squared > standing.limit() {
                continue;
            }
            let found = candidate(&standing.query, store, names, slot, modality, squared);
            if let Some((is_in, out)) = found.map(|found| standing.offer(found, slot)) {
                is_in.then(|| store.list(slot));
                out.into_iter().for_each(|out| store.unlist(out));
            }
        }
    }

    /// Lets queries look at all rows that have not, or that have to again.
    pub fn look(&mut self, store: &mut Store, names: &[SourceId]) {
        let all = 0..self.standing.len();
        let wanting: Vec<usize> = all.filter(|&place| self.standing[place].wants()).collect();
        for place in &wanting {
            self.standing[*place]
                .clear()
                .for_each(|slot| store.unlist(slot));
        }
        if wanting.is_empty() {
            return;
        }
        for modality in Modality::ALL {
            self.look_at(modality, &wanting, store, names);
        }
        for place in &wanting {
            self.standing[*place]
                .slots()
                .for_each(|slot| store.list(slot));
        }
    }

    fn look_at(
        &mut self,
        modality: Modality,
        wanting: &[usize],
        store: &Store,
        names: &[SourceId],
    ) {
        let seeks = |place: &&usize| self.standing[**place].query.seeks(modality);
        let seeking: Vec<usize> = wanting.iter().filter(seeks).copied().collect();
        // Copies share the numbers.
        let embeddings = seeking.iter().map(|place| {
            let standing = &self.standing[*place];
            (standing.query.embedding.clone(), standing.squared_length)
        });
        let embeddings: Vec<(Embedding, f32)> = embeddings.collect();
        let vectors = embeddings
            .iter()
            .map(|(embedding, length)| (embedding.values(), *length));
        let vectors: Vec<(&[f32], f32)> = vectors.collect();
        store.distances(modality, &vectors, |vector, slot, squared| {
            let standing = &mut self.standing[seeking[vector]];
            if squared > standing.limit() {
                return;
            }
            let found = candidate(&standing.query, store, names, slot, modality, squared);
            if let Some(found) = found {
                // Who is in at the end is listed by the caller.
                let _ = standing.offer(found, slot);
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
    query: &Query,
    store: &Store,
    names: &[SourceId],
    slot: Slot,
    modality: Modality,
    squared: f32,
) -> Option<Candidate> {
    let known = store.known(slot)?;
    let source = &names[known.source as usize];
    let admitted = query.admits(source, known.segment, known.correspondence);
    admitted.then(|| Candidate {
        squared: squared.into(),
        source: source.clone(),
        segment: known.segment,
        modality,
    })
}
