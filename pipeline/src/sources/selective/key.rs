//! Which key frames are decoded, where only key frames are.

use sonoscope_operators::NEAREST_NS;

use super::{
    Wanted,
    select::{Access, Role, Verdict},
};

/// Lets those keys through that are the nearest to a wanted time, and nothing else. One key is
/// held back, until the next one comes.
#[derive(Debug)]
pub struct KeySelector<T> {
    wanted: Option<Wanted>,
    before_ns: Option<i64>,
    held: Option<(i64, T)>,
    last_ns: Option<i64>,
}

impl<T> KeySelector<T> {
    /// Lets all through until it is told what is wanted.
    pub fn new() -> Self {
        Self {
            wanted: None,
            before_ns: None,
            held: None,
            last_ns: None,
        }
    }

    /// From here on, this is wanted.
    pub fn want(&mut self, wanted: Wanted) {
        self.wanted = Some(wanted);
    }

    /// What is wanted, once that is known.
    pub fn wanted(&self) -> Option<&Wanted> {
        self.wanted.as_ref()
    }

    /// Takes the next access unit in the order of decoding; `tell` hears what becomes of it, or of
    /// the key before it.
    pub fn push(&mut self, access: Access, item: T, mut tell: impl FnMut(Verdict<T>)) {
        let Some(pts_ns) = access.pts_ns.filter(|_| self.wanted.is_some()) else {
            return tell(Verdict::Decode(item));
        };
        self.last_ns = self.last_ns.max(Some(pts_ns));
        if access.role != Role::Key {
            return tell(Verdict::Omit(pts_ns, item));
        }
        self.decide(Some(pts_ns), tell);
        self.held = Some((pts_ns, item));
    }

    /// No other key comes.
    pub fn flush(&mut self, tell: impl FnMut(Verdict<T>)) {
        self.decide(None, tell);
    }

    /// Whether all keys have come that may be wanted.
    pub fn is_over(&self) -> bool {
        let end_ns = self.wanted.as_ref().map(Wanted::end_ns);
        let passed_ns = self.before_ns.max(self.held.as_ref().map(|held| held.0));
        (end_ns.zip(passed_ns.max(self.last_ns)))
            .is_some_and(|(end_ns, last_ns)| last_ns > end_ns.saturating_add(NEAREST_NS))
    }

    /// Whether the key that is held is the nearest to a wanted time, the next one being known.
    fn decide(&mut self, next_ns: Option<i64>, mut tell: impl FnMut(Verdict<T>)) {
        let Some((pts_ns, item)) = self.held.take() else {
            return;
        };
        let between = |a: i64, b: i64| a + (b - a) / 2;
        let from_ns = pts_ns - NEAREST_NS;
        let from_ns = (self.before_ns).map_or(from_ns, |ns| from_ns.max(between(ns, pts_ns)));
        let to_ns = pts_ns + NEAREST_NS;
        let to_ns = next_ns.map_or(to_ns, |ns| to_ns.min(between(pts_ns, ns) + 1));
        self.before_ns = Some(pts_ns);
        let is_wanted =
            (self.wanted.as_ref()).is_none_or(|wanted| wanted.is_any_in(from_ns..to_ns + 1));
        tell(match is_wanted {
            true => Verdict::Decode(item),
            false => Verdict::Omit(pts_ns, item),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::SecondRange;

    const MS: i64 = 1_000_000;

    /// The keys that are decoded, of those at these times; with a picture after each.
    fn decoded(keys: &[i64], range: SecondRange) -> Vec<i64> {
        let mut selector = KeySelector::new();
        selector.want(Wanted::middles(range, 0));
        let mut decoded = Vec::new();
        let mut tell = |verdict| {
            if let Verdict::Decode(item) = verdict {
                decoded.push(item);
            }
        };
        for &key in keys {
            for (pts, role) in [(key, Role::Key), (key + 1, Role::Reference)] {
                let access = Access {
                    pts_ns: Some(pts * MS),
                    role,
                    bytes: 1,
                    is_needed: false,
                    is_damaged: false,
                };
                selector.push(access, pts, &mut tell);
            }
        }
        selector.flush(&mut tell);
        decoded
    }

    #[test]
    fn the_nearest_to_each_middle() {
        let all = SecondRange::default();
        let keys = [0, 300, 400, 700, 1300, 1800, 2100];
        assert_eq!(decoded(&keys, all), [400, 1300, 2100]);
        assert_eq!(decoded(&[0, 1000, 2000], all), [0, 1000, 2000]);
    }

    #[test]
    fn none_outside_of_the_range() {
        let range = SecondRange { from: 5, to: 6 };
        let keys: Vec<_> = (0..100).map(|i| i * 100).collect();
        assert_eq!(decoded(&keys, range), [4500, 5500]);
    }
}
