//! The embeddings of all seconds of a space, one after the other in memory.

use pulp::Arch;

use super::{Modality, Vectors};
use crate::views::{
    Embedding, Real,
    dots::{dots, squared_distance, squared_length},
};

/// Seconds in a piece of memory.
const CHUNK: usize = 512;

/// What is known of a second beside its embeddings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The place of its source among those of the space.
    pub source: u32,
    /// In how many lists of queries it stands.
    pub listed: u32,
    /// Which second.
    pub segment: i64,
    /// Its correspondence.
    pub correspondence: Option<Real>,
}

/// Where a second lies in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u32);

impl Slot {
    fn place(self) -> usize {
        self.0 as usize
    }
}

/// Seconds and their embeddings. A place that comes free is taken by the next second.
#[derive(Debug)]
pub(super) struct Store {
    arch: Arch,
    known: Vec<Option<Known>>,
    free: Vec<Slot>,
    columns: [Column; 2],
}

impl Store {
    pub fn new(arch: Arch) -> Self {
        Self {
            arch,
            known: Vec::new(),
            free: Vec::new(),
            columns: Default::default(),
        }
    }

    /// How many seconds there are.
    pub fn len(&self) -> usize {
        self.known.len() - self.free.len()
    }

    /// Bytes of memory, about.
    pub fn bytes(&self) -> usize {
        let columns = self.columns.iter().map(Column::bytes).sum::<usize>();
        self.known.len() * size_of::<Option<Known>>() + columns
    }

    pub fn known(&self, slot: Slot) -> Option<&Known> {
        self.known[slot.place()].as_ref()
    }

    /// A second stands in one list more.
    pub fn list(&mut self, slot: Slot) {
        let known = self.known[slot.place()].as_mut();
        known.into_iter().for_each(|known| known.listed += 1);
    }

    /// A second stands in one list less.
    pub fn unlist(&mut self, slot: Slot) {
        let known = self.known[slot.place()].as_mut();
        known.into_iter().for_each(|known| known.listed -= 1);
    }

    /// Takes a second in.
    pub fn insert(&mut self, source: u32, segment: i64, vectors: &Vectors) -> Slot {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.known.push(None);
            Slot((self.known.len() - 1) as u32)
        });
        self.known[slot.place()] = Some(Known {
            source,
            listed: 0,
            segment,
            correspondence: vectors.correspondence,
        });
        for (column, vector) in self.columns.iter_mut().zip(&vectors.of) {
            column.set(self.arch, slot.place(), vector.as_ref());
        }
        slot
    }

    /// Lets a second go.
    pub fn remove(&mut self, slot: Slot) -> Option<Known> {
        let known = self.known[slot.place()].take()?;
        self.free.push(slot);
        for column in &mut self.columns {
            column.set(self.arch, slot.place(), None);
        }
        Some(known)
    }

    /// What a second was inserted with.
    pub fn vectors(&self, slot: Slot) -> Option<Vectors> {
        let correspondence = self.known(slot)?.correspondence;
        let vector = |column: &Column| column.get(slot.place()).map(Embedding::from);
        let [picture, sound] = &self.columns;
        Some(Vectors {
            of: [vector(picture), vector(sound)],
            correspondence,
        })
    }

    /// Gives the squared distances of all seconds to some vectors, given with the squares of their
    /// lengths: to `found` goes the place of the vector, the slot and the squared distance.
    pub fn distances(
        &self,
        modality: Modality,
        vectors: &[(&[f32], f32)],
        mut found: impl FnMut(usize, Slot, f32),
    ) {
        let column = &self.columns[modality.place()];
        let mut products = vec![0.0; CHUNK];
        for (first, (chunk, lengths)) in (0..).step_by(CHUNK).zip(column.chunks()) {
            for (place, (vector, length)) in vectors.iter().enumerate() {
                if vector.len() != column.numbers {
                    continue;
                }
                dots(self.arch, chunk, vector, &mut products);
                for (at, (product, row_length)) in (first..).zip(products.iter().zip(lengths)) {
                    if !row_length.is_nan() {
                        let squared = squared_distance(*length, *row_length, *product);
                        found(place, Slot(at), squared);
                    }
                }
            }
        }
    }
}

/// The vectors of one modality.
#[derive(Debug, Default)]
struct Column {
    /// In each vector, known with the first.
    numbers: usize,
    values: Vec<Box<[f32]>>,
    /// Squares of lengths; not a number where there is no vector.
    lengths: Vec<[f32; CHUNK]>,
}

impl Column {
    fn bytes(&self) -> usize {
        self.values.len() * CHUNK * (self.numbers + 1) * size_of::<f32>()
    }

    fn chunks(&self) -> impl Iterator<Item = (&[f32], &[f32; CHUNK])> {
        let values = self.values.iter().map(|chunk| &**chunk);
        values.zip(&self.lengths)
    }

    fn get(&self, place: usize) -> Option<&[f32]> {
        let (chunk, row) = (place / CHUNK, place % CHUNK);
        let there = !self.lengths.get(chunk)?[row].is_nan();
        there.then(|| &self.values[chunk][row * self.numbers..][..self.numbers])
    }

    fn set(&mut self, arch: Arch, place: usize, vector: Option<&Embedding>) {
        let (chunk, row) = (place / CHUNK, place % CHUNK);
        let vector = vector
            .map(Embedding::values)
            .filter(|vector| !vector.is_empty());
        let Some(vector) = vector else {
            if let Some(lengths) = self.lengths.get_mut(chunk) {
                lengths[row] = f32::NAN;
            }
            return;
        };
        if self.numbers == 0 {
            self.numbers = vector.len();
        }
        if vector.len() != self.numbers {
            return;
        }
        while self.values.len() <= chunk {
            self.values.push(vec![0.0; CHUNK * self.numbers].into());
            self.lengths.push([f32::NAN; CHUNK]);
        }
        self.values[chunk][row * self.numbers..][..self.numbers].copy_from_slice(vector);
        self.lengths[chunk][row] = squared_length(arch, vector);
    }
}
