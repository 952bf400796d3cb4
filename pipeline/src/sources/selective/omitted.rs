//! The times of the pictures that are not decoded.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::Wanted;

/// The pictures that were let go before the decoder, for the handler of those that are decoded:
/// each ends the one before it, and the last of them is the last of the track.
///
/// Of those between which no picture is wanted only the last is kept, so that there are not more
/// of them than wanted times.
#[derive(Clone, Debug, Default)]
pub struct Omitted(Arc<Mutex<Times>>);

#[derive(Debug, Default)]
struct Times {
    /// When each comes on show, and for how long.
    omitted: BTreeMap<i64, i64>,
    /// When key frames come on show, omitted or not.
    keys: BTreeSet<i64>,
}

impl Omitted {
    /// A picture was let go: when it comes on show, in stream time, and for how long.
    pub fn add(&self, stream_ns: i64, duration_ns: i64, wanted: &Wanted) {
        let times = &mut self.lock().omitted;
        if let Some((&next_ns, _)) = times.range(stream_ns..).next()
            && !wanted.is_any_in(stream_ns..next_ns)
        {
            return;
        }
        if let Some((&before_ns, _)) = times.range(..stream_ns).next_back()
            && !wanted.is_any_in(before_ns..stream_ns)
        {
            times.remove(&before_ns);
        }
        times.insert(stream_ns, duration_ns);
    }

    /// Those that come on show before this stream time, and for how long, in order; told once.
    pub fn take_before(&self, stream_ns: i64) -> BTreeMap<i64, i64> {
        let times = &mut self.lock().omitted;
        let later = times.split_off(&stream_ns);
        std::mem::replace(times, later)
    }

    /// A key frame came by.
    pub fn note_key(&self, stream_ns: i64) {
        self.lock().keys.insert(stream_ns);
    }

    /// Whether the picture that comes on show at this stream time is a key frame; told once, as
    /// of those before it.
    pub fn take_key(&self, stream_ns: i64) -> bool {
        let keys = &mut self.lock().keys;
        let mut later = keys.split_off(&stream_ns);
        let is_key = later.remove(&stream_ns);
        *keys = later;
        is_key
    }

    fn lock(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::SecondRange;

    #[test]
    fn the_last_before_each_wanted_time_is_kept() {
        let wanted = Wanted::middles(SecondRange::default(), 0);
        let omitted = Omitted::default();
        let ms = 1_000_000;
        // In the order of decoding.
        for pts in [100, 600, 300, 200, 500, 1400, 700, 1300, 1600] {
            omitted.add(pts * ms, pts, &wanted);
        }
        let told: Vec<_> = omitted.take_before(1600 * ms).into_values().collect();
        assert_eq!(told, [500, 1400]);
        let told: Vec<_> = omitted.take_before(i64::MAX).into_values().collect();
        assert_eq!(told, [1600]);
        assert!(omitted.take_before(i64::MAX).is_empty());
    }
}
