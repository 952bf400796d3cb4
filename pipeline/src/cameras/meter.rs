//! What is counted of a live source.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};

/// Counters and gauges of one live source, written by its threads and read by whoever asks.
#[derive(Debug, Default)]
pub struct Meter {
    seconds_in: AtomicU64,
    seconds_out: AtomicU64,
    dropped: AtomicU64,
    gaps: AtomicU64,
    reconnects: AtomicU64,
    queue_bytes: AtomicU64,
    newest_ns: AtomicI64,
    committed_segment: AtomicI64,
    skew_ns: AtomicI64,
}

/// What a [`Meter`] says at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Seconds that have come of it.
    pub seconds_in: u64,
    /// Seconds whose rows are with the sinks.
    pub seconds_out: u64,
    /// Seconds that were let go undecoded, since there was too much to do.
    pub dropped: u64,
    /// Seconds of which picture and sound are missing.
    pub gaps: u64,
    /// Connections after the first.
    pub reconnects: u64,
    /// Bytes that wait to be decoded.
    pub queue_bytes: u64,
    /// Capture time of the newest that has come, in Unix nanoseconds; 0 before the first.
    pub newest_ns: i64,
    /// The last Unix second whose row is with the sinks; 0 before the first.
    pub committed_segment: i64,
    /// By how much its sound comes later than its pictures of the same time, in nanoseconds.
    pub skew_ns: i64,
}

impl Meter {
    /// What it says now.
    pub fn read(&self) -> Reading {
        Reading {
            seconds_in: self.seconds_in.load(Relaxed),
            seconds_out: self.seconds_out.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            gaps: self.gaps.load(Relaxed),
            reconnects: self.reconnects.load(Relaxed),
            queue_bytes: self.queue_bytes.load(Relaxed),
            newest_ns: self.newest_ns.load(Relaxed),
            committed_segment: self.committed_segment.load(Relaxed),
            skew_ns: self.skew_ns.load(Relaxed),
        }
    }

    /// It is watched elsewhere, where this is counted of it. What becomes of its rows is counted
    /// here.
    pub fn counted_away(&self, there: &Reading) {
        self.seconds_in.store(there.seconds_in, Relaxed);
        self.reconnects.store(there.reconnects, Relaxed);
        self.queue_bytes.store(there.queue_bytes, Relaxed);
        self.newest_ns.store(there.newest_ns, Relaxed);
        self.skew_ns.store(there.skew_ns, Relaxed);
    }

    /// Something of this capture time has come: counts the seconds that begin with it.
    pub fn came(&self, time_ns: i64) {
        let before = self.newest_ns.fetch_max(time_ns, Relaxed);
        let second = |ns: i64| ns.div_euclid(1_000_000_000);
        if second(time_ns) > second(before) {
            self.seconds_in.fetch_add(1, Relaxed);
        }
    }

    /// A second is with the sinks; whether there was nothing in it, and how many right before it
    /// were let go.
    pub fn committed(&self, segment: i64, is_gap: bool, dropped: u32) {
        // A second has a row for each network.
        if self.committed_segment.fetch_max(segment, Relaxed) < segment {
            let counter = if is_gap {
                &self.gaps
            } else {
                &self.seconds_out
            };
            counter.fetch_add(1, Relaxed);
            self.dropped(dropped.into());
        }
    }

    /// Seconds were let go.
    pub fn dropped(&self, seconds: u64) {
        self.dropped.fetch_add(seconds, Relaxed);
    }

    /// It is connected once more.
    pub fn reconnected(&self) {
        self.reconnects.fetch_add(1, Relaxed);
    }

    /// So many bytes wait now.
    pub fn queues(&self, bytes: u64) {
        self.queue_bytes.store(bytes, Relaxed);
    }

    /// Its sound comes by so much later than its pictures.
    pub fn skewed(&self, skew_ns: i64) {
        self.skew_ns.store(skew_ns, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_let_go_counts_once_however_many_networks_there_are() {
        let meter = Meter::default();
        for _ in 0..2 {
            meter.committed(7, false, 3);
        }
        meter.committed(8, true, 0);
        let reading = meter.read();
        assert_eq!(
            (reading.dropped, reading.seconds_out, reading.gaps),
            (3, 1, 1)
        );
    }
}
