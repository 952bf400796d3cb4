//! The episodes of one source, kept up to date.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Episode, EpisodeSettings,
    scan::{Heard, Rules, Tally},
};
use crate::views::{
    Held,
    level::correspondence,
    seconds::{BLOCK, Seconds, block_of},
    tracks::{Key, Now, Track},
};

/// Seconds in blocks, and at the start of each block how matters stood there. What changes is
/// scanned anew from the start of its block to where matters stand as before.
#[derive(Debug)]
pub(super) struct History {
    settings: EpisodeSettings,
    rules: Rules,
    seconds: Seconds<Heard>,
    /// The episode told last at the start of each block.
    standing: BTreeMap<i64, Option<Tally>>,
    /// The one at the start of all that is remembered.
    base: Option<Tally>,
    /// The first block of which detail is remembered.
    floor: i64,
    /// Blocks in which something has changed.
    changed: BTreeSet<i64>,
    /// The episodes that are answered, by their starts.
    told: BTreeMap<i64, Tally>,
    /// Episodes that ended until then have left.
    gone_until: i64,
}

impl History {
    pub fn new(settings: EpisodeSettings) -> Self {
        Self {
            settings,
            rules: Rules::new(&settings),
            seconds: Seconds::default(),
            standing: BTreeMap::new(),
            base: None,
            floor: i64::MIN,
            changed: BTreeSet::new(),
            told: BTreeMap::new(),
            gone_until: i64::MIN,
        }
    }

    /// Where a scan of a block has to begin, and how matters stand there.
    fn entry(&self, block: i64) -> (i64, Option<Tally>) {
        let known = |block: i64| Some((block, self.standing.get(&block)?.clone()));
        known(block)
            .or_else(|| known(self.seconds.block_before(block)?))
            .unwrap_or((block, self.base.clone()))
    }

    /// Scans from a block on until matters stand as before; what else has changed on the way is
    /// scanned with it. Gives the starts between which episodes may have changed, and those that
    /// there are now.
    fn rescan(&mut self, block: i64) -> (std::ops::Range<i64>, Vec<Tally>) {
        let (first, mut open) = self.entry(block);
        let from = open.as_ref().map_or(first * BLOCK, |tally| tally.start);
        let mut found = Vec::new();
        for (block, seconds) in self.seconds.blocks_from(first) {
            let is_changed = self.changed.remove(&block);
            if block > first && !is_changed && self.standing.get(&block) == Some(&open) {
                let until = open.map_or(block * BLOCK, |tally| tally.start);
                return (from..until, found);
            }
            self.standing.insert(block, open.clone());
            for (segment, heard) in seconds {
                found.extend(self.rules.go_on(&mut open, segment, heard));
            }
        }
        found.extend(open);
        (from..i64::MAX, found)
    }

    /// Brings the episodes up to date.
    fn update(&mut self, key: &Key, answers: &mut Vec<(Episode, isize)>) {
        while let Some(&block) = self.changed.first() {
            let (starts, found) = self.rescan(block);
            self.changed.remove(&block);
            let standing = (found.into_iter())
                .filter(|tally| tally.length_s() >= self.rules.shortest_s)
                .filter(|tally| tally.end > self.gone_until)
                .map(|tally| (tally.start, tally));
            let mut standing: BTreeMap<_, _> = standing.collect();
            let before: Vec<_> = self.told.range(starts).map(|(start, _)| *start).collect();
            for start in before {
                if self.told.get(&start) == standing.get(&start) {
                    standing.remove(&start);
                } else if let Some(tally) = self.told.remove(&start) {
                    answers.push((episode(key, &tally), -1));
                }
            }
            answers.extend(standing.values().map(|tally| (episode(key, tally), 1)));
            self.told.extend(standing);
        }
    }

    /// Forgets the detail before a block.
    fn forget_before(&mut self, floor: i64) {
        if floor <= self.floor {
            return;
        }
        self.floor = floor;
        self.base = match self.standing.range(floor..).next() {
            Some((_, standing)) => standing.clone(),
            None => self.at_end(),
        };
        self.seconds.forget_before(floor);
        self.standing = self.standing.split_off(&floor);
    }

    /// How matters stand at the end of all seconds.
    fn at_end(&self) -> Option<Tally> {
        let (first, mut open) = self.entry(i64::MAX);
        for (_, seconds) in self.seconds.blocks_from(first) {
            for (segment, heard) in seconds {
                self.rules.go_on(&mut open, segment, heard);
            }
        }
        open
    }

    /// Takes back the episodes that have stood long enough.
    fn let_go(&mut self, key: &Key, until: i64, answers: &mut Vec<(Episode, isize)>) {
        self.gone_until = self.gone_until.max(until);
        while let Some(entry) = self.told.first_entry()
            && entry.get().end <= self.gone_until
        {
            answers.push((episode(key, &entry.remove()), -1));
        }
    }
}

impl Track for History {
    type Key = Key;
    type Value = Heard;
    type Answer = Episode;

    fn settle(&mut self, segment: i64, changes: &[(Heard, isize)]) {
        if block_of(segment) < self.floor {
            return;
        }
        let (before, after) = self.seconds.settle(segment, changes);
        if before != after {
            self.changed.insert(block_of(segment));
        }
    }

    fn finish(&mut self, key: &Key, now: Now, answers: &mut Vec<(Episode, isize)>) {
        self.update(key, answers);
        if let Some(present) = now.present() {
            self.forget_before(block_of(present - i64::from(self.settings.detail_s)));
            self.let_go(key, present - i64::from(self.settings.keep_s), answers);
        }
    }

    fn held(&self) -> Held {
        let tallies = self.standing.len() + self.told.len();
        Held {
            rows: self.seconds.len() as u64,
            answers: self.told.len() as u64,
            bytes: (self.seconds.bytes() + tallies * size_of::<Tally>()) as u64,
        }
    }

    fn is_empty(&self) -> bool {
        self.seconds.is_empty() && self.told.is_empty()
    }
}

fn episode(key: &Key, tally: &Tally) -> Episode {
    Episode {
        source: key.source.clone(),
        network: key.network.clone(),
        start: tally.start,
        end: tally.end,
        seconds: tally.seconds,
        peak: correspondence(tally.peak),
        peak_segment: tally.peak_segment,
        mean: tally.mean(),
        place: tally.place(),
    }
}
