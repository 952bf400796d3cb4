//! A dataflow of views, fed time by time, and what that costs.

use std::{cell::Cell, fs, ops::Add, rc::Rc, time::Instant};

use differential_dataflow::{AsCollection, VecCollection};
use sonoscope_operators::views::{Answers, Feed, Observation, Query};
use timely::{
    dataflow::{InputHandle, ProbeHandle, operators::vec::Input},
    worker::Worker,
};

type Changes<D> = Vec<(D, u64, isize)>;

/// What it took to bring the answers up to date.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Of this thread, which does everything.
    pub cpu_s: f64,
    /// By the clock on the wall.
    pub wall_s: f64,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cpu_s: self.cpu_s + other.cpu_s,
            wall_s: self.wall_s + other.wall_s,
        }
    }
}

/// A dataflow while it is made.
pub struct Built<'scope> {
    feed: Feed<'scope, u64>,
    queries: VecCollection<'scope, u64, Query>,
    probe: ProbeHandle<u64>,
    heard: Rc<Cell<usize>>,
}

impl<'scope> Built<'scope> {
    /// What views take in.
    pub fn feed(&self) -> Feed<'scope, u64> {
        self.feed.clone()
    }

    /// Standing queries.
    pub fn queries(&self) -> VecCollection<'scope, u64, Query> {
        self.queries.clone()
    }

    /// Counts the changes of answers, and waits for them.
    pub fn take<A: Clone + 'static>(&mut self, answers: Answers<'scope, u64, A>) {
        let heard = self.heard.clone();
        let changes = answers.changes.inspect(move |_| heard.set(heard.get() + 1));
        changes.probe_with(&self.probe);
    }
}

/// A dataflow of views on one worker.
pub struct Harness<'a> {
    worker: &'a mut Worker,
    rows: InputHandle<u64, timely::container::CapacityContainerBuilder<Changes<Observation>>>,
    queries: InputHandle<u64, timely::container::CapacityContainerBuilder<Changes<Query>>>,
    tides: InputHandle<u64, timely::container::CapacityContainerBuilder<Vec<i64>>>,
    probe: ProbeHandle<u64>,
    time: u64,
    /// How often an answer changed.
    pub heard: Rc<Cell<usize>>,
}

impl<'a> Harness<'a> {
    /// Makes a dataflow.
    pub fn new(worker: &'a mut Worker, views: impl FnOnce(&mut Built<'_>)) -> Self {
        let (mut rows, mut queries) = (InputHandle::new(), InputHandle::new());
        let mut tides = InputHandle::new();
        let (probe, heard) = (ProbeHandle::new(), Rc::new(Cell::new(0)));
        worker.dataflow::<u64, _, _>(|scope| {
            let feed = scope.input_from(&mut rows).as_collection();
            let feed = Feed::new(feed, scope.input_from(&mut tides));
            views(&mut Built {
                feed,
                queries: scope.input_from(&mut queries).as_collection(),
                probe: probe.clone(),
                heard: heard.clone(),
            });
        });
        Self {
            worker,
            rows,
            queries,
            tides,
            probe,
            time: 0,
            heard,
        }
    }

    /// Gives rows, and waits until all answers are right.
    pub fn feed(&mut self, rows: Vec<Observation>) -> Cost {
        let (began, cpu_s) = (Instant::now(), cpu_s());
        let time = self.time;
        rows.into_iter()
            .for_each(|row| self.rows.send((row, time, 1)));
        self.settle();
        Cost {
            cpu_s: self::cpu_s() - cpu_s,
            wall_s: began.elapsed().as_secs_f64(),
        }
    }

    /// Asks queries, and waits until they are answered.
    pub fn ask(&mut self, queries: Vec<Query>) -> Cost {
        let (began, cpu_s) = (Instant::now(), cpu_s());
        let time = self.time;
        queries
            .into_iter()
            .for_each(|query| self.queries.send((query, time, 1)));
        self.settle();
        Cost {
            cpu_s: self::cpu_s() - cpu_s,
            wall_s: began.elapsed().as_secs_f64(),
        }
    }

    fn settle(&mut self) {
        self.time += 1;
        self.rows.advance_to(self.time);
        self.queries.advance_to(self.time);
        self.tides.advance_to(self.time);
        while self.probe.less_than(&self.time) {
            self.worker.step();
        }
    }
}

/// Seconds for which this thread has run, to the nanosecond.
fn cpu_s() -> f64 {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent_ns = spent
        .split_whitespace()
        .next()
        .and_then(|ns| ns.parse::<f64>().ok());
    spent_ns.unwrap_or(f64::NAN) / 1e9
}

/// Memory of this process that is in use.
pub fn resident_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kib.unwrap_or(0) * 1024
}
