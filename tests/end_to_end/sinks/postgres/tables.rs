//! What is promised of the tables.

use std::{path::Path, sync::Arc, time::Instant};

use serde_json::Value;
use sonoscope::{
    sinks::{
        Form, Opening, Position, Sink, SinkSpec,
        delivery::{
            letter::{Content, Letter},
            receiver::Receiver,
        },
    },
    sources::Stop,
};
use sonoscope_operators::{Row, SourceId};

use super::{super::row::row, Database};

/// A server, and a sink's table that leads to it.
struct Desk {
    database: Database,
    home: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            database: Database::start(None),
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn spec(&self, who: &str, query: &str) -> SinkSpec {
        let port = self.database.port();
        let dead = self.home.path().join("dead.jsonl");
        let text = format!(
            "uri = 'postgres://{who}@127.0.0.1:{port}/cameras{query}'\ndead-letters = '{}'\n\
             include = ['embeddings']\n[retry]\nfirst = 0.01\nmost = 0.1\ntimeout = 5.0",
            dead.display()
        );
        toml::from_str(&text).unwrap()
    }

    fn receiver(&self, spec: &SinkSpec) -> Box<dyn Receiver> {
        with_opening(None, None, |opening| spec.receiver(opening))
            .unwrap()
            .unwrap()
    }

    fn sink(&self, state: Option<&Path>, at: Option<&Position>) -> Box<dyn Sink> {
        let spec = self.spec("cameras", "");
        with_opening(state, at, |opening| spec.open(opening)).unwrap()
    }
}

fn with_opening<T>(
    state: Option<&Path>,
    at: Option<&Position>,
    then: impl FnOnce(&Opening) -> T,
) -> T {
    then(&Opening {
        form: &Form::default(),
        state,
        at,
        stop: &Stop::default(),
    })
}

fn letters(contents: impl IntoIterator<Item = Content>) -> Vec<Letter> {
    let contents = contents.into_iter().map(Arc::new);
    (1..)
        .zip(contents)
        .map(|(number, content)| Letter { number, content })
        .collect()
}

fn change(key: &str, body: Option<&str>) -> Content {
    Content::Change {
        view: "loud".into(),
        source: None,
        key: key.into(),
        body: body.map(str::to_owned),
    }
}

fn rows(source: &str, segments: std::ops::Range<i64>) -> impl Iterator<Item = Row> {
    segments.map(move |segment| row(source, segment, Some(0.75)))
}

#[test]
fn a_row_is_there_once_as_it_was_said_last() {
    let desk = Desk::new();
    let mut receiver = desk.receiver(&desk.spec("cameras", ""));
    assert_eq!(receiver.connect().unwrap(), None);
    let first = rows("a", 0..20).chain(rows("b", 0..5)).map(Content::Row);
    receiver.send(&letters(first)).unwrap();
    let louder = Row {
        audio_dbfs: Some(-3.5),
        ..row("a", 7, Some(0.25))
    };
    // Twice in a batch, and between them a withdrawal of others.
    let again = [
        Content::Row(row("a", 7, None)),
        Content::Row(row("b", 9, None)),
        Content::Withdrawn(SourceId::slug("b")),
        Content::Row(row("b", 1, Some(0.5))),
        Content::Row(louder),
    ];
    receiver.send(&letters(again)).unwrap();
    let count = "SELECT source, count(*) FROM sonoscope.rows GROUP BY source ORDER BY source";
    assert_eq!(desk.database.run(count), "a|20\nb|1");
    let seven = "SELECT audio_dbfs, correspondence, peak_x IS NULL, heatmap IS NULL, \
        cardinality(frame_embedding), wall_clock AT TIME ZONE 'UTC' \
        FROM sonoscope.rows WHERE source = 'a' AND segment = 7";
    assert_eq!(
        desk.database.run(seven),
        "-3.5|0.25|f|t|128|2026-11-23 12:00:00"
    );
}

#[test]
fn answers_of_views_are_those_that_hold() {
    let desk = Desk::new();
    let mut receiver = desk.receiver(&desk.spec("cameras", ""));
    receiver.connect().unwrap();
    let said = [
        change("a", Some(r#"{"is":1}"#)),
        change("b", Some("[2]")),
        change("a", Some(r#"{"is":"Ü"}"#)),
    ];
    receiver.send(&letters(said)).unwrap();
    receiver
        .send(&letters([change("b", None), change("c", None)]))
        .unwrap();
    let held = "SELECT view, key, source, answer FROM sonoscope.changes";
    let held = desk.database.json(held).unwrap();
    let wanted: Value =
        serde_json::from_str(r#"{"view":"loud","key":"a","source":null,"answer":{"is":"Ü"}}"#)
            .unwrap();
    assert_eq!(held, [wanted]);
}

#[test]
fn a_constraint_of_somebody_elses_makes_dead_letters_and_no_more() {
    let desk = Desk::new();
    desk.receiver(&desk.spec("cameras", "")).connect().unwrap();
    desk.database.run(
        "CREATE FUNCTION sonoscope.not_odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF NEW.segment % 4 = 1 THEN RAISE integrity_constraint_violation; END IF; \
         RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER not_odd AFTER INSERT ON sonoscope.rows \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sonoscope.not_odd()",
    );
    let mut sink = desk.sink(None, None);
    let all: Vec<_> = rows("a", 0..41).collect();
    sink.write(&all).unwrap();
    sink.drain(Instant::now() + std::time::Duration::from_secs(40))
        .unwrap();
    let account = sink.counters().unwrap().read();
    sink.finish().unwrap();
    assert_eq!((account.sent, account.refused), (31, 10), "{account:?}");
    let there = "SELECT count(*), count(*) FILTER (WHERE segment % 4 = 1) FROM sonoscope.rows";
    assert_eq!(desk.database.run(there), "31|0");
    let dead = std::fs::read_to_string(desk.home.path().join("dead.jsonl")).unwrap();
    assert_eq!(dead.lines().count(), 10);
    assert!(dead.contains("SQLSTATE 23000"), "{dead}");
}

#[test]
fn what_was_taken_is_known_to_the_next_run_and_to_no_other() {
    let desk = Desk::new();
    let state = desk.home.path().join("state");
    let all: Vec<_> = rows("a", 0..30).collect();
    let mut sink = desk.sink(Some(&state), None);
    sink.write(&all).unwrap();
    sink.drain(Instant::now() + std::time::Duration::from_secs(40))
        .unwrap();
    let at = sink.commit().unwrap();
    sink.finish().unwrap();
    drop(sink);
    let progress = "SELECT count(*), max(number), max(run) FROM sonoscope.progress";
    assert_eq!(desk.database.run(progress), "1|30|1");

    let spec = desk.spec("cameras", "");
    let known = |state: &Path| {
        let made = with_opening(Some(state), Some(&at), |opening| spec.receiver(opening));
        made.unwrap().unwrap().connect().unwrap()
    };
    assert_eq!(known(&state), Some(30));
    // That run has sent nothing, so what the server remembers is not of the one before this.
    assert_eq!(known(&state), None);
    assert_eq!(known(&desk.home.path().join("elsewhere")), None);
}

#[test]
fn a_dry_run_leaves_nothing_behind_and_a_name_is_only_a_name() {
    let desk = Desk::new();
    let strange = "?schema=a\"b; DROP TABLE x --'%25s";
    let spec = desk.spec("cameras", &strange.replace('\'', "%27"));
    let state = desk.home.path().join("state");
    with_opening(Some(&state), None, |opening| spec.try_out(opening)).unwrap();
    let schemas = "SELECT string_agg(nspname, ' ') FROM pg_namespace \
        WHERE nspname !~ '^(pg_|public|information_schema)'";
    assert_eq!(desk.database.run(schemas), "");
    assert!(!state.exists());
    let mut receiver = desk.receiver(&spec);
    receiver.connect().unwrap();
    receiver
        .send(&letters(rows("a", 0..3).map(Content::Row)))
        .unwrap();
    assert_eq!(desk.database.run(schemas), "a\"b; DROP TABLE x --'%s");
}

#[test]
fn who_may_only_write_finds_tables_that_are_there_and_may_make_none() {
    let desk = Desk::new();
    desk.database.run("CREATE ROLE clerk LOGIN");
    let spec = desk.spec("clerk", "");
    let denied = desk.receiver(&spec).connect().unwrap_err().to_string();
    assert!(
        denied.contains("42501") && denied.contains("tip: GRANT"),
        "{denied}"
    );
    desk.receiver(&desk.spec("cameras", "")).connect().unwrap();
    desk.database.run(
        "GRANT USAGE ON SCHEMA sonoscope TO clerk; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA sonoscope TO clerk",
    );
    let mut receiver = desk.receiver(&spec);
    receiver.connect().unwrap();
    receiver
        .send(&letters(rows("a", 0..3).map(Content::Row)))
        .unwrap();
    desk.database
        .run("UPDATE sonoscope.migrations SET number = number + 100");
    let newer = desk.receiver(&spec).connect().unwrap_err().to_string();
    assert!(
        newer.contains("newer sonoscope") && newer.contains("tip:"),
        "{newer}"
    );
}

#[test]
fn many_begin_at_once_and_make_the_tables_once() {
    let desk = Desk::new();
    let receivers = [(); 4].map(|()| desk.receiver(&desk.spec("cameras", "")));
    let connected = std::thread::scope(|scope| {
        let all = receivers.map(|mut receiver| scope.spawn(move || receiver.connect()));
        all.into_iter()
            .map(|one| one.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert!(connected.iter().all(Result::is_ok), "{connected:?}");
    assert_eq!(
        desk.database
            .run("SELECT count(*) FROM sonoscope.migrations"),
        "4"
    );
}
