//! Seeded histories: rows that come in order, late, corrected and withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use sonoscope_operators::{
    SourceId, Status,
    views::{Embedding, Network, Observation, Place, Query},
};

/// What comes at one time.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// Rows that come (+1) and that are withdrawn (-1).
    pub changes: Vec<(Observation, isize)>,
    /// Which second it is.
    pub tide: Option<i64>,
    /// Queries that come (+1) and go (-1).
    pub queries: Vec<(Query, isize)>,
}

/// What comes, time by time.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// A turn for each time.
    pub turns: Vec<Turn>,
}

/// What a second is known by.
type Key = (SourceId, i64, Network);

/// What a history is like.
#[derive(Clone, Copy, Debug)]
pub struct Churn {
    /// Sources, of which every other one is live.
    pub sources: usize,
    /// Networks, each with a row of each second.
    pub networks: usize,
    /// Times of the dataflow.
    pub times: usize,
    /// The most new seconds of a source at a time.
    pub seconds_at_once: i64,
    /// Numbers in an embedding.
    pub numbers: usize,
}

impl Script {
    /// A seeded history.
    pub fn churn(seed: u64, churn: Churn) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut there: BTreeMap<Key, Observation> = BTreeMap::new();
        let mut late: Vec<Observation> = Vec::new();
        let mut next = vec![0_i64; churn.sources];
        let turns = (0..churn.times).map(|_| {
            let mut changes = Vec::new();
            for (source, next) in next.iter_mut().enumerate() {
                for _ in 0..dice.random_range(0..=churn.seconds_at_once) {
                    for network in 0..churn.networks {
                        let row = observation(&mut dice, source, network, *next, churn.numbers);
                        match dice.random_bool(0.1) {
                            true => late.push(row),
                            false => changes.push((row, 1)),
                        }
                    }
                    *next += if dice.random_bool(0.03) {
                        dice.random_range(2..90)
                    } else {
                        1
                    };
                }
            }
            for _ in 0..dice.random_range(0..=late.len().min(3)) {
                let place = dice.random_range(0..late.len());
                changes.push((late.swap_remove(place), 1));
            }
            let mut touched: Vec<_> = there.values().cloned().collect();
            touched.shuffle(&mut dice);
            touched.truncate(dice.random_range(0..3));
            for row in touched {
                changes.push((row.clone(), -1));
                if dice.random_bool(0.7) {
                    changes.push((again(&mut dice, &row, churn.numbers), 1));
                }
            }
            // Corrections come in whatever order.
            changes.shuffle(&mut dice);
            let rows = changes.iter().filter(|(_, diff)| *diff < 0);
            rows.for_each(|(row, _)| drop(there.remove(&key(row))));
            let rows = changes.iter().filter(|(_, diff)| *diff > 0);
            there.extend(rows.map(|(row, _)| (key(row), row.clone())));
            Turn {
                changes,
                ..Turn::default()
            }
        });
        Self {
            turns: turns.collect(),
        }
    }

    /// The rows that are there after a time, in order of source, second and network.
    pub fn rows(&self, time: usize) -> Vec<Observation> {
        let mut there = BTreeMap::new();
        for turn in &self.turns[..=time] {
            let gone = turn.changes.iter().filter(|(_, diff)| *diff < 0);
            gone.for_each(|(row, _)| drop(there.remove(&key(row))));
            let come = turn.changes.iter().filter(|(_, diff)| *diff > 0);
            there.extend(come.map(|(row, _)| (key(row), row.clone())));
        }
        there.into_values().collect()
    }

    /// The queries that stand after a time.
    pub fn queries(&self, time: usize) -> BTreeSet<Query> {
        let mut standing = BTreeSet::new();
        for (query, diff) in self.turns[..=time].iter().flat_map(|turn| &turn.queries) {
            match *diff > 0 {
                true => standing.insert(query.clone()),
                false => standing.remove(query),
            };
        }
        standing
    }

    /// The rows that are there at the end, grouped by what each is known by.
    pub fn by_track(&self, time: usize) -> BTreeMap<(SourceId, Network), Vec<Observation>> {
        let mut tracks: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in self.rows(time) {
            let track = (row.source.clone(), row.network.clone());
            tracks.entry(track).or_default().push(row);
        }
        tracks
    }

    /// All that is there at the end at once, backwards.
    pub fn replay(&self) -> Self {
        let rows = self.rows(self.turns.len() - 1).into_iter().rev();
        let queries = self.queries(self.turns.len() - 1);
        let tide = self.turns.iter().filter_map(|turn| turn.tide).max();
        Self {
            turns: vec![Turn {
                changes: rows.map(|row| (row, 1)).collect(),
                tide,
                queries: queries.into_iter().map(|query| (query, 1)).collect(),
            }],
        }
    }

    /// Each of these rows at a time of its own, and behind each a tide.
    pub fn one_by_one(rows: impl IntoIterator<Item = Observation>) -> Self {
        let turn = |row| Turn {
            changes: vec![(row, 1)],
            ..Turn::default()
        };
        Self {
            turns: rows.into_iter().map(turn).collect(),
        }
    }

    /// Goes on with a turn.
    pub fn then(mut self, changes: Vec<(Observation, isize)>, tide: Option<i64>) -> Self {
        self.turns.push(Turn {
            changes,
            tide,
            queries: Vec::new(),
        });
        self
    }
}

fn key(row: &Observation) -> Key {
    (row.source.clone(), row.segment, row.network.clone())
}

/// A network of the tests.
pub fn network(number: usize) -> Network {
    Network::new(&format!("net-{number}"), &format!("{number:064}"))
}

/// A second of a live source `cam-0`, of which all is there.
pub fn second(segment: i64, correspondence: f32) -> Observation {
    Observation {
        source: SourceId::slug("cam-0"),
        network: network(0),
        segment,
        seconds: 1,
        live: true,
        audio: Status::Present,
        video: Status::Present,
        audio_dbfs: Some((-20.0).into()),
        dropped: 0,
        correspondence: Some(correspondence.into()),
        place: None,
        frame_embedding: None,
        audio_embedding: None,
    }
}

/// The same second, as it is said in a correction.
fn again(dice: &mut StdRng, row: &Observation, numbers: usize) -> Observation {
    Observation {
        source: row.source.clone(),
        network: row.network.clone(),
        live: row.live,
        ..observation(dice, 0, 0, row.segment, numbers)
    }
}

/// A second of any kind.
fn observation(
    dice: &mut StdRng,
    source: usize,
    of: usize,
    segment: i64,
    numbers: usize,
) -> Observation {
    let status = |dice: &mut StdRng, odd: Status| match dice.random_range(0..20) {
        0 => Status::Gap,
        1 => odd,
        _ => Status::Present,
    };
    let (audio, video) = (status(dice, Status::Silent), status(dice, Status::Frozen));
    let pair = audio.usable() && video.usable();
    // Sound and picture belong together for a while, then do not.
    let likely = if (segment / 7 + source as i64) % 2 == 0 {
        0.75
    } else {
        0.3
    };
    let correspondence: f32 = likely + dice.random_range(-0.25..0.25);
    let loud = dice.random_range(-70.0_f32..0.0);
    let place = Place {
        x: dice.random_range(0.0_f32..1.0).into(),
        y: dice.random_range(0.0_f32..1.0).into(),
    };
    Observation {
        source: SourceId::slug(&format!("cam-{source}")),
        network: network(of),
        live: source.is_multiple_of(2),
        audio,
        video,
        audio_dbfs: audio.usable().then(|| loud.into()),
        dropped: if dice.random_bool(0.05) { 3 } else { 0 },
        correspondence: pair.then(|| correspondence.into()),
        place: (pair && correspondence >= 0.5).then_some(place),
        frame_embedding: (pair && numbers > 0).then(|| embedding(dice, numbers)),
        audio_embedding: (pair && numbers > 0).then(|| embedding(dice, numbers)),
        ..second(segment, 0.0)
    }
}

/// A direction in space, of length 1.
pub fn embedding(dice: &mut impl Rng, numbers: usize) -> Embedding {
    let values: Vec<f32> = (0..numbers).map(|_| dice.random_range(-1.0..1.0)).collect();
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    let values: Vec<f32> = values.iter().map(|value| value / length).collect();
    Embedding::from(&values[..])
}
