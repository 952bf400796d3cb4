//! What became of the letters of a sink.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// Counters of a sink. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sent: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
    failures: AtomicU64,
    waiting: AtomicU64,
    waiting_bytes: AtomicU64,
    is_kept: AtomicBool,
    is_connected: AtomicBool,
}

/// What they say at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Letters that were taken.
    pub sent: u64,
    /// Those that will never be, and are among the dead letters.
    pub refused: u64,
    /// Those for which there was no room.
    pub dropped: u64,
    /// Failed attempts to connect or to send.
    pub failures: u64,
    /// Those that still wait.
    pub waiting: u64,
    /// Bytes of those that wait.
    pub waiting_bytes: u64,
    /// Whether those that wait are kept for the next run.
    pub is_kept: bool,
    /// Whether the receiver is there.
    pub is_connected: bool,
}

impl Account {
    /// Whether everything that was to be sent has been taken.
    pub fn is_settled(&self) -> bool {
        (self.refused, self.dropped, self.waiting) == (0, 0, 0)
    }
}

impl Counters {
    /// So many were taken.
    pub fn sent(&self, letters: u64) {
        self.0.sent.fetch_add(letters, Relaxed);
    }

    /// One was refused.
    pub fn refused(&self) {
        self.0.refused.fetch_add(1, Relaxed);
    }

    /// There was no room for one; how many there were before.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.fetch_add(1, Relaxed)
    }

    /// An attempt has failed.
    pub fn failed(&self) {
        self.0.failures.fetch_add(1, Relaxed);
        self.0.is_connected.store(false, Relaxed);
    }

    /// The receiver is there.
    pub fn connected(&self) {
        self.0.is_connected.store(true, Relaxed);
    }

    /// So many wait.
    pub fn waiting(&self, letters: usize, bytes: u64) {
        self.0.waiting.store(letters as u64, Relaxed);
        self.0.waiting_bytes.store(bytes, Relaxed);
    }

    /// Those that wait are on disk.
    pub fn kept(&self) {
        self.0.is_kept.store(true, Relaxed);
    }

    /// What they say now.
    pub fn read(&self) -> Account {
        let inner = &self.0;
        Account {
            sent: inner.sent.load(Relaxed),
            refused: inner.refused.load(Relaxed),
            dropped: inner.dropped.load(Relaxed),
            failures: inner.failures.load(Relaxed),
            waiting: inner.waiting.load(Relaxed),
            waiting_bytes: inner.waiting_bytes.load(Relaxed),
            is_kept: inner.is_kept.load(Relaxed),
            is_connected: inner.is_connected.load(Relaxed),
        }
    }
}
