//! What two networks said of one source.

use serde::{Deserialize, Serialize};

use super::{Agreement, Compared, Disagreement, VersusSettings};
use crate::{
    CORRESPONDS, SourceId,
    views::{
        Held,
        level::{Level, correspondence, level, mean},
        seconds::{BLOCK, Seconds, block_of},
        tracks::{Now, Track, tell},
    },
};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Side {
    Left,
    Right,
}

/// What one of them says of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Opinion {
    pub side: Side,
    pub level: Level,
}

/// What both say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    left: Level,
    right: Level,
}

impl Pair {
    fn agrees(&self) -> bool {
        let corresponds = level(CORRESPONDS.into());
        (self.left >= corresponds) == (self.right >= corresponds)
    }
}

/// The opinions of both, what they come to, and seconds of which answers are due.
pub(super) struct History {
    settings: VersusSettings,
    sides: [Seconds<Level>; 2],
    seconds: u32,
    agreed: u32,
    /// The sum of how far they lie apart.
    apart: u64,
    /// The disagreements that stand.
    disagreed: u64,
    due: Vec<(i64, Pair, isize)>,
    floor: i64,
    told: Option<Compared>,
}

impl History {
    pub fn new(settings: VersusSettings) -> Self {
        Self {
            settings,
            sides: Default::default(),
            seconds: 0,
            agreed: 0,
            apart: 0,
            disagreed: 0,
            due: Vec::new(),
            floor: i64::MIN,
            told: None,
        }
    }

    fn pair(&self, segment: i64) -> Option<Pair> {
        let [left, right] = &self.sides;
        Some(Pair {
            left: *left.get(segment)?,
            right: *right.get(segment)?,
        })
    }

    /// Counts a pair that has come (+1) or gone (-1).
    fn count(&mut self, segment: i64, pair: Pair, diff: isize) {
        let is_new = diff > 0;
        let step = |count: &mut u32| *count = if is_new { *count + 1 } else { *count - 1 };
        step(&mut self.seconds);
        let apart = u64::from(pair.left.abs_diff(pair.right));
        self.apart = if is_new {
            self.apart + apart
        } else {
            self.apart - apart
        };
        if pair.agrees() {
            step(&mut self.agreed);
        } else {
            self.disagreed = self.disagreed.saturating_add_signed(diff as i64);
            self.due.push((segment, pair, diff));
        }
    }

    fn forget_before(&mut self, floor: i64) {
        if floor <= self.floor {
            return;
        }
        self.floor = floor;
        let old: Vec<_> = (self.sides[0].range(i64::MIN..floor * BLOCK))
            .filter_map(|(segment, _)| Some((segment, self.pair(segment)?)))
            .collect();
        for (segment, pair) in old {
            self.count(segment, pair, -1);
        }
        self.sides
            .iter_mut()
            .for_each(|side| side.forget_before(floor));
    }

    fn agreement(&self, source: &SourceId) -> Option<Compared> {
        (self.seconds > 0).then(|| {
            Compared::Agreement(Agreement {
                source: source.clone(),
                left: self.settings.left.clone(),
                right: self.settings.right.clone(),
                seconds: self.seconds,
                agreed: self.agreed,
                mean_difference: mean(self.apart, self.seconds),
            })
        })
    }

    fn disagreement(&self, source: &SourceId, segment: i64, pair: Pair) -> Compared {
        Compared::Disagreement(Disagreement {
            source: source.clone(),
            segment,
            left: self.settings.left.clone(),
            right: self.settings.right.clone(),
            left_correspondence: correspondence(pair.left),
            right_correspondence: correspondence(pair.right),
        })
    }
}

impl Track for History {
    type Key = SourceId;
    type Value = Opinion;
    type Answer = Compared;

    fn settle(&mut self, segment: i64, changes: &[(Opinion, isize)]) {
        if block_of(segment) < self.floor {
            return;
        }
        let before = self.pair(segment);
        for (seconds, side) in self.sides.iter_mut().zip([Side::Left, Side::Right]) {
            let of_side = changes.iter().filter(|(opinion, _)| opinion.side == side);
            let of_side: Vec<_> = of_side
                .map(|(opinion, diff)| (opinion.level, *diff))
                .collect();
            seconds.settle(segment, &of_side);
        }
        let after = self.pair(segment);
        if before != after {
            before
                .into_iter()
                .for_each(|pair| self.count(segment, pair, -1));
            after
                .into_iter()
                .for_each(|pair| self.count(segment, pair, 1));
        }
    }

    fn finish(&mut self, source: &SourceId, now: Now, answers: &mut Vec<(Compared, isize)>) {
        if let Some(present) = now.present() {
            self.forget_before(block_of(present - i64::from(self.settings.keep_s)));
        }
        for (segment, pair, diff) in std::mem::take(&mut self.due) {
            answers.push((self.disagreement(source, segment, pair), diff));
        }
        let agreement = self.agreement(source);
        tell(&mut self.told, agreement, answers);
    }

    fn held(&self) -> Held {
        let [left, right] = &self.sides;
        Held {
            rows: (left.len() + right.len()) as u64,
            answers: self.disagreed + u64::from(self.told.is_some()),
            bytes: (left.bytes() + right.bytes()) as u64,
        }
    }

    fn is_empty(&self) -> bool {
        self.sides.iter().all(Seconds::is_empty) && self.told.is_none()
    }
}
