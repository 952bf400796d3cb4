//! Memory that a source may hold, in bytes: producers wait for it, and it comes back on drop.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

/// A bound on the bytes in flight. Clones share it.
///
/// ```
/// use sonoscope_operators::Budget;
///
/// let budget = Budget::new(100);
/// let permit = budget.acquire(80, || true).expect("there is room");
/// assert!(budget.acquire(80, || false).is_none(), "told to stop while waiting");
/// drop(permit);
/// assert_eq!(budget.used(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Budget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limit_bytes: usize,
    used_bytes: Mutex<usize>,
    released: Condvar,
}

/// Bytes taken from a [`Budget`], given back when dropped.
#[derive(Debug)]
pub struct Permit {
    budget: Budget,
    bytes: usize,
}

/// How often a waiting producer asks whether it should go on waiting.
const POLL: Duration = Duration::from_millis(100);

impl Budget {
    /// At most `limit_bytes` in flight; a single larger item passes when nothing else is.
    pub fn new(limit_bytes: usize) -> Self {
        Self(Arc::new(Inner {
            limit_bytes,
            used_bytes: Mutex::new(0),
            released: Condvar::new(),
        }))
    }

    /// Waits for room for `bytes`, as long as `go_on` says so; `None` once it does not.
    pub fn acquire(&self, bytes: usize, go_on: impl Fn() -> bool) -> Option<Permit> {
        let mut used = self.lock();
        while *used > 0 && *used + bytes > self.0.limit_bytes {
            if !go_on() {
                return None;
            }
            used = self
                .0
                .released
                .wait_timeout(used, POLL)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        *used += bytes;
        drop(used);
        Some(Permit {
            budget: self.clone(),
            bytes,
        })
    }

    /// Bytes in flight.
    pub fn used(&self) -> usize {
        *self.lock()
    }

    // A thread that panicked while it held the lock left a plain number behind: still good.
    fn lock(&self) -> std::sync::MutexGuard<'_, usize> {
        self.0
            .used_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        *self.budget.lock() -= self.bytes;
        self.budget.0.released.notify_one();
    }
}
