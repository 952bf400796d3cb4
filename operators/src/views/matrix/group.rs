//! The sources of a group.

use std::collections::BTreeMap;

use pulp::Arch;

use super::{MatrixKey, MatrixSettings, Microphone, SourceSides, window::microphones};
use crate::{
    SourceId,
    views::{
        Held,
        seconds::{Seconds, block_of},
        sides::Sides,
        tracks::{Now, Track},
    },
};

/// A window stands this long, if no other takes its place.
const KEEP_S: i64 = 24 * 3600;

/// Samples of each source, and what was told of the last window.
pub(super) struct Group {
    settings: MatrixSettings,
    arch: Arch,
    sources: BTreeMap<SourceId, Seconds<Sides>>,
    /// The seconds that have changed since anything was told.
    changed: Vec<i64>,
    /// The end of the window told.
    end: Option<i64>,
    floor: i64,
    told: Vec<Microphone>,
}

impl Group {
    pub fn new(settings: MatrixSettings) -> Self {
        Self {
            settings,
            arch: Arch::new(),
            sources: BTreeMap::new(),
            changed: Vec::new(),
            end: None,
            floor: i64::MIN,
            told: Vec::new(),
        }
    }

    fn window_s(&self) -> i64 {
        self.settings.window_s.max(1).into()
    }

    /// The end of the last window that two sources are in, and that is over for half as many as
    /// are in it. So neither a clock that is far ahead nor a source that stands still matters.
    fn last_end(&self) -> Option<i64> {
        let length = self.window_s();
        let window = |segment: i64| segment.div_euclid(length);
        // A sample stands for the seconds until the next.
        let patience = i64::from(self.settings.grace_s) - i64::from(self.settings.sample_s);
        // By window: sources in it; and sources for which it is the last that is over.
        let mut inside: BTreeMap<i64, usize> = BTreeMap::new();
        let mut over: BTreeMap<i64, usize> = BTreeMap::new();
        for seconds in self.sources.values() {
            let mut windows: Vec<_> = seconds
                .range(i64::MIN..i64::MAX)
                .map(|(at, _)| window(at))
                .collect();
            windows.dedup();
            windows
                .iter()
                .for_each(|window| *inside.entry(*window).or_default() += 1);
            let last_over = seconds.newest().map(|newest| window(newest - patience) - 1);
            last_over
                .into_iter()
                .for_each(|last| *over.entry(last).or_default() += 1);
        }
        let is_over = |window: i64| {
            over.range(window..)
                .map(|(_, sources)| sources)
                .sum::<usize>()
        };
        let last = inside
            .into_iter()
            .rev()
            .find(|&(window, sources)| sources >= 2 && 2 * is_over(window) >= sources);
        last.map(|(window, _)| (window + 1) * length)
    }

    /// Tells what there is to tell of the window that ends there.
    fn tell(&mut self, now: Vec<Microphone>, answers: &mut Vec<(Microphone, isize)>) {
        let before = std::mem::replace(&mut self.told, now);
        let gone = before.iter().filter(|row| !self.told.contains(row));
        answers.extend(gone.map(|row| (row.clone(), -1)));
        let come = self.told.iter().filter(|row| !before.contains(row));
        answers.extend(come.map(|row| (row.clone(), 1)));
    }

    /// Forgets the samples before a second.
    fn forget_before(&mut self, segment: i64) {
        let floor = block_of(segment);
        if floor <= self.floor {
            return;
        }
        self.floor = floor;
        self.sources
            .values_mut()
            .for_each(|seconds| seconds.forget_before(floor));
        self.sources.retain(|_, seconds| !seconds.is_empty());
    }
}

impl Track for Group {
    type Key = MatrixKey;
    type Value = SourceSides;
    type Answer = Microphone;

    fn settle(&mut self, segment: i64, changes: &[(SourceSides, isize)]) {
        if block_of(segment) < self.floor {
            return;
        }
        for of_source in changes.chunk_by(|(a, _), (b, _)| a.source == b.source) {
            let Some((first, _)) = of_source.first() else {
                continue;
            };
            let sides: Vec<_> = (of_source.iter())
                .map(|(value, diff)| (value.sides.clone(), *diff))
                .collect();
            let seconds = self.sources.entry(first.source.clone()).or_default();
            let (before, after) = seconds.settle(segment, &sides);
            if before != after {
                self.changed.push(segment);
            }
        }
    }

    fn finish(&mut self, key: &MatrixKey, now: Now, answers: &mut Vec<(Microphone, isize)>) {
        if !self.changed.is_empty() {
            let end = self.last_end();
            let changed = std::mem::take(&mut self.changed);
            let inside = |end: i64| end - self.window_s()..end;
            let is_changed = end.is_some_and(|end| {
                let inside = inside(end);
                changed.iter().any(|segment| inside.contains(segment))
            });
            if end != self.end || is_changed {
                let settings = &self.settings;
                let told = end
                    .map(|end| microphones(settings, self.arch, key, inside(end), &self.sources));
                self.tell(told.unwrap_or_default(), answers);
                self.end = end;
            }
        }
        // The window before is kept, in case newer seconds are withdrawn.
        let needed = self.end.map(|end| end - 2 * self.window_s());
        let old = now.tide.map(|tide| tide - KEEP_S);
        needed
            .max(old)
            .into_iter()
            .for_each(|segment| self.forget_before(segment));
        if self.end < old {
            self.tell(Vec::new(), answers);
        }
    }

    fn held(&self) -> Held {
        let rows = self.sources.values().map(Seconds::len).sum::<usize>();
        let bytes = self.sources.values().map(Seconds::bytes).sum::<usize>();
        Held {
            rows: rows as u64,
            answers: self.told.len() as u64,
            bytes: bytes as u64,
        }
    }

    fn is_empty(&self) -> bool {
        self.sources.values().all(Seconds::is_empty) && self.told.is_empty()
    }
}
