//! Views that look at one source and one network at a time.

use std::{collections::HashMap, hash::Hash};

use differential_dataflow::{Hashable, VecCollection};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use timely::{ExchangeData, order::TotalOrder, progress::Timestamp};

use super::{
    Answers, Feed, Held, Network, Observation, Sizes,
    maintain::{Shard, maintain},
};
use crate::SourceId;

/// One source as one network sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Key {
    pub source: SourceId,
    pub network: Network,
}

impl Key {
    pub fn of(observation: &Observation) -> Self {
        Self {
            source: observation.source.clone(),
            network: observation.network.clone(),
        }
    }
}

/// What a view looks at of one second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct At<K, V> {
    pub key: K,
    pub segment: i64,
    pub live: bool,
    pub value: V,
}

/// When it is, for one key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Whether its seconds are those of the clock on the wall.
    pub live: bool,
    /// The newest second that ever came of it: time does not go back.
    pub newest: i64,
    /// What was last said to be the present.
    pub tide: Option<i64>,
}

impl Now {
    /// The second that it is, by which old detail leaves; of a recording there is none.
    pub fn present(&self) -> Option<i64> {
        self.live
            .then(|| self.tide.unwrap_or(i64::MIN).max(self.newest))
    }
}

/// What a view remembers of one key.
pub(super) trait Track: 'static {
    /// What tracks are kept apart by.
    type Key: ExchangeData + Clone + Ord + Hash;
    /// What it looks at of a second.
    type Value: ExchangeData + Clone + Ord;
    /// What it answers.
    type Answer: Clone + 'static;

    /// Takes in the changes of one second.
    fn settle(&mut self, segment: i64, changes: &[(Self::Value, isize)]);

    /// All of this time is in: gives the changes of the answers.
    fn finish(&mut self, key: &Self::Key, now: Now, answers: &mut Vec<(Self::Answer, isize)>);

    /// How much it remembers.
    fn held(&self) -> Held;

    /// Whether there is nothing to remember, and nothing to take back.
    fn is_empty(&self) -> bool;
}

/// Tells an answer of which there is one at a time, if it has changed.
pub(super) fn tell<A: Clone + PartialEq>(
    told: &mut Option<A>,
    now: Option<A>,
    answers: &mut Vec<(A, isize)>,
) {
    if *told != now {
        answers.extend(told.take().map(|told| (told, -1)));
        answers.extend(now.clone().map(|now| (now, 1)));
        *told = now;
    }
}

/// Keeps the tracks of a view: each key on the worker that its hash says.
///
/// `look` says what the view looks at.
pub(super) fn tracks<'scope, T, S, L>(
    feed: Feed<'scope, T>,
    name: &str,
    look: impl Fn(Observation) -> L + 'static,
    start: impl Fn() -> S + 'static,
) -> Answers<'scope, T, S::Answer>
where
    T: Timestamp + TotalOrder,
    S: Track,
    L: IntoIterator<Item = At<S::Key, S::Value>> + 'static,
{
    let sizes = Sizes::default();
    let seconds: VecCollection<'scope, T, At<S::Key, S::Value>> = feed.rows.flat_map(look);
    let tracks = Tracks {
        start,
        tide: None,
        kept: HashMap::new(),
        held: Held::default(),
    };
    let route = |at: &At<S::Key, S::Value>| at.key.hashed();
    let changes = maintain(seconds, feed.tide, name, route, tracks, sizes.clone());
    Answers { changes, sizes }
}

struct Tracks<S: Track, F> {
    start: F,
    tide: Option<i64>,
    kept: HashMap<S::Key, Kept<S>>,
    held: Held,
}

struct Kept<S> {
    track: S,
    live: bool,
    newest: i64,
    held: Held,
}

impl<S: Track> Kept<S> {
    /// Its answers, now that all of a time is in; what it holds more, and what it holds no more.
    fn finish(
        &mut self,
        key: &S::Key,
        tide: Option<i64>,
        answers: &mut Vec<(S::Answer, isize)>,
    ) -> (Held, Held) {
        let now = Now {
            live: self.live,
            newest: self.newest,
            tide,
        };
        self.track.finish(key, now, answers);
        let before = std::mem::replace(&mut self.held, self.track.held());
        (self.held, before)
    }
}

impl<S, F> Shard for Tracks<S, F>
where
    S: Track,
    F: Fn() -> S + 'static,
    At<S::Key, S::Value>: Serialize + DeserializeOwned,
{
    type In = At<S::Key, S::Value>;
    type Out = S::Answer;

    fn turn(
        &mut self,
        changes: Vec<(Self::In, isize)>,
        tide: Option<i64>,
        answers: &mut Vec<(S::Answer, isize)>,
    ) {
        let risen = tide > self.tide;
        self.tide = self.tide.max(tide);
        let mut changes = changes.into_iter().peekable();
        let mut of_second = Vec::new();
        while let Some((first, _)) = changes.peek() {
            let key = first.key.clone();
            let kept = self.kept.entry(key.clone()).or_insert_with(|| Kept {
                track: (self.start)(),
                live: false,
                newest: i64::MIN,
                held: Held::default(),
            });
            while let Some((at, _)) = changes.peek().filter(|(at, _)| at.key == key) {
                let segment = at.segment;
                while let Some((at, diff)) =
                    changes.next_if(|(at, _)| at.segment == segment && at.key == key)
                {
                    kept.live |= at.live;
                    of_second.push((at.value, diff));
                }
                kept.newest = kept.newest.max(segment);
                kept.track.settle(segment, &of_second);
                of_second.clear();
            }
            let (more, less) = kept.finish(&key, self.tide, answers);
            self.held = self.held.plus(more).minus(less);
            if kept.track.is_empty() {
                self.kept.remove(&key);
            }
        }
        if risen {
            self.ebb(answers);
        }
    }

    fn held(&self) -> Held {
        self.held
    }
}

impl<S: Track, F> Tracks<S, F> {
    /// What is old leaves, also of sources of which nothing comes any longer.
    fn ebb(&mut self, answers: &mut Vec<(S::Answer, isize)>) {
        for (key, kept) in self.kept.iter_mut().filter(|(_, kept)| kept.live) {
            let (more, less) = kept.finish(key, self.tide, answers);
            self.held = self.held.plus(more).minus(less);
        }
        self.kept.retain(|_, kept| !kept.track.is_empty());
    }
}
