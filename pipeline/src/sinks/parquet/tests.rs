//! The sink, ended at any moment and opened where it stood.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::RowAccessor,
};
use proptest::prelude::*;
use sonoscope_operators::{ClockSource, Provenance, Row, Score, SourceId, Status};
use tempfile::TempDir;

use super::*;
use crate::sinks::{durable, spool};

/// A thing that is done to the sink.
#[derive(Clone, Debug)]
enum Step {
    /// The next rows of a source, with this many seconds left out before them.
    Rows {
        source: usize,
        left_out: i64,
        count: usize,
    },
    Close(usize),
    Flush,
    Commit,
    /// The program is killed at the point that comes after so many others.
    Kill(u32),
}

const SOURCES: [&str; 3] = ["a", "b", "7"];

fn row(source: &str, segment: i64, network: &str) -> Row {
    let score = Score {
        correspondence: Some((segment % 100) as f32 / 100.0),
        ..Score::default()
    };
    // Source `b` has a wall clock, and begins shortly before midnight.
    let second = 86_390 + segment;
    let day = jiff::civil::date(2026, 11, 23)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .unwrap();
    let time = day.timestamp() + jiff::SignedDuration::from_secs(second);
    Row {
        ordinal: 0,
        network_ordinal: 0,
        source: SourceId::slug(source),
        segment,
        session: 0,
        start_ns: segment * 1_000_000_000,
        end_ns: (segment + 1) * 1_000_000_000,
        wall_clock: (source == "b").then(|| time.to_string()),
        clock_source: ClockSource::File,
        frame_pts_ns: None,
        audio: Status::Present,
        video: Status::Gap,
        audio_dbfs: Some(-20.0),
        dropped: 0,
        provenance: Arc::new(Provenance {
            network: network.into(),
            network_hash: "0123456789".into(),
            provider: "cpu".into(),
            precision: "fp32".into(),
        }),
        score: (segment % 3 != 0).then_some(score),
        localizable: false,
    }
}

/// What is fed: how far each source is, and which has ended.
#[derive(Clone, Default)]
struct Feed {
    next_segment: [i64; 3],
    is_closed: [bool; 3],
}

/// A run: the sink, what is fed to it, and what the ledger keeps.
struct Bench {
    home: TempDir,
    sink: Option<Parquet>,
    feed: Feed,
    /// A position, the step after which it was given out, and what had been fed by then.
    kept: (Position, usize, Feed),
}

impl Bench {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut sink = open(&home.path().join("out"), None).unwrap();
        let kept = (sink.commit().unwrap(), 0, Feed::default());
        let (sink, feed) = (Some(sink), Feed::default());
        Self {
            home,
            sink,
            feed,
            kept,
        }
    }

    /// Does a step, and says which comes next.
    fn take(&mut self, step: &Step, next: usize) -> io::Result<usize> {
        let Some(sink) = &mut self.sink else {
            return Ok(next);
        };
        match *step {
            Step::Rows {
                source,
                left_out,
                count,
            } => {
                feed_rows(sink, &mut self.feed, source, left_out, count)?;
            }
            Step::Close(source) => {
                self.feed.is_closed[source] = true;
                sink.close_source(&SourceId::slug(SOURCES[source]))?;
            }
            Step::Flush => sink.flush()?,
            Step::Commit => self.kept = (sink.commit()?, next, self.feed.clone()),
            Step::Kill(_) => {}
        }
        Ok(next)
    }

    /// What is left is a folder, and what the ledger keeps. A disk may keep bytes that nobody
    /// wrote behind those that were.
    fn killed(&mut self) -> usize {
        self.sink = None;
        let root = self.home.path().join("out");
        let spool = root.join(".sonoscope");
        if let Some(last) = spool::numbers(&spool).unwrap_or_default().last() {
            let path = spool::path_of(&spool, *last);
            let mut last = fs::OpenOptions::new().append(true).open(path).unwrap();
            last.write_all(&[7; 21]).unwrap();
        }
        let again = open(&root, Some(&self.kept.0));
        durable::arm(None);
        self.sink = Some(again.or_else(|_| open(&root, Some(&self.kept.0))).unwrap());
        self.feed = self.kept.2.clone();
        self.kept.1
    }
}

/// Does steps, kills left out where `is_calm`; what can be read at the end.
fn outcome(steps: &[Step], is_calm: bool) -> Vec<Told> {
    let mut bench = Bench::new();
    let mut kills: Vec<Option<u32>> = Vec::new();
    kills.extend(steps.iter().map(|step| match step {
        Step::Kill(points) if !is_calm => Some(*points),
        _ => None,
    }));
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        if let Some(points) = kills[at].take() {
            durable::arm(Some(points));
        }
        at = (bench.take(step, at + 1)).unwrap_or_else(|_| {
            // And killed once more while it goes on, or soon after.
            durable::arm(Some(at as u32 % 5));
            bench.killed()
        });
    }
    durable::arm(None);
    if !is_calm {
        // Stopped by hand, and gone on with later.
        bench.sink.as_mut().unwrap().finish().unwrap();
        let rest = bench.killed();
        for (place, step) in steps.iter().enumerate().skip(rest) {
            bench.take(step, place + 1).unwrap();
        }
    }
    let mut sink = bench.sink.take().unwrap();
    sink.commit().unwrap();
    sink.finish().unwrap();
    read(&bench.home.path().join("out"))
}

fn feed_rows(
    sink: &mut Parquet,
    feed: &mut Feed,
    source: usize,
    left_out: i64,
    count: usize,
) -> io::Result<()> {
    if feed.is_closed[source] {
        return Ok(());
    }
    feed.next_segment[source] += left_out;
    let first = feed.next_segment[source];
    feed.next_segment[source] += count as i64;
    for segment in first..feed.next_segment[source] {
        let of = |network| row(SOURCES[source], segment, network);
        sink.write(&[of("one"), of("own/two")])?;
    }
    Ok(())
}

fn open(root: &Path, at: Option<&Position>) -> io::Result<Parquet> {
    Parquet::open(root.to_str().unwrap(), Form::default(), at)
}

/// A row as it is read: file, segment, correspondence.
type Told = (PathBuf, i64, Option<f32>);

/// All rows below a folder, in order of files.
fn read(root: &Path) -> Vec<Told> {
    let mut told = Vec::new();
    for path in parts(root) {
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let short = path.strip_prefix(root).unwrap().to_owned();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let columns: BTreeMap<_, _> = (row.get_column_iter().enumerate())
                .map(|(place, (name, _))| (name.clone(), place))
                .collect();
            let correspondence = row.get_float(columns["correspondence"]).ok();
            told.push((
                short.clone(),
                row.get_long(columns["segment"]).unwrap(),
                correspondence,
            ));
        }
    }
    told
}

fn parts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.collect();
    paths.sort();
    let below = |path: PathBuf| match path.is_dir() {
        true => parts(&path),
        false if path.extension().is_some_and(|e| e == "parquet") => vec![path],
        false => Vec::new(),
    };
    paths.into_iter().flat_map(below).collect()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_usize, prop_oneof![4 => Just(0_i64), 1 => 3_000..5_000_i64], 1..6_usize)
            .prop_map(|(source, left_out, count)| Step::Rows { source, left_out, count }),
        1 => (0..3_usize).prop_map(Step::Close),
        3 => Just(Step::Flush),
        2 => Just(Step::Commit),
        3 => (0..12_u32).prop_map(Step::Kill),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_killed_run_that_goes_on_ends_as_an_undisturbed_one(steps in steps()) {
        let calm = outcome(&steps, true);
        prop_assert_eq!(outcome(&steps, false), calm);
    }
}

#[test]
fn a_part_is_an_hour_of_a_source_on_one_day() {
    let home = tempfile::tempdir().unwrap();
    let mut sink = open(home.path(), None).unwrap();
    for segment in [0, 1, 9, 10, 3_599, 3_600] {
        sink.write(&[row("a", segment, "one"), row("b", segment, "one")])
            .unwrap();
    }
    sink.flush().unwrap();
    assert_eq!(
        read(home.path()).len(),
        5 + 3 + 2,
        "what is complete can be seen"
    );
    sink.finish().unwrap();
    let parts = parts(home.path()).into_iter().map(|path| {
        let path = path.strip_prefix(home.path()).unwrap();
        path.display().to_string()
    });
    let wanted = [
        "date=2026-11-23/source=b/one-01234567-000000000.parquet",
        "date=2026-11-24/source=b/one-01234567-000000010.parquet",
        "date=2026-11-24/source=b/one-01234567-000003600.parquet",
        "source=a/one-01234567-000000000.parquet",
        "source=a/one-01234567-000003600.parquet",
    ];
    assert_eq!(parts.collect::<Vec<_>>(), wanted);
}

#[test]
fn a_source_that_has_changed_is_done_anew() {
    let home = tempfile::tempdir().unwrap();
    let (a, b) = (SourceId::slug("a"), SourceId::slug("b"));
    let mut sink = open(home.path(), None).unwrap();
    for segment in 0..4 {
        sink.write(&[row("a", segment, "one"), row("b", segment, "one")])
            .unwrap();
    }
    sink.close_source(&b).unwrap();
    let position = sink.commit().unwrap();
    drop(sink);

    let mut sink = open(home.path(), Some(&position)).unwrap();
    for source in [&a, &b] {
        assert_eq!(sink.withdraw(source).unwrap(), Withdrawal::Removed);
    }
    sink.write(&[row("b", 7, "one")]).unwrap();
    let position = sink.commit().unwrap();
    drop(sink);

    let mut sink = open(home.path(), Some(&position)).unwrap();
    sink.finish().unwrap();
    let rows: Vec<_> = read(home.path())
        .into_iter()
        .map(|(_, segment, _)| segment)
        .collect();
    assert_eq!(rows, [7]);
}

#[test]
fn the_spool_does_not_outgrow_what_it_is_needed_for() {
    let home = tempfile::tempdir().unwrap();
    let mut sink = open(home.path(), None).unwrap();
    sink.write(&[row("a", 0, "one")]).unwrap();
    sink.close_source(&SourceId::slug("a")).unwrap();
    let bytes = |position: &Position| position.0["spool"][0]["bytes"].as_u64().unwrap();
    assert_eq!(bytes(&sink.commit().unwrap()), 0, "begun anew");
    sink.commit().unwrap();
    let hidden = home.path().join(".sonoscope");
    assert_eq!(spool::numbers(&hidden).unwrap(), [2]);
    let position = sink.commit().unwrap();
    sink.finish().unwrap();
    drop(sink);
    assert!(!hidden.exists(), "some readers stumble over it");
    let mut sink = open(home.path(), Some(&position)).unwrap();
    sink.write(&[row("a", 1, "one")]).unwrap();
    sink.commit().unwrap();
    sink.finish().unwrap();
    assert_eq!(read(home.path()).len(), 2);
}

#[test]
fn rows_of_another_run_are_not_mixed_with_new_ones() {
    let home = tempfile::tempdir().unwrap();
    let refused = || open(home.path(), None).map(|_| ()).unwrap_err().to_string();
    let mut sink = open(home.path(), None).unwrap();
    assert!(refused().contains("another run writes"));
    sink.write(&[row("a", 0, "one")]).unwrap();
    sink.flush().unwrap();
    drop(sink);
    assert!(refused().contains("not come to its end"));
    fs::remove_dir_all(home.path().join(".sonoscope")).unwrap();
    let mut sink = open(home.path(), None).unwrap();
    sink.write(&[row("a", 0, "one")]).unwrap();
    sink.finish().unwrap();
    drop(sink);
    assert!(refused().contains("source=a/one-01234567-000000000.parquet"));
    assert_eq!(read(home.path()).len(), 1, "it is still there");
}
