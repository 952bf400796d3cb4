use std::{path::Path, time::Duration};

use sonoscope_operators::Include;

use super::{
    receiver::SendError,
    testing::{Script, Scripted, row},
    *,
};
use crate::sinks::Form;

const SOON: Duration = Duration::from_secs(20);

struct Bench {
    script: Script,
    stop: Stop,
    spec: SinkSpec,
}

impl Bench {
    fn new(table: &str) -> Self {
        let text = format!(
            "uri = 'webhook+http://127.0.0.1:1/'\n{table}\n[retry]\nfirst = 0.001\nmost = 0.002"
        );
        Self {
            script: Script::default(),
            stop: Stop::default(),
            spec: toml::from_str(&text).unwrap(),
        }
    }

    fn open(&self, state: Option<&Path>, at: Option<&Position>) -> Delivered {
        let form = Form::default();
        let opening = Opening {
            form: &form,
            state,
            at,
            stop: &self.stop,
        };
        let receiver = Box::new(Scripted(self.script.clone()));
        let style = Style {
            include: Include::default(),
            cloudevents: false,
        };
        Delivered::open(&self.spec, receiver, style, &opening).unwrap()
    }
}

fn write(sink: &mut Delivered, segments: std::ops::Range<i64>) {
    let rows: Vec<_> = segments
        .map(|segment| row("cam", segment, Some(0.7)))
        .collect();
    sink.write(&rows).unwrap();
    sink.flush().unwrap();
}

fn drained(sink: &mut Delivered) -> Account {
    sink.drain(Instant::now() + SOON).unwrap();
    sink.counters().unwrap().read()
}

#[test]
fn all_rows_arrive_in_order_whatever_happens_on_the_way() {
    let bench = Bench::new("");
    let lost = |taken| SendError::Lost {
        taken,
        reason: "gone".into(),
    };
    bench
        .script
        .fail([lost(0), lost(2), SendError::denied("no"), lost(1)]);
    let mut sink = bench.open(None, None);
    write(&mut sink, 0..40);
    write(&mut sink, 40..60);
    let account = drained(&mut sink);
    assert!(account.is_settled() && account.failures == 4, "{account:?}");
    assert_eq!(account.sent, 60);
    assert_eq!(bench.script.segments(), (0..60).collect::<Vec<_>>());
    sink.finish().unwrap();
}

#[test]
fn letters_that_are_not_taken_at_once_come_again_at_the_beginning_of_the_next() {
    let bench = Bench::new("");
    bench.script.takes(3);
    let mut sink = bench.open(None, None);
    write(&mut sink, 0..20);
    assert_eq!(drained(&mut sink).sent, 20);
    assert_eq!(bench.script.segments(), (0..20).collect::<Vec<_>>());
}

#[test]
fn what_is_refused_goes_to_the_dead_letters_and_the_rest_arrives() {
    let home = tempfile::tempdir().unwrap();
    let dead = home.path().join("dead.jsonl");
    let bench = Bench::new(&format!("dead-letters = '{}'", dead.display()));
    bench.script.hold(true);
    bench.script.fail([SendError::Refused {
        index: 3,
        reason: "too strange".into(),
    }]);
    let mut sink = bench.open(None, None);
    write(&mut sink, 0..9);
    bench.script.hold(false);
    let account = drained(&mut sink);
    assert_eq!((account.sent, account.refused, account.waiting), (8, 1, 0));
    assert_eq!(bench.script.segments(), [0, 1, 2, 4, 5, 6, 7, 8]);
    let lines = std::fs::read_to_string(dead).unwrap();
    let line: serde_json::Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(line["reason"], "too strange");
    assert_eq!(line["id"], "cam/3/net@0123456789ab");
    assert_eq!(line["letter"]["segment"], 3);
}

#[test]
fn of_live_sources_the_newest_rows_are_left_out_when_there_is_no_room_and_counted() {
    let bench = Bench::new("[buffer]\nbytes = 20000");
    bench.script.hold(true);
    let mut sink = bench.open(None, None);
    let rows = (0..100).map(|segment| Row {
        ordinal: 1 << 30,
        ..row("cam", segment, Some(0.7))
    });
    let rows: Vec<_> = rows.collect();
    sink.write(&rows).unwrap();
    bench.script.hold(false);
    let account = drained(&mut sink);
    assert_eq!(account.sent + account.dropped, 100);
    assert!((5..30).contains(&account.sent), "{account:?}");
    let first: Vec<_> = (0..account.sent as i64).collect();
    assert_eq!(bench.script.segments(), first);
}

#[test]
fn recordings_wait_for_room() {
    let bench = Bench::new("[buffer]\nbytes = 4000");
    let mut sink = bench.open(None, None);
    for start in 0..10 {
        write(&mut sink, start * 30..(start + 1) * 30);
    }
    assert_eq!(drained(&mut sink).sent, 300);
    assert_eq!(bench.script.segments(), (0..300).collect::<Vec<_>>());
    bench.script.hold(true);
    bench.stop.raise();
    let rows: Vec<_> = (0..99)
        .map(|segment| row("cam", segment, Some(0.7)))
        .collect();
    let stopped = sink.write(&rows).unwrap_err();
    assert_eq!(stopped.kind(), io::ErrorKind::Interrupted);
}

#[test]
fn what_waits_on_disk_is_sent_by_the_next_run_and_nothing_behind_its_commit() {
    let home = tempfile::tempdir().unwrap();
    let bench = Bench::new("");
    bench.script.hold(true);
    let mut sink = bench.open(Some(home.path()), None);
    write(&mut sink, 0..30);
    let at = sink.commit().unwrap();
    write(&mut sink, 30..50);
    sink.finish().unwrap();
    assert!(sink.counters().unwrap().read().is_kept);
    drop(sink);
    bench.script.hold(false);
    // It remembers 45 letters of a run that was killed behind its commit: no more than 30 count.
    bench.script.knows(45);
    let mut sink = bench.open(Some(home.path()), Some(&at));
    write(&mut sink, 30..40);
    assert!(drained(&mut sink).is_settled());
    assert_eq!(bench.script.segments(), (30..40).collect::<Vec<_>>());
    let at = sink.commit().unwrap();
    sink.finish().unwrap();
    bench.script.knows(0);
    let mut sink = bench.open(Some(home.path()), Some(&at));
    assert!(drained(&mut sink).is_settled(), "all were taken before");
    assert_eq!(bench.script.segments().len(), 10);
}

#[test]
fn what_memory_holds_is_waited_for_before_a_commit() {
    let bench = Bench::new("[buffer]\nkind = 'memory'");
    let home = tempfile::tempdir().unwrap();
    bench
        .script
        .fail([SendError::lost("not yet"), SendError::lost("not yet")]);
    let mut sink = bench.open(Some(home.path()), None);
    write(&mut sink, 0..5);
    assert_eq!(sink.commit().unwrap(), Position(serde_json::Value::Null));
    assert_eq!(bench.script.segments().len(), 5);
}
