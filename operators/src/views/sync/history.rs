//! The pictures and sounds of one source, kept up to date.

use std::collections::BTreeMap;

use pulp::Arch;

use super::{
    OFFSETS, SYNC_REACH_S, Skew, SyncSettings,
    curve::{Tried, judge},
};
use crate::views::{
    Held, Network,
    level::{Level, level},
    seconds::{BLOCK, Seconds, block_of},
    sides::{Sides, distance},
    tracks::{Key, Now, Track, tell},
};

const REACH_S: i64 = SYNC_REACH_S as i64;

/// Pictures, sounds, and what each picture is with the sounds around it.
pub(super) struct History {
    settings: SyncSettings,
    arch: Arch,
    seconds: Seconds<Sides>,
    /// By the picture's second.
    tried: BTreeMap<i64, Tried>,
    /// Seconds that are to be tried anew.
    changed: Vec<i64>,
    floor: i64,
    told: Option<Skew>,
}

impl History {
    pub fn new(settings: SyncSettings) -> Self {
        Self {
            settings,
            arch: Arch::new(),
            seconds: Seconds::default(),
            tried: BTreeMap::new(),
            changed: Vec::new(),
            floor: i64::MIN,
            told: None,
        }
    }

    fn keep_s(&self) -> i64 {
        i64::from(self.settings.window_s)
            + i64::from(self.settings.step_s)
            + i64::from(self.settings.late_s)
    }

    /// Tries the picture of a second with the sounds around it, and its sound with the pictures.
    fn attempt(&mut self, network: &Network, segment: i64) {
        for offset in 0..OFFSETS {
            let away = offset as i64 - REACH_S;
            self.pair(network, segment, offset, segment + away);
            if away != 0 {
                self.pair(network, segment - away, offset, segment);
            }
        }
        if self
            .tried
            .get(&segment)
            .is_some_and(|tried| tried.iter().all(Option::is_none))
        {
            self.tried.remove(&segment);
        }
    }

    fn pair(&mut self, network: &Network, picture: i64, offset: usize, sound: i64) {
        let tried = self.correspondence(network, picture, sound);
        match tried {
            Some(_) => self.tried.entry(picture).or_default()[offset] = tried,
            None => {
                if let Some(known) = self.tried.get_mut(&picture) {
                    known[offset] = None;
                }
            }
        }
    }

    fn correspondence(&self, network: &Network, picture: i64, sound: i64) -> Option<Level> {
        let picture = self.seconds.get(picture)?.picture.as_ref()?;
        let sound = self.seconds.get(sound)?.sound.as_ref()?;
        let distance = distance(self.arch, picture, sound)?;
        let value = self.settings.heads.correspondence(network, distance)?;
        Some(level(value.into()))
    }

    /// What is said of the window that ends with the newest second.
    fn answer(&self, key: &Key) -> Option<Skew> {
        let step = i64::from(self.settings.step_s.max(1));
        let end = (self.seconds.newest()? + 1).div_euclid(step) * step;
        let start = end - i64::from(self.settings.window_s);
        let within = |(&picture, tried): (&i64, &Tried)| {
            let mut tried = *tried;
            for (offset, level) in tried.iter_mut().enumerate() {
                let sound = picture + offset as i64 - REACH_S;
                *level = level.filter(|_| (start..end).contains(&sound));
            }
            tried
        };
        let pictures: Vec<Tried> = self.tried.range(start..end).map(within).collect();
        if pictures.is_empty() && self.seconds.range(start..end).next().is_none() {
            return None;
        }
        let said = judge(&self.settings, &pictures);
        Some(Skew {
            source: key.source.clone(),
            network: key.network.clone(),
            end,
            seconds: said.seconds,
            verdict: said.verdict,
            skew_s: said.skew_s,
            confidence: said.confidence,
            curve: said.curve,
        })
    }

    /// Whether the window has moved, or something in it has changed.
    fn is_due(&self, changed: &[i64]) -> bool {
        let end = self.told.as_ref().map_or(i64::MIN, |told| told.end);
        let step = i64::from(self.settings.step_s.max(1));
        let newest = self.seconds.newest();
        let now = newest.map(|newest| (newest + 1).div_euclid(step) * step);
        now != Some(end) || changed.iter().any(|segment| *segment < end)
    }

    fn forget_before(&mut self, floor: i64) -> bool {
        if floor <= self.floor {
            return false;
        }
        self.floor = floor;
        self.seconds.forget_before(floor);
        self.tried = self.tried.split_off(&(floor * BLOCK));
        true
    }
}

impl Track for History {
    type Key = Key;
    type Value = Sides;
    type Answer = Skew;

    fn settle(&mut self, segment: i64, changes: &[(Sides, isize)]) {
        if block_of(segment) < self.floor {
            return;
        }
        let (before, after) = self.seconds.settle(segment, changes);
        if before != after {
            self.changed.push(segment);
        }
    }

    fn finish(&mut self, key: &Key, now: Now, answers: &mut Vec<(Skew, isize)>) {
        let changed = std::mem::take(&mut self.changed);
        // When much comes at once, most of it has left the window already.
        let oldest = now.newest.saturating_sub(self.keep_s() + REACH_S);
        for segment in changed.iter().filter(|segment| **segment >= oldest) {
            self.attempt(&key.network, *segment);
        }
        // Of recordings, too, no more is remembered than the window needs.
        let present = now.present().unwrap_or(now.newest);
        let forgot = self.forget_before(block_of(present.saturating_sub(self.keep_s())));
        if !forgot && !self.is_due(&changed) {
            return;
        }
        let answer = self.answer(key);
        tell(&mut self.told, answer, answers);
    }

    fn held(&self) -> Held {
        let numbers = |sides: &Sides| {
            let sides = [&sides.picture, &sides.sound];
            sides
                .into_iter()
                .flatten()
                .map(|side| side.values().len())
                .sum::<usize>()
        };
        let one = self
            .seconds
            .newest()
            .and_then(|newest| self.seconds.get(newest));
        let embeddings = self.seconds.len() * one.map_or(0, numbers) * size_of::<f32>();
        let tried = self.tried.len() * size_of::<Tried>();
        Held {
            rows: self.seconds.len() as u64,
            answers: u64::from(self.told.is_some()),
            bytes: (self.seconds.bytes() + embeddings + tried) as u64,
        }
    }

    fn is_empty(&self) -> bool {
        self.seconds.is_empty() && self.told.is_none()
    }
}
