//! For tests: rows, and a receiver that does as it is told.

#[path = "testing_row.rs"]
mod row;

use std::sync::{Arc, Mutex};

use super::{
    letter::{Content, Letter},
    receiver::{Receiver, SendError},
};

pub use row::row;

/// What a [`Scripted`] receiver is to do next, and what it has been given. Clones share it.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    taken: Vec<Letter>,
    failures: Vec<SendError>,
    is_held: bool,
    known: Option<u64>,
    at_once: Option<usize>,
}

/// A receiver that does as a script says.
pub struct Scripted(pub Script);

impl Script {
    /// The next attempts fail so, in turn.
    pub fn fail(&self, failures: impl IntoIterator<Item = SendError>) {
        self.0.lock().unwrap().failures.extend(failures);
    }

    /// Whether it answers nothing for now.
    pub fn hold(&self, is_held: bool) {
        self.0.lock().unwrap().is_held = is_held;
    }

    /// It takes no more than so many of the letters that it is given.
    pub fn takes(&self, at_once: usize) {
        self.0.lock().unwrap().at_once = Some(at_once);
    }

    /// It says that it has all up to this number.
    pub fn knows(&self, number: u64) {
        self.0.lock().unwrap().known = Some(number);
    }

    /// The segments of rows that it has, in the order in which they came.
    pub fn segments(&self) -> Vec<i64> {
        let inner = self.0.lock().unwrap();
        let segments = inner
            .taken
            .iter()
            .filter_map(|letter| match &*letter.content {
                Content::Row(row) => Some(row.segment),
                _ => None,
            });
        segments.collect()
    }

    /// All that it has.
    pub fn taken(&self) -> Vec<Letter> {
        self.0.lock().unwrap().taken.clone()
    }
}

impl Receiver for Scripted {
    fn connect(&mut self) -> Result<Option<u64>, SendError> {
        Ok(self.0.0.lock().unwrap().known)
    }

    fn send(&mut self, letters: &[Letter]) -> Result<usize, SendError> {
        let mut inner = self.0.0.lock().unwrap();
        if inner.is_held {
            return Err(SendError::lost("it does not answer"));
        }
        let failure = (!inner.failures.is_empty()).then(|| inner.failures.remove(0));
        let taken = match &failure {
            None => letters.len().min(inner.at_once.unwrap_or(usize::MAX)),
            Some(SendError::Lost { taken, .. }) => *taken,
            Some(SendError::Refused { index, .. }) => *index,
            Some(SendError::Denied { .. }) => 0,
        };
        inner
            .taken
            .extend(letters[..taken.min(letters.len())].iter().cloned());
        failure.map_or(Ok(taken), Err)
    }
}
