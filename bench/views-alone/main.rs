//! `views-alone [SECONDS] [STORED]`: what the views cost, by themselves, on one worker.
//!
//! Prints one object of JSON. `SECONDS` of 1 000 sources (60 if not said) are given to episodes,
//! rolling and sync, and to 1 000 standing queries, 20 times a second; then `STORED` rows (a
//! million if not said) are searched by new queries, and fed anew to all views.

mod harness;
mod rows;

use std::{error::Error, ops::Range, time::Instant};

use sonoscope_operators::views::{
    EpisodeSettings, Finder, Heads, MatrixSettings, Modality, NearestSettings, Query,
    RollingSettings, SyncSettings, episodes, matrix, nearest, rolling, sync,
};

use crate::{
    harness::{Cost, Harness, resident_bytes},
    rows::Rows,
};

/// Sources, each with a row a second.
const SOURCES: usize = 1000;

/// Sources of which there is a whole day.
const FEW_SOURCES: usize = 20;

/// Times of the dataflow in a second.
const TICKS: usize = 20;

/// Rows of one time when many are fed at once.
const SLICE: usize = 10_000;

/// Standing queries.
const QUERIES: usize = 1000;

/// What each finds.
const K: u32 = 10;

/// Seconds that go before what is measured, so that windows are full.
const BEFORE_S: usize = 70;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| arguments.next().map_or(Ok(default), |text| text.parse());
    let (seconds, stored) = (number(60)?, number(1_000_000)?);
    let rows = Rows::new();
    // The first, while nothing else has had memory.
    let searched = search(&rows, stored);
    let figures = serde_json::json!({
        "sources": SOURCES,
        "seconds": seconds,
        "a_row": {
            "episodes": alone(&rows, seconds, |views| views.episodes()),
            "rolling": alone(&rows, seconds, |views| views.rolling()),
            "sync": alone(&rows, seconds, |views| views.sync()),
            "matrix": alone(&rows, seconds, |views| views.matrix()),
            "episodes_rolling_sync": alone(&rows, seconds, |views| {
                views.episodes();
                views.rolling();
                views.sync();
            }),
        },
        "growth": growth(&rows),
        "nearest": standing(&rows, seconds),
        "stored": searched,
        "replay": replay(&rows, stored),
        "load": std::fs::read_to_string("/proc/loadavg")?.trim(),
    });
    serde_json::to_writer_pretty(std::io::stdout(), &figures)?;
    Ok(())
}

/// The views that a dataflow is made of.
struct Views<'a, 'scope>(&'a mut harness::Built<'scope>);

impl Views<'_, '_> {
    fn episodes(&mut self) {
        let answers = episodes(self.0.feed(), EpisodeSettings::default());
        self.0.take(answers);
    }

    fn rolling(&mut self) {
        let answers = rolling(self.0.feed(), RollingSettings::default());
        self.0.take(answers);
    }

    fn sync(&mut self) {
        let answers = sync(self.0.feed(), SyncSettings::new(heads()));
        self.0.take(answers);
    }

    fn matrix(&mut self) {
        let answers = matrix(self.0.feed(), MatrixSettings::new(heads()));
        self.0.take(answers);
    }

    fn nearest(&mut self) {
        let (feed, queries) = (self.0.feed(), self.0.queries());
        self.0.take(nearest(
            feed,
            queries,
            NearestSettings::default(),
            &Finder::default(),
        ));
    }
}

fn heads() -> Heads {
    Heads::new(|_, distance| Some(1.0 / (1.0 + (6.0 * (distance - 1.0)).exp())))
}

/// What a row of a running source costs these views, and how often an answer changes with it.
fn alone(
    rows: &Rows,
    seconds: usize,
    views: impl Fn(&mut Views<'_, '_>) + Send + Sync + 'static,
) -> serde_json::Value {
    let rows = rows.clone();
    timely::execute_directly(move |worker| {
        let mut harness = Harness::new(worker, |built| views(&mut Views(built)));
        live(&mut harness, &rows, SOURCES, 0..BEFORE_S);
        let before = harness.heard.get();
        let cost = live(&mut harness, &rows, SOURCES, BEFORE_S..BEFORE_S + seconds);
        let count = (seconds * SOURCES) as f64;
        serde_json::json!({
            "cpu_us": cost.cpu_s * 1e6 / count,
            "changes": (harness.heard.get() - before) as f64 / count,
        })
    })
}

/// What a row costs after a minute and after a day, in microseconds: the work must not grow with
/// what has gone before.
fn growth(rows: &Rows) -> serde_json::Value {
    let rows = rows.clone();
    timely::execute_directly(move |worker| {
        let mut harness = Harness::new(worker, |built| {
            let mut views = Views(built);
            views.episodes();
            views.rolling();
            views.sync();
        });
        let mut after = |history: Range<usize>| {
            let end = history.end;
            for seconds in history.step_by(100) {
                let seconds = seconds..(seconds + 100).min(end);
                let row = |source| seconds.clone().map(move |second| (source, second));
                let batch = (0..FEW_SOURCES).flat_map(row);
                harness.feed(
                    batch
                        .map(|(source, second)| rows.row(source, second))
                        .collect(),
                );
            }
            let cost = live(&mut harness, &rows, FEW_SOURCES, end..end + 600);
            cost.cpu_s * 1e6 / (600 * FEW_SOURCES) as f64
        };
        serde_json::json!({
            "sources": FEW_SOURCES,
            "cpu_us_after_a_minute": after(0..100),
            "cpu_us_after_a_day": after(700..90_000),
        })
    })
}

/// Feeds seconds of all sources, a few of them at each time.
fn live(harness: &mut Harness, rows: &Rows, sources: usize, seconds: Range<usize>) -> Cost {
    let mut cost = Cost::default();
    for second in seconds {
        for tick in 0..TICKS {
            let sources = (tick..sources).step_by(TICKS);
            let batch = sources.map(|source| rows.row(source, second)).collect();
            cost = cost + harness.feed(batch);
        }
    }
    cost
}

/// What standing queries take of a core while sources run.
fn standing(rows: &Rows, seconds: usize) -> serde_json::Value {
    let rows = rows.clone();
    timely::execute_directly(move |worker| {
        let mut harness = Harness::new(worker, |built| Views(built).nearest());
        live(&mut harness, &rows, SOURCES, 0..BEFORE_S);
        harness.ask((0..QUERIES).map(|number| query(&rows, number)).collect());
        let cost = live(&mut harness, &rows, SOURCES, BEFORE_S..BEFORE_S + seconds);
        serde_json::json!({
            "standing_queries": QUERIES,
            "k": K,
            "rows_a_second": SOURCES,
            "share_of_a_core": cost.cpu_s / seconds as f64,
        })
    })
}

fn query(rows: &Rows, number: usize) -> Query {
    let id = format!("q{number}");
    Query::new(&id, rows.network(), rows.embedding(number * 7 + 1), K)
}

/// What stored rows take, and how long a new query takes to look at all of them.
fn search(rows: &Rows, stored: usize) -> serde_json::Value {
    let rows = rows.clone();
    timely::execute_directly(move |worker| {
        let before = resident_bytes();
        let mut harness = Harness::new(worker, |built| Views(built).nearest());
        let fed = history(&mut harness, &rows, stored);
        let bytes = resident_bytes().saturating_sub(before);
        let mut looks = |first: usize, seeks: Option<Modality>| -> Vec<f64> {
            let query = |number| Query {
                seeks,
                ..query(&rows, number)
            };
            let ms = |number| harness.ask(vec![query(number)]).wall_s * 1e3;
            (first..first + 5).map(ms).collect()
        };
        serde_json::json!({
            "rows": stored,
            "fed_s": fed.wall_s,
            "resident_bytes_a_row": bytes as f64 / stored as f64,
            "new_query_ms": {
                "picture_and_sound": looks(0, None),
                "sound": looks(5, Some(Modality::Sound)),
            },
        })
    })
}

/// Feeds rows that were committed before, in slices.
fn history(harness: &mut Harness, rows: &Rows, count: usize) -> Cost {
    let mut cost = Cost::default();
    let seconds = SLICE / SOURCES;
    for slice in 0..count / SLICE {
        let sources = 0..SOURCES;
        let seconds = slice * seconds..(slice + 1) * seconds;
        let batch = sources.flat_map(|source| seconds.clone().map(move |second| (source, second)));
        let batch = batch
            .map(|(source, second)| rows.row(source, second))
            .collect();
        cost = cost + harness.feed(batch);
    }
    cost
}

/// How long it takes to feed rows anew to all views.
fn replay(rows: &Rows, stored: usize) -> serde_json::Value {
    let rows = rows.clone();
    timely::execute_directly(move |worker| {
        let began = Instant::now();
        let mut harness = Harness::new(worker, |built| {
            let mut views = Views(built);
            views.episodes();
            views.rolling();
            views.sync();
            views.matrix();
            views.nearest();
        });
        let cost = history(&mut harness, &rows, stored);
        serde_json::json!({
            "rows": stored,
            "views": "episodes, rolling, sync, matrix, nearest",
            "s": cost.wall_s,
            "cpu_s": cost.cpu_s,
            "s_with_making_the_rows": began.elapsed().as_secs_f64(),
        })
    })
}
