//! The end of a source reaches the commit behind all its rows, on 1, 2 and 3 workers.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect, and so may what it is made of"
)]

#[path = "support/arrivals.rs"]
mod arrivals;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use arrivals::arrivals;
use sonoscope_operators::{
    Batching, ClockSource, Committed, Event, Job, SEGMENT_SAMPLES, Segment, SourceEnd, SourceId,
    SourceInfo, Wishes, commit, infer, slice, slice::DEFAULT_SILENCE_DBFS, window,
};
use timely::dataflow::operators::vec::Map;

/// What stands for a row: source and second.
type Row = (u32, i64);

const SOURCES: u32 = 7;

/// Seconds that a source has: none for the first, that was never opened.
fn seconds(ordinal: u32) -> i64 {
    3 * i64::from(ordinal)
}

/// Every third source is cut off on the way, in the middle of its last second.
fn is_whole(ordinal: u32) -> bool {
    ordinal % 3 != 1
}

fn events(ordinal: u32) -> Vec<Event> {
    let last = match is_whole(ordinal) {
        true => Event::Closed,
        false => Event::Cut,
    };
    if seconds(ordinal) == 0 {
        return vec![last];
    }
    let opened = Event::Opened(Arc::new(SourceInfo {
        id: SourceId::slug(&format!("source {ordinal}")),
        ordinal,
        session: 0,
        base_segment: 0,
        first_segment: 0,
        wanted: 0..i64::MAX,
        has_audio: true,
        has_video: false,
        began: None,
        clock_source: ClockSource::File,
        wishes: Wishes::default(),
    }));
    let sound = |start: i64, samples: usize| Event::Audio {
        start_ns: start * 1_000_000_000,
        samples: vec![0.5; samples],
        permit: None,
    };
    let whole = (0..seconds(ordinal)).map(|second| sound(second, SEGMENT_SAMPLES));
    let rest = (!is_whole(ordinal)).then(|| sound(seconds(ordinal), SEGMENT_SAMPLES - 1));
    let events = [opened].into_iter().chain(whole).chain(rest);
    events.chain([last]).collect()
}

/// A pool of one thread that gives its answers one behind the other, so that each row is late.
fn pool() -> (mpsc::SyncSender<Job<Segment, Row>>, thread::JoinHandle<()>) {
    let (submit, jobs) = mpsc::sync_channel::<Job<Segment, Row>>(64);
    let serve = move || {
        let mut late = VecDeque::new();
        let answer = |job: Job<Segment, Row>| {
            job.run(|batch| {
                let row = |segment: Segment| (segment.source.ordinal, segment.index);
                batch.into_iter().map(row).collect()
            });
        };
        loop {
            // Whoever has nothing more to come must not be kept waiting.
            match jobs.recv_timeout(Duration::from_millis(1)) {
                Ok(job) => late.push_back(job),
                Err(mpsc::RecvTimeoutError::Timeout) => late.drain(..).for_each(answer),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if late.len() > 1 {
                late.pop_front().map(answer);
            }
        }
        late.drain(..).for_each(answer);
    };
    let thread = thread::Builder::new().name("pool".into()).spawn(serve);
    (submit, thread.unwrap())
}

/// What was committed, epoch by epoch.
fn run(workers: u32, windows: bool) -> Vec<Committed<Row>> {
    let (submit, thread) = pool();
    let committed = Arc::new(Mutex::new(Vec::new()));
    let (shared, written) = (Mutex::new(submit), committed.clone());
    let config = match workers {
        1 => timely::Config::thread(),
        n => timely::Config::process(n as usize),
    };
    timely::execute(config, move |worker| {
        let (index, submit) = (worker.index() as u32, shared.lock().unwrap().clone());
        let written = written.clone();
        worker.dataflow::<u64, _, _>(|scope| {
            let mine = (0..SOURCES).filter(|ordinal| ordinal % workers == index);
            let arrivals = arrivals(scope, mine.map(|ordinal| (ordinal, events(ordinal))));
            let (segments, ends) = match windows {
                true => window(arrivals, DEFAULT_SILENCE_DBFS),
                false => slice(arrivals, DEFAULT_SILENCE_DBFS),
            };
            let batching = Batching {
                size: 2,
                deadline: Duration::from_millis(1),
                idle_below: 1,
                outstanding: 3,
            };
            let rows = infer(segments, batching, move |job| submit.send(job).unwrap());
            commit(
                rows.map(|row| row),
                ends,
                |row| *row,
                move |_, epoch| {
                    written.lock().unwrap().push(epoch);
                },
            );
        });
        while worker.has_dataflows() {
            worker.step_or_park(Some(Duration::from_millis(10)));
        }
    })
    .unwrap()
    .join();
    thread.join().unwrap();
    Arc::into_inner(committed).unwrap().into_inner().unwrap()
}

#[test]
fn a_source_ends_behind_all_its_rows_whatever_the_workers() {
    for (workers, windows) in [(1, false), (2, false), (3, false), (1, true), (3, true)] {
        let mut rows: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        let mut ended = Vec::new();
        for epoch in run(workers, windows) {
            assert!(epoch.rows.is_sorted() && epoch.ended.is_sorted());
            for (ordinal, second) in epoch.rows {
                rows.entry(ordinal).or_default().push(second);
            }
            for end in epoch.ended {
                let given = rows.remove(&end.ordinal).unwrap_or_default();
                let wanted: Vec<_> = (0..seconds(end.ordinal)).collect();
                assert_eq!(given, wanted, "{workers} workers: all rows, in order");
                ended.push(end);
            }
        }
        assert!(rows.is_empty(), "rows behind the end of {rows:?}");
        ended.sort_unstable();
        let wanted = (0..SOURCES).map(|ordinal| SourceEnd {
            ordinal,
            segments: seconds(ordinal).unsigned_abs(),
            whole: is_whole(ordinal),
        });
        assert_eq!(ended, wanted.collect::<Vec<_>>(), "each once");
    }
}
