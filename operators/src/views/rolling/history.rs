//! The windows of one source, kept up to date.

use std::{ops::Range, sync::Arc};

use super::{
    Rolling, RollingSettings, RollingWindow,
    counts::{Counts, Glance},
};
use crate::views::{
    Held,
    seconds::{BLOCK, Seconds, block_of},
    tracks::{Key, Now, Track, tell},
};

/// Its seconds, and windows over them.
#[derive(Debug)]
pub(super) struct History {
    settings: Arc<RollingSettings>,
    seconds: Seconds<Glance>,
    windows: Vec<Sliding>,
    /// The first block that is remembered.
    floor: i64,
}

impl History {
    pub fn new(settings: Arc<RollingSettings>) -> Self {
        let windows = settings.windows.iter().copied().map(Sliding::new);
        Self {
            windows: windows.collect(),
            settings,
            seconds: Seconds::default(),
            floor: i64::MIN,
        }
    }

    /// Forgets the detail before a block, and counts it no longer: a window that reaches back so
    /// far is that of a source of which nothing has come for long.
    fn forget_before(&mut self, floor: i64) {
        if floor <= self.floor {
            return;
        }
        self.floor = floor;
        for window in &mut self.windows {
            window.forget(floor * BLOCK, &self.seconds);
        }
        self.seconds.forget_before(floor);
    }
}

impl Track for History {
    type Key = Key;
    type Value = Glance;
    type Answer = Rolling;

    fn settle(&mut self, segment: i64, changes: &[(Glance, isize)]) {
        if block_of(segment) < self.floor {
            return;
        }
        let (before, after) = self.seconds.settle(segment, changes);
        if before == after {
            return;
        }
        for window in self
            .windows
            .iter_mut()
            .filter(|window| window.span.contains(&segment))
        {
            before
                .iter()
                .for_each(|glance| window.counts.remove(glance));
            after.iter().for_each(|glance| window.counts.add(glance));
            window.changed = true;
        }
    }

    fn finish(&mut self, key: &Key, now: Now, answers: &mut Vec<(Rolling, isize)>) {
        if let Some(present) = now.present() {
            self.forget_before(block_of(present - self.settings.keep_s()));
        }
        let newest = self.seconds.newest();
        for window in &mut self.windows {
            window.slide(newest, &self.seconds);
            window.tell(key, answers);
        }
    }

    fn held(&self) -> Held {
        let windows = self.windows.len() * Counts::BYTES;
        let told = self.windows.iter().filter(|window| window.told.is_some());
        Held {
            rows: self.seconds.len() as u64,
            answers: told.count() as u64,
            bytes: (self.seconds.bytes() + windows) as u64,
        }
    }

    fn is_empty(&self) -> bool {
        self.seconds.is_empty() && self.windows.iter().all(|window| window.told.is_none())
    }
}

/// One window, and what is counted in it.
#[derive(Debug)]
struct Sliding {
    window: RollingWindow,
    span: Range<i64>,
    counts: Counts,
    changed: bool,
    told: Option<Rolling>,
}

impl Sliding {
    fn new(window: RollingWindow) -> Self {
        Self {
            window,
            span: 0..0,
            counts: Counts::new(),
            changed: false,
            told: None,
        }
    }

    /// Makes it end with the newest second.
    fn slide(&mut self, newest: Option<i64>, seconds: &Seconds<Glance>) {
        let step = i64::from(self.window.step_s.max(1));
        let span = newest.map_or(0..0, |newest| {
            let end = (newest + 1).div_euclid(step) * step;
            end - i64::from(self.window.length_s)..end
        });
        let before = std::mem::replace(&mut self.span, span.clone());
        if before == span {
            return;
        }
        self.changed = true;
        let shared = before.start.max(span.start)..before.end.min(span.end);
        if shared.is_empty() {
            self.counts = Counts::new();
            let come = seconds.range(span);
            come.for_each(|(_, glance)| self.counts.add(glance));
            return;
        }
        for gone in [before.start..shared.start, shared.end..before.end] {
            let gone = seconds.range(gone);
            gone.for_each(|(_, glance)| self.counts.remove(glance));
        }
        for come in [span.start..shared.start, shared.end..span.end] {
            let come = seconds.range(come);
            come.for_each(|(_, glance)| self.counts.add(glance));
        }
    }

    /// Counts what was before a second no longer.
    fn forget(&mut self, before: i64, seconds: &Seconds<Glance>) {
        for (_, glance) in seconds.range(self.span.start..self.span.end.min(before)) {
            self.counts.remove(glance);
            self.changed = true;
        }
    }

    /// Its answer, if that has changed.
    fn tell(&mut self, key: &Key, answers: &mut Vec<(Rolling, isize)>) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        let answer = self.counts.answer(key, self.window, self.span.end);
        tell(&mut self.told, answer, answers);
    }
}
