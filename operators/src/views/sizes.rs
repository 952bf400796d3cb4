//! How much a view remembers.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

/// What a view holds on one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Seconds of which it remembers something.
    pub rows: u64,
    /// Answers that stand.
    pub answers: u64,
    /// Memory for rows and answers, about: without what the allocator and indexes take.
    pub bytes: u64,
}

impl Held {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            answers: self.answers + other.answers,
            bytes: self.bytes + other.bytes,
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            rows: self.rows - other.rows,
            answers: self.answers - other.answers,
            bytes: self.bytes - other.bytes,
        }
    }
}

/// What a view holds on one worker, to be asked from any thread. Sum over workers for the whole.
#[derive(Clone, Debug, Default)]
pub struct Sizes(Arc<[AtomicU64; 3]>);

impl Sizes {
    /// As of the last time that the view was at work.
    pub fn get(&self) -> Held {
        let [rows, answers, bytes] = &*self.0;
        Held {
            rows: rows.load(Relaxed),
            answers: answers.load(Relaxed),
            bytes: bytes.load(Relaxed),
        }
    }

    pub(super) fn set(&self, held: Held) {
        let [rows, answers, bytes] = &*self.0;
        rows.store(held.rows, Relaxed);
        answers.store(held.answers, Relaxed);
        bytes.store(held.bytes, Relaxed);
    }
}
