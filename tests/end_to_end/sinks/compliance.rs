//! What every sink passes: complete and in order, whatever becomes of the receiver.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use sonoscope::{
    sinks::{Account, Form, Opening, Sink, SinkSpec},
    sources::Stop,
};
use sonoscope_operators::{Include, Row};

use super::{house::House, row::row};
use crate::support::{
    jobs::clip,
    program::{run_with_one_network, wait_until},
};

/// A receiver that is there has taken everything by then.
const SOON: Duration = Duration::from_secs(40);

const INCLUDE: Include = Include {
    heatmap: true,
    embeddings: true,
};

/// The suite for one sink.
macro_rules! compliance {
    ($house:ty) => {
        mod complies {
            use super::*;
            use crate::sinks::compliance as suite;

            #[test]
            fn rows_arrive_complete_and_in_order() {
                suite::complete_and_in_order::<$house>();
            }

            #[test]
            fn a_receiver_that_goes_away_misses_nothing() {
                suite::away_in_mid_stream::<$house>();
            }

            #[test]
            fn a_receiver_that_is_not_there_yet_is_waited_for() {
                suite::down_at_start::<$house>();
            }

            #[test]
            fn one_that_hangs_holds_up_nobody() {
                suite::hanging::<$house>();
            }

            #[test]
            fn a_slow_one_makes_rows_wait_and_takes_no_more_memory() {
                suite::slow::<$house>();
            }

            #[test]
            fn large_rows_arrive_as_they_are() {
                suite::large::<$house>();
            }

            #[test]
            fn what_is_refused_is_a_dead_letter_and_the_rest_arrives() {
                suite::refused::<$house>();
            }

            #[test]
            fn who_is_let_in_and_who_is_not() {
                suite::guarded::<$house>();
            }

            #[test]
            fn a_program_that_is_killed_goes_on() {
                suite::killed::<$house>();
            }
        }
    };
}

pub(super) use compliance;

/// A sink with a state folder of its own.
pub(super) struct Bench {
    home: tempfile::TempDir,
    stop: Stop,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            stop: Stop::default(),
        }
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(super) fn open(&self, table: &str, options: &str) -> std::io::Result<Box<dyn Sink>> {
        let spec = self.spec(table, options);
        let form = Form {
            include: INCLUDE,
            ..Form::default()
        };
        spec.open(&Opening {
            form: &form,
            state: None,
            at: None,
            stop: &self.stop,
        })
    }

    fn spec(&self, table: &str, options: &str) -> SinkSpec {
        let dead = self.dead();
        let text = format!(
            "{table}\ndead-letters = '{}'\n[retry]\nfirst = 0.01\nmost = 0.1\ntimeout = 2.0\n\
             [options]\n{options}\n",
            dead.display()
        );
        toml::from_str(&text).unwrap_or_else(|error| panic!("{text}\n{error}"))
    }

    fn dead(&self) -> std::path::PathBuf {
        self.home.path().join("dead.jsonl")
    }
}

pub(super) fn write(sink: &mut dyn Sink, rows: &[Row]) {
    sink.write(rows).unwrap();
    sink.flush().unwrap();
}

pub(super) fn drained(sink: &mut dyn Sink) -> Account {
    sink.drain(Instant::now() + SOON).unwrap();
    let account = sink.counters().unwrap().read();
    sink.finish().unwrap();
    account
}

/// Rows of three sources, one of which has a name of many alphabets.
pub(super) fn rows(segments: std::ops::Range<i64>) -> Vec<Row> {
    let sources = ["yard", "hof-ü-двор-庭", "a-b-1"];
    let all = segments.flat_map(|segment| {
        sources.map(|source| row(source, segment, (segment % 5 != 0).then_some(0.7)))
    });
    all.collect()
}

/// Segments by source, each the first time that it came.
fn arrivals(rows: &[Value]) -> BTreeMap<String, Vec<i64>> {
    let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for row in rows {
        let segments = all
            .entry(row["source"].as_str().unwrap().to_owned())
            .or_default();
        let segment = row["segment"].as_i64().unwrap();
        if !segments.contains(&segment) {
            segments.push(segment);
        }
    }
    all
}

/// Waits until the house has all of these rows, and sees to it that they came in order, none twice
/// where that is promised.
#[track_caller]
fn assert_arrived<H: House>(house: &mut H, sent: &[Row]) {
    // By way of text, as it comes.
    let said = |row: &Row| serde_json::to_vec(&row.json(INCLUDE)).unwrap();
    let sent = sent
        .iter()
        .map(|row| serde_json::from_slice(&said(row)).unwrap());
    let sent: Vec<Value> = sent.collect();
    let wanted = arrivals(&sent);
    let end = Instant::now() + SOON;
    let mut here = house.rows();
    while arrivals(&here) != wanted && Instant::now() < end {
        thread::sleep(Duration::from_millis(20));
        here = house.rows();
    }
    assert_eq!(arrivals(&here), wanted);
    for row in &here {
        let name = format!("{} {}", row["source"], row["segment"]);
        assert!(sent.contains(row), "not as it was sent: {name}");
    }
    if H::EXACTLY_ONCE {
        assert_eq!(here.len(), sent.len());
    }
}

pub fn complete_and_in_order<H: House>() {
    let bench = Bench::new();
    let mut house = H::open(bench.home.path());
    let mut sink = bench.open(&house.sink(), &house.options()).unwrap();
    let sent = rows(0..60);
    for epoch in sent.chunks(9) {
        write(sink.as_mut(), epoch);
    }
    let account = drained(sink.as_mut());
    assert!(account.is_settled(), "{account:?}");
    assert_eq!(account.sent, sent.len() as u64);
    assert_arrived(&mut house, &sent);
}

pub fn away_in_mid_stream<H: House>() {
    let bench = Bench::new();
    let mut house = H::open(bench.home.path());
    let mut sink = bench.open(&house.sink(), &house.options()).unwrap();
    let sent = rows(0..90);
    let (first, rest) = sent.split_at(90);
    write(sink.as_mut(), first);
    let sent_so_far = || sink.counters().unwrap().read().sent;
    wait_until("some have arrived", || sent_so_far() > 0);
    house.stop();
    let (second, third) = rest.split_at(90);
    write(sink.as_mut(), second);
    wait_until("it is missed", || {
        sink.counters().unwrap().read().failures > 0
    });
    house.start();
    write(sink.as_mut(), third);
    let account = drained(sink.as_mut());
    assert!(account.is_settled(), "{account:?}");
    assert_arrived(&mut house, &sent);
}

pub fn down_at_start<H: House>() {
    let bench = Bench::new();
    let mut house = H::open(bench.home.path());
    house.stop();
    let mut sink = bench.open(&house.sink(), &house.options()).unwrap();
    let sent = rows(0..20);
    write(sink.as_mut(), &sent);
    house.start();
    let account = drained(sink.as_mut());
    assert!(account.is_settled() && account.failures > 0, "{account:?}");
    assert_arrived(&mut house, &sent);
}

pub fn hanging<H: House>() {
    let bench = Bench::new();
    let mut house = H::open(bench.home.path());
    let mut sink = bench.open(&house.sink(), &house.options()).unwrap();
    let sent = rows(0..40);
    house.hang(true);
    let begun = Instant::now();
    write(sink.as_mut(), &sent);
    // Far below the time limit of the receiver, which is what a wait would take.
    assert!(begun.elapsed() < Duration::from_secs(1));
    house.hang(false);
    let account = drained(sink.as_mut());
    assert!(account.is_settled(), "{account:?}");
    assert_arrived(&mut house, &sent);
}

/// Recorded rows wait for room, and those that wait are no more than there is room for.
pub fn slow<H: House>() {
    const ROOM_BYTES: u64 = 50_000;
    let bench = Bench::new();
    let mut house = H::open(bench.home.path());
    let buffer = format!("buffer = {{ kind = 'memory', bytes = {ROOM_BYTES} }}");
    let table = format!("{}\n{buffer}", house.sink());
    let mut sink = bench.open(&table, &house.options()).unwrap();
    let counters = sink.counters().unwrap();
    let sent = rows(0..60);
    house.hang(true);
    thread::scope(|scope| {
        let sink = sink.as_mut();
        let writing = scope.spawn(|| write(sink, &sent));
        let waiting = || counters.read().waiting_bytes;
        wait_until("there is no room", || waiting() > ROOM_BYTES * 9 / 10);
        assert!(!writing.is_finished());
        house.hang(false);
        while !writing.is_finished() {
            assert!(waiting() <= ROOM_BYTES);
            thread::yield_now();
        }
    });
    let account = drained(sink.as_mut());
    assert!(account.is_settled(), "{account:?}");
    assert_arrived(&mut house, &sent);
}

pub fn large<H: House>() {
    let bench = Bench::new();
    let mut house = H::open(bench.home.path());
    let mut sink = bench.open(&house.sink(), &house.options()).unwrap();
    let mut sent = rows(0..4);
    for score in sent.iter_mut().filter_map(|row| row.score.as_mut()) {
        // About 100 kB as JSON.
        let numbers = (0..4096_i16).map(|it| f32::from(it) / 4096.0);
        score.frame_embedding = Some(numbers.clone().collect());
        score.audio_embedding = Some(numbers.map(|it| -it).collect());
    }
    write(sink.as_mut(), &sent);
    let account = drained(sink.as_mut());
    assert!(account.is_settled(), "{account:?}");
    assert_arrived(&mut house, &sent);
}

pub fn refused<H: House>() {
    let bench = Bench::new();
    let mut house = H::open(bench.home.path());
    let Some(strange) = house.refused() else {
        return;
    };
    let mut sink = bench.open(&house.sink(), &house.options()).unwrap();
    let good = rows(0..10);
    let mut sent = good.clone();
    sent.insert(13, strange.clone());
    write(sink.as_mut(), &sent);
    let account = drained(sink.as_mut());
    assert_eq!((account.refused, account.waiting), (1, 0), "{account:?}");
    assert_arrived(&mut house, &good);
    let dead = fs::read_to_string(bench.dead()).unwrap();
    let dead: Value = serde_json::from_str(dead.trim()).unwrap();
    assert_eq!(dead["letter"]["segment"], strange.segment);
}

pub fn guarded<H: House>() {
    let bench = Bench::new();
    let Some(mut guarded) = H::guarded(bench.home.path()) else {
        return;
    };
    let (table, options) = guarded.good.clone();
    let mut sink = bench.open(&table, &options).unwrap();
    let sent = rows(0..5);
    write(sink.as_mut(), &sent);
    let account = drained(sink.as_mut());
    assert!(account.is_settled(), "{account:?}");
    assert_arrived(&mut guarded.house, &sent);
    for (table, options, told) in &guarded.bad {
        let refused = bench
            .open(table, options)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(refused.contains(told), "{table}\n{options}\n{refused}");
        assert!(!refused.contains(guarded.secret), "{refused}");
        let shown = format!("{:?}", bench.spec(table, "").uri);
        assert!(!shown.contains(guarded.secret), "{shown}");
    }
}

/// The program over recordings, killed while rows are on their way, until a run comes to its end.
pub fn killed<H: House>() {
    let bench = Bench::new();
    let home = bench.home.path();
    let mut house = H::open(home);
    let config = home.join("run.toml");
    let lines = home.join("rows.jsonl");
    let options = match house.options() {
        options if options.is_empty() => options,
        options => format!("[sink.options]\n{options}\n"),
    };
    let text = format!(
        "sinks = ['jsonl:{}']\nstate = '{}'\n[[sink]]\n{}\n[sink.retry]\nfirst = 0.01\n{options}",
        lines.display(),
        home.join("state").display(),
        house.sink(),
    );
    // The first list is for the command line, which has one sink alone; the table is the other.
    fs::write(&config, text).unwrap();
    let sources = [clip(0, 16), clip(1, 17)];
    let run = || {
        run_with_one_network(["--config"])
            .and([&config])
            .and(&sources)
    };
    for bytes in [1, 6000] {
        let mut running = run().start();
        let before = length(&lines);
        wait_until("rows are written", || length(&lines) >= before + bytes);
        if !running.is_over() {
            running.kill();
        }
    }
    let ended = run().end();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let whole = fs::read_to_string(&lines).unwrap();
    let wanted: Vec<Value> = whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let end = Instant::now() + SOON;
    let mut here = house.rows();
    while arrivals(&here) != arrivals(&wanted) && Instant::now() < end {
        thread::sleep(Duration::from_millis(20));
        here = house.rows();
    }
    assert_eq!(arrivals(&here), arrivals(&wanted));
    if H::EXACTLY_ONCE {
        assert_eq!(here.len(), wanted.len());
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
