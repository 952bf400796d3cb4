//! At which times a picture is wanted.

use std::ops::Range;

use sonoscope_operators::{GridSpec, SECOND_NS};

use crate::sources::SecondRange;

/// Times at which a picture is wanted: the same ones in every second of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// From the start of a second, ascending, each in `0..SECOND_NS`.
    pub offsets_ns: Vec<i64>,
    /// The seconds in which they are wanted.
    pub seconds: Range<i64>,
    /// The stream time at which second 0 starts.
    pub origin_ns: i64,
}

impl Wanted {
    /// One picture for each second: the one on show at its middle. The second before the range
    /// has one too, as frozen pictures are told by comparing neighbours.
    pub fn middles(range: SecondRange, origin_ns: i64) -> Self {
        Self {
            offsets_ns: vec![SECOND_NS / 2],
            seconds: (range.from - 1).max(0)..range.to,
            origin_ns,
        }
    }

    /// And the pictures of a grid in the same seconds.
    #[must_use]
    pub fn with_grid(mut self, grid: GridSpec) -> Self {
        self.offsets_ns
            .extend((0..grid.rate_hz as i64).map(|position| grid.time_ns(position)));
        self.offsets_ns.sort_unstable();
        self.offsets_ns.dedup();
        self
    }

    /// The same times in all seconds there are.
    pub fn always(&self) -> Self {
        Self {
            seconds: SecondRange::default().from..SecondRange::default().to,
            ..self.clone()
        }
    }

    /// The first wanted time that is not before `time_ns`, both in stream time.
    pub fn first_from(&self, time_ns: i64) -> Option<i64> {
        let time_ns = time_ns.saturating_sub(self.origin_ns);
        let second = time_ns.div_euclid(SECOND_NS).max(self.seconds.start);
        (second..=second + 1)
            .filter(|second| self.seconds.contains(second))
            .flat_map(|second| {
                let start_ns = second * SECOND_NS;
                self.offsets_ns.iter().map(move |offset| start_ns + offset)
            })
            .find(|&wanted_ns| wanted_ns >= time_ns)
            .map(|wanted_ns| wanted_ns + self.origin_ns)
    }

    /// Whether a picture that is on show from one time up to another is wanted.
    pub fn is_any_in(&self, shown_ns: Range<i64>) -> bool {
        (self.first_from(shown_ns.start)).is_some_and(|wanted_ns| wanted_ns < shown_ns.end)
    }

    /// The stream time at which the last second ends.
    pub fn end_ns(&self) -> i64 {
        (self.seconds.end.saturating_mul(SECOND_NS)).saturating_add(self.origin_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn wanted(from: i64, to: i64) -> Wanted {
        Wanted::middles(SecondRange { from, to }, 100 * MS)
    }

    #[test]
    fn middles_of_the_range_and_of_the_second_before_it() {
        let wanted = wanted(3, 5);
        let next = |time_ms: i64| wanted.first_from(time_ms * MS).map(|ns| ns / MS);
        assert_eq!(next(-5000), Some(2600));
        assert_eq!(next(2600), Some(2600));
        assert_eq!(next(2601), Some(3600));
        assert_eq!(next(4600), Some(4600));
        assert_eq!(next(4601), None);
        assert_eq!(wanted.end_ns(), 5100 * MS);
    }

    #[test]
    fn the_end_of_what_is_on_show_is_not_part_of_it() {
        let wanted = wanted(0, 9);
        assert!(wanted.is_any_in(600 * MS..601 * MS));
        assert!(!wanted.is_any_in(601 * MS..1600 * MS));
        assert!(wanted.is_any_in(601 * MS..1601 * MS));
    }

    #[test]
    fn a_grid_comes_beside_the_middles() {
        let grid = GridSpec {
            rate_hz: 2,
            width: 112,
            height: 112,
            antialias: true,
        };
        assert_eq!(
            wanted(0, 1).with_grid(grid).offsets_ns,
            [250 * MS, 500 * MS, 750 * MS]
        );
    }

    #[test]
    fn several_a_second() {
        let wanted = Wanted {
            offsets_ns: vec![0, 250 * MS, 900 * MS],
            ..wanted(0, 2)
        };
        let all = std::iter::successors(wanted.first_from(0), |&ns| wanted.first_from(ns + 1));
        let all: Vec<_> = all.map(|ns| ns / MS).collect();
        assert_eq!(all, [100, 350, 1000, 1100, 1350, 2000]);
    }
}
