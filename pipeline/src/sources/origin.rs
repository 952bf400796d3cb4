//! Where a source's time begins: in a recording with the earliest of its streams' first timestamps,
//! in a session of a live source at a second of the clock on the wall.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use gstreamer as gst;

use super::{live::LiveClock, picture::stream_time_ns};

/// What places the buffers of a source in time. Clones share it.
#[derive(Clone, Debug)]
pub enum Timeline {
    /// Of a recording.
    Recording(Arc<Origin>),
    /// Of a session of a live source.
    Live(Arc<LiveClock>),
}

impl Default for Timeline {
    fn default() -> Self {
        Self::Recording(Arc::default())
    }
}

impl Timeline {
    /// This many streams will come, and all that is to be known before their first buffers is.
    pub fn expect(&self, streams: usize) {
        match self {
            Self::Recording(origin) => origin.expect(streams),
            Self::Live(clock) => clock.begin(),
        }
    }

    /// A stream ends that never began.
    pub fn never_begins(&self) {
        if let Self::Recording(origin) = self {
            origin.tell(None);
        }
    }

    /// The stream time at which the source's time begins, when this sample is the next of its
    /// stream; `None` when there is no telling, since `go_on` no longer holds. `known` is what it
    /// was for the one before.
    pub fn origin_ns(
        &self,
        known: Option<i64>,
        sample: &gst::Sample,
        go_on: impl Fn() -> bool,
    ) -> Option<i64> {
        let stream_ns = stream_time_ns(sample)?;
        match self {
            Self::Live(clock) => clock.origin_ns(known, sample.buffer()?, stream_ns, go_on),
            Self::Recording(_) if known.is_some() => known,
            Self::Recording(origin) => {
                origin.tell(Some(stream_ns));
                origin.wait(go_on)
            }
        }
    }
}

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
