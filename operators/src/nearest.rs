//! Which of a stream's key frames is nearest to the middle of each second.

use std::collections::VecDeque;

use crate::{
    Pick, SECOND_NS,
    choose::{TOLERANCE_NS, middle_ns},
};

/// A key frame further than this from a second's middle does not stand for it.
pub const NEAREST_NS: i64 = SECOND_NS;

/// Picks, of pictures that come in presentation order and of which some are key frames, the key
/// frame nearest to `k + 0.5 s` for k = 0, 1, 2 ..., the earlier of two at the same distance. The
/// other pictures only tell how time goes on.
///
/// ```
/// use sonoscope_operators::{NearestChooser, Pick};
///
/// const MS: i64 = 1_000_000;
/// let mut chooser = NearestChooser::new();
/// let mut picks = Vec::new();
/// for (pts, key) in [(0, Some('a')), (400 * MS, None), (800 * MS, Some('b')), (960 * MS, None)] {
///     chooser.push(pts, 40 * MS, key, |pick| picks.push(pick));
/// }
/// let end_ns = chooser.finish(|pick| picks.push(pick));
/// assert_eq!(picks, [Pick { shown: Some((800 * MS, 'b')), whole: true }]);
/// assert_eq!(end_ns, 1000 * MS);
/// ```
#[derive(Debug)]
pub struct NearestChooser<T> {
    next: i64,
    begin_ns: Option<i64>,
    last: Option<(i64, i64)>,
    keys: VecDeque<(i64, T)>,
}

impl<T: Clone> Default for NearestChooser<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> NearestChooser<T> {
    /// A chooser whose next second is the first.
    pub fn new() -> Self {
        Self {
            next: 0,
            begin_ns: None,
            last: None,
            keys: VecDeque::new(),
        }
    }

    /// The last picture that was pushed: when it came on show.
    pub fn last_pts_ns(&self) -> Option<i64> {
        self.last.map(|(pts_ns, _)| pts_ns)
    }

    /// A picture comes on show at `pts_ns`. `pick` hears, in order, of every second of which the
    /// nearest key frame is now known. One that claims to come before the last is passed over.
    pub fn push(
        &mut self,
        pts_ns: i64,
        duration_ns: i64,
        key: Option<T>,
        mut pick: impl FnMut(Pick<T>),
    ) {
        if self.last_pts_ns().is_some_and(|last| pts_ns < last) {
            return;
        }
        self.begin_ns.get_or_insert(pts_ns);
        self.last = Some((pts_ns, pts_ns.saturating_add(duration_ns)));
        if let Some(key) = key {
            self.keys.push_back((pts_ns, key));
        }
        while pts_ns > middle_ns(self.next) + NEAREST_NS {
            pick(self.tell(pts_ns));
        }
    }

    /// No more pictures. `pick` hears of the seconds in whose middle the last one is on show, or
    /// was; returns when it leaves, 0 if there never was one.
    pub fn finish(&mut self, mut pick: impl FnMut(Pick<T>)) -> i64 {
        let end_ns = self.last.map_or(0, |(_, end_ns)| end_ns);
        while middle_ns(self.next) < end_ns {
            pick(self.tell(end_ns));
        }
        end_ns
    }

    /// The next second, of which all is known now that time has gone on to `time_ns`.
    fn tell(&mut self, time_ns: i64) -> Pick<T> {
        let start_ns = self.next * SECOND_NS;
        let middle_ns = middle_ns(self.next);
        self.next += 1;
        while self
            .keys
            .front()
            .is_some_and(|(ns, _)| ns + NEAREST_NS < middle_ns)
        {
            self.keys.pop_front();
        }
        let distance = |key: &&(i64, T)| (key.0 - middle_ns).abs();
        let nearest = self.keys.iter().min_by_key(distance);
        let begins = (self.begin_ns).is_some_and(|ns| ns <= start_ns + TOLERANCE_NS);
        Pick {
            shown: nearest.filter(|key| distance(key) <= NEAREST_NS).cloned(),
            whole: begins && time_ns + TOLERANCE_NS >= start_ns + SECOND_NS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(keys: &[i64], end: i64) -> Vec<Option<i64>> {
        let mut chooser = NearestChooser::new();
        let mut picks = Vec::new();
        let step = SECOND_NS / 20;
        for pts in (0..end).step_by(step as usize) {
            let key = keys.contains(&pts).then_some(());
            chooser.push(pts, step, key, |pick| picks.push(pick));
        }
        assert_eq!(chooser.finish(|pick| picks.push(pick)), end);
        (picks.into_iter())
            .map(|pick| pick.shown.map(|(ns, ())| ns))
            .collect()
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_a_search(
            keys in proptest::collection::btree_set(0i64..200, 0..12),
            end in 0i64..200,
        ) {
            let step = SECOND_NS / 20;
            let keys: Vec<_> = keys.into_iter().filter(|&k| k < end).map(|k| k * step).collect();
            let end = end * step;
            let expected: Vec<_> = (0..)
                .map(|second| second * SECOND_NS + SECOND_NS / 2)
                .take_while(|&middle| middle < end)
                .map(|middle| {
                    let near = keys.iter().filter(|&key| (key - middle).abs() <= SECOND_NS);
                    near.min_by_key(|&key| (key - middle).abs()).copied()
                })
                .collect();
            proptest::prop_assert_eq!(picks(&keys, end), expected);
        }
    }

    #[test]
    fn a_far_one_stands_for_nothing() {
        let keys = [0, 5 * SECOND_NS];
        let near = [0, 5, 5].map(|key| Some(key * SECOND_NS));
        assert_eq!(
            picks(&keys, 6 * SECOND_NS),
            [near[0], None, None, None, near[1], near[2]]
        );
    }
}
