//! Decisions over sources, from one run to the next.

use std::{fs, path::PathBuf, sync::Arc};

use serde_json::json;
use sonoscope_operators::{ClockSource, Provenance, Status as Fared};
use tempfile::TempDir;

use super::*;
use crate::sources::{Reading, SourceError};

/// A state folder, and recordings that are none: nothing here looks into them.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn ledger(&self, retry_failed: bool) -> Ledger {
        Ledger::open(&self.0.path().join("state"), retry_failed).unwrap()
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

fn spec(ordinal: u32, id: &str, path: &Path) -> SourceSpec {
    SourceSpec {
        ordinal,
        ..SourceSpec::new(SourceId::slug(id), path.into(), Reading::default())
    }
}

fn row(ordinal: u32, segment: i64) -> Row {
    let provenance = Provenance {
        network: "n".into(),
        network_hash: "0".into(),
        provider: "cpu".into(),
        precision: "fp32".into(),
    };
    Row {
        ordinal,
        network_ordinal: 0,
        source: SourceId::slug("any"),
        segment,
        session: 0,
        start_ns: 0,
        end_ns: (segment + 1) * 1_000_000_000,
        wall_clock: None,
        clock_source: ClockSource::File,
        frame_pts_ns: None,
        audio: Fared::Present,
        video: Fared::Present,
        audio_dbfs: None,
        dropped: 0,
        provenance: Arc::new(provenance),
        score: None,
        localizable: false,
    }
}

/// Rows of these segments, then the end of the source, with this result.
fn read(
    ledger: &Ledger,
    spec: &SourceSpec,
    segments: std::ops::Range<i64>,
    result: Result<(), SourceError>,
) {
    let rows: Vec<_> = segments.map(|segment| row(spec.ordinal, segment)).collect();
    ledger.ended(&Ended {
        spec: spec.clone(),
        result,
    });
    ledger.written(&rows, [spec.ordinal]);
}

fn commit(ledger: &Ledger) {
    let sinks = vec![("null:".to_owned(), Position(json!(null)))];
    ledger.commit(sinks, 0, 1, false).unwrap();
}

#[test]
fn what_was_done_is_done_before_and_what_was_stopped_goes_on() {
    let home = Home::new();
    let (a, b) = (home.file("a.mp4", "a"), home.file("b.mp4", "b"));
    let ledger = home.ledger(false);
    for (ordinal, path, result) in [(0, &a, Ok(())), (1, &b, Err(SourceError::Stopped))] {
        let mut spec = spec(ordinal, &path.to_string_lossy(), path);
        assert_eq!(
            ledger.admit(&mut spec).unwrap(),
            Admission::Read { before_s: 0 }
        );
        assert_eq!(spec.range.from, 0);
        ledger.ended(&Ended {
            spec: spec.clone(),
            result,
        });
        let ending = (ordinal == 0).then(|| spec.id.clone());
        assert_eq!(
            ledger.ending(ordinal),
            ending,
            "one that was stopped is not closed"
        );
        let rows: Vec<_> = (0..5).map(|segment| row(ordinal, segment)).collect();
        ledger.written(&rows, [ordinal]);
    }
    commit(&ledger);
    drop(ledger);

    let ledger = home.ledger(true);
    let mut again = spec(0, &a.to_string_lossy(), &a);
    assert_eq!(ledger.admit(&mut again).unwrap(), Admission::Done);
    let mut rest = spec(1, &b.to_string_lossy(), &b);
    assert_eq!(
        ledger.admit(&mut rest).unwrap(),
        Admission::Read { before_s: 5 }
    );
    assert_eq!(rest.range.from, 5);
    assert!(ledger.take_withdrawals().is_empty());
    // Nothing more was in it: it is done all the same.
    read(&ledger, &rest, 5..5, Ok(()));
    commit(&ledger);
    assert_eq!(ledger.admit(&mut rest).unwrap(), Admission::Done);
}

#[test]
fn what_is_not_committed_is_not_there() {
    let home = Home::new();
    let path = home.file("a.mp4", "a");
    let ledger = home.ledger(false);
    let mut spec = spec(0, "a", &path);
    ledger.admit(&mut spec).unwrap();
    ledger.written(&[row(0, 0), row(0, 0), row(0, 1)], []);
    commit(&ledger);
    read(&ledger, &spec, 2..9, Ok(()));
    drop(ledger);

    let ledger = home.ledger(false);
    assert_eq!(
        ledger.admit(&mut spec).unwrap(),
        Admission::Read { before_s: 2 }
    );
    assert_eq!(spec.range.from, 2);
}

#[test]
fn failures_are_tried_again_only_when_asked_for() {
    let home = Home::new();
    let (bad, short) = (home.file("bad.mp4", "a"), home.file("short.mp4", "b"));
    let ledger = home.ledger(false);
    let mut specs = [spec(0, "bad", &bad), spec(1, "short", &short)];
    for spec in &mut specs {
        ledger.admit(spec).unwrap();
    }
    read(&ledger, &specs[0], 0..3, Err(SourceError::NotMedia));
    read(&ledger, &specs[1], 0..0, Ok(()));
    commit(&ledger);
    for (spec, error) in specs
        .iter_mut()
        .zip([SourceError::NotMedia, SourceError::TooShort])
    {
        let reason = error.to_string();
        assert_eq!(ledger.admit(spec).unwrap(), Admission::Failed { reason });
    }
    drop(ledger);
    let ledger = home.ledger(true);
    assert_eq!(
        ledger.admit(&mut specs[0]).unwrap(),
        Admission::Read { before_s: 3 }
    );
    assert_eq!(specs[0].range.from, 3);
}

#[test]
fn what_has_changed_is_withdrawn_before_it_is_committed_anew() {
    let home = Home::new();
    let path = home.file("a.mp4", "a");
    let ledger = home.ledger(false);
    let mut old = spec(0, "a", &path);
    ledger.admit(&mut old).unwrap();
    read(&ledger, &old, 0..3, Ok(()));
    commit(&ledger);
    drop(ledger);

    home.file("a.mp4", "something else");
    let ledger = home.ledger(false);
    let mut new = spec(0, "a", &path);
    assert_eq!(
        ledger.admit(&mut new).unwrap(),
        Admission::Read { before_s: 0 }
    );
    assert_eq!(new.range.from, 0);
    // A commit between this and the withdrawal must not forget that it is due.
    commit(&ledger);
    drop(ledger);
    let ledger = home.ledger(false);
    ledger.admit(&mut new).unwrap();
    assert_eq!(ledger.take_withdrawals(), [new.id.clone()]);
    assert!(ledger.take_withdrawals().is_empty());
    commit(&ledger);
    drop(ledger);
    let ledger = home.ledger(false);
    assert_eq!(
        ledger.admit(&mut new).unwrap(),
        Admission::Read { before_s: 0 }
    );
    assert!(ledger.take_withdrawals().is_empty(), "it was withdrawn");
}

#[test]
fn files_that_move_vanish_or_come_are_told_apart() {
    let home = Home::new();
    let (a, b) = (home.file("one/a.mp4", "a"), home.file("two/a.mp4", "other"));
    let absent = home.0.path().join("absent.mp4");
    let ledger = home.ledger(false);
    let mut first = spec(0, "a", &a);
    let mut missing = spec(1, "absent", &absent);
    ledger.admit(&mut first).unwrap();
    ledger.admit(&mut missing).unwrap();
    read(&ledger, &first, 0..3, Ok(()));
    read(
        &ledger,
        &missing,
        0..0,
        Err(SourceError::Missing(absent.clone())),
    );
    commit(&ledger);

    let taken = Admission::Taken { by: a.clone() };
    assert_eq!(ledger.admit(&mut spec(2, "a", &b)).unwrap(), taken);
    let moved = home.0.path().join("moved.mp4");
    fs::rename(&a, &moved).unwrap();
    assert_eq!(
        ledger.admit(&mut spec(3, "a", &moved)).unwrap(),
        Admission::Done
    );
    assert_eq!(
        ledger.admit(&mut first).unwrap(),
        Admission::Done,
        "gone, but done"
    );

    let told = ledger.admit(&mut missing).unwrap();
    assert!(
        matches!(told, Admission::Failed { .. }),
        "still missing: {told:?}"
    );
    home.file("absent.mp4", "now it is here");
    assert_eq!(
        ledger.admit(&mut missing).unwrap(),
        Admission::Read { before_s: 0 }
    );
}

#[test]
fn another_job_is_refused_with_what_differs() {
    let home = Home::new();
    let terms = Terms {
        row_schema: 1,
        networks: Vec::new(),
        heatmap: false,
        embeddings: false,
        silence_dbfs: -60.0,
        frames: "exact".into(),
        from_s: 0,
        to_s: 9,
        clock: "none".into(),
    };
    let sinks = vec![("null:".to_owned(), Position(json!(null)))];
    let ledger = home.ledger(false);
    assert_eq!(ledger.sinks(&terms).unwrap(), None);
    ledger.begin(&terms, &sinks).unwrap();
    drop(ledger);
    let ledger = home.ledger(false);
    assert_eq!(ledger.sinks(&terms).unwrap(), Some(sinks));
    let other = Terms { to_s: 5, ..terms };
    let refused = ledger.sinks(&other).unwrap_err();
    assert!(
        refused.to_string().contains("--to was 9 and is now 5"),
        "{refused}"
    );
}

#[test]
fn status_counts_what_is_committed() {
    let home = Home::new();
    let (a, b) = (home.file("a.mp4", "a"), home.file("b.mp4", "b"));
    let ledger = home.ledger(false);
    let mut done = spec(0, "a", &a);
    let mut open = spec(1, "b", &b);
    ledger.admit(&mut done).unwrap();
    ledger.admit(&mut open).unwrap();
    read(&ledger, &done, 0..20, Ok(()));
    ledger.written(&[row(1, 0), row(1, 1)], []);
    let sinks = vec![("null:".to_owned(), Position(json!(null)))];
    ledger.commit(sinks, 22, 5, false).unwrap();
    let folder = home.0.path().join("state");
    let told = Status::read(&folder, 10).unwrap();
    assert_eq!(
        told.holder.as_ref().map(|holder| holder.pid),
        Some(std::process::id())
    );
    assert_eq!(
        (told.sources.done, told.sources.failed, told.sources.left),
        (1, 0, 4)
    );
    assert_eq!((told.seconds, told.sinks.len()), (22, 1));
    // As the one that is done, each of the four that are left is held to be 20 s long.
    if let (Some(speed), Some(left_s)) = (told.speed, told.left_s) {
        assert!((left_s * speed - 80.0).abs() < 1.0, "{left_s} s at {speed}");
    }
    drop(ledger);
    assert!(
        Status::read(&folder, 10)
            .unwrap()
            .to_string()
            .starts_with("stopped")
    );
}
