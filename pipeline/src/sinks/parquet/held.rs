//! Which rows wait in the spool, and for which part.

use std::collections::BTreeMap;

use sonoscope_operators::{Row, SourceId};

use super::{
    place::{Part, Slot, Stream},
    record::Record,
};
use crate::sinks::spool::Place;

/// The rows of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPart {
    /// The part.
    pub part: Part,
    /// Its rows, in order.
    pub rows: Vec<Place>,
}

/// All that waits. A function of the records of the spool, so it can be had again from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The one part of each stream that may get more rows.
    open: BTreeMap<Stream, (Slot, HeldPart)>,
    /// Parts that get no more.
    complete: Vec<HeldPart>,
}

impl Held {
    /// Takes note of what a record says that lies at a place.
    pub fn note(&mut self, record: &Record, place: Place) {
        match record {
            Record::Row(row) => self.row(row, place),
            Record::Complete(part) => self.forget(part),
            Record::Begun(_) => {}
            Record::Withdrawn(source) => self.withdraw(source),
        }
    }

    /// The first row of another slot completes the part that was open.
    fn row(&mut self, row: &Row, place: Place) {
        let (stream, slot) = (Stream::of(row), Slot::of(row));
        if let Some((open, held)) = self.open.get_mut(&stream)
            && *open == slot
        {
            held.rows.push(place);
            return;
        }
        let held = HeldPart {
            part: Part::beginning_with(row),
            rows: vec![place],
        };
        let before = self.open.insert(stream, (slot, held));
        self.complete.extend(before.map(|(_, held)| held));
    }

    /// No more rows of this source come.
    pub fn close(&mut self, source: &SourceId) {
        let closed = (self.open).extract_if(.., |stream, _| stream.source == *source);
        self.complete.extend(closed.map(|(_, (_, held))| held));
    }

    /// No more rows come at all.
    pub fn close_all(&mut self) {
        let closed = std::mem::take(&mut self.open);
        self.complete
            .extend(closed.into_values().map(|(_, held)| held));
    }

    /// Parts that may be written for good.
    pub fn complete(&self) -> &[HeldPart] {
        &self.complete
    }

    /// Parts that may get more rows.
    pub fn open(&self) -> Vec<HeldPart> {
        self.open.values().map(|(_, held)| held.clone()).collect()
    }

    /// The first file of the spool in which something waits.
    pub fn oldest_file(&self) -> Option<u32> {
        let open = self.open.values().map(|(_, held)| held);
        let held = open.chain(&self.complete);
        held.filter_map(|held| Some(held.rows.first()?.file)).min()
    }

    /// A part is written.
    pub fn forget(&mut self, part: &Part) {
        self.complete.retain(|held| held.part != *part);
        let is_open = |(_, held): &(Slot, HeldPart)| held.part == *part;
        if self.open.get(&part.stream).is_some_and(is_open) {
            self.open.remove(&part.stream);
        }
    }

    fn withdraw(&mut self, source: &SourceId) {
        self.open.retain(|stream, _| stream.source != *source);
        self.complete
            .retain(|held| held.part.stream.source != *source);
    }
}
