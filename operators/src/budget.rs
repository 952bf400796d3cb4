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
    least_items: usize,
    used: Mutex<Used>,
    released: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    bytes: usize,
    items: usize,
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
        Self::with_room_for(1, limit_bytes)
    }

    /// At most `limit_bytes` in flight, but always room for `least_items`, however large: so many
    /// are needed before the first of them can be let go.
    pub fn with_room_for(least_items: usize, limit_bytes: usize) -> Self {
        Self(Arc::new(Inner {
            limit_bytes,
            least_items,
            used: Mutex::default(),
            released: Condvar::new(),
        }))
    }

    /// Waits for room for `bytes`, as long as `go_on` says so; `None` once it does not.
    pub fn acquire(&self, bytes: usize, go_on: impl Fn() -> bool) -> Option<Permit> {
        let mut used = self.lock();
        while used.items >= self.0.least_items && used.bytes + bytes > self.0.limit_bytes {
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
        used.bytes += bytes;
        used.items += 1;
        drop(used);
        Some(Permit {
            budget: self.clone(),
            bytes,
        })
    }

    /// Bytes in flight.
    pub fn used(&self) -> usize {
        self.lock().bytes
    }

    // A thread that panicked while it held the lock left a plain number behind: still good.
    fn lock(&self) -> std::sync::MutexGuard<'_, Used> {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut used = self.budget.lock();
        used.bytes -= self.bytes;
        used.items -= 1;
        drop(used);
        self.budget.0.released.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_together_passes_however_large() {
        let budget = Budget::with_room_for(3, 100);
        let permits: Vec<_> = (0..3)
            .filter_map(|_| budget.acquire(90, || false))
            .collect();
        assert_eq!((permits.len(), budget.used()), (3, 270));
        assert!(budget.acquire(1, || false).is_none());
        drop(permits);
        let permits: Vec<_> = (0..9)
            .filter_map(|_| budget.acquire(20, || false))
            .collect();
        assert_eq!(permits.len(), 5, "small ones up to the limit");
    }
}
