//! Where a recording starts: the earliest of its streams' first timestamps is 0.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Finds the origin once every stream has told its first timestamp. Streams wait here with their
/// first buffer in hand.
#[derive(Debug, Default)]
pub struct Origin {
    known: Mutex<Known>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Known {
    streams: Option<usize>,
    told: usize,
    earliest_ns: Option<i64>,
}

const POLL: Duration = Duration::from_millis(100);

impl Origin {
    /// This many streams will tell.
    pub fn expect(&self, streams: usize) {
        self.lock().streams = Some(streams);
        self.changed.notify_all();
    }

    /// A stream tells its first timestamp, or that it ends without one.
    pub fn tell(&self, first_ns: Option<i64>) {
        let mut known = self.lock();
        known.told += 1;
        known.earliest_ns = match (known.earliest_ns, first_ns) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.changed.notify_all();
    }

    /// Waits until all have told; `None` when `go_on` no longer holds.
    pub fn wait(&self, go_on: impl Fn() -> bool) -> Option<i64> {
        let mut known = self.lock();
        loop {
            if known.streams.is_some_and(|streams| known.told >= streams) {
                return Some(known.earliest_ns.unwrap_or(0));
            }
            if !go_on() {
                return None;
            }
            known = (self.changed.wait_timeout(known, POLL))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
