//! How sinks are asked for, and what is said of those that cannot be.

use std::{fs, net::TcpListener, path::Path};

use serde_json::Value;

use super::house::free_port;
use crate::support::{
    jobs::clip,
    program::{Run, run_with_one_network, sonoscope, wait_until},
};

fn config(home: &Path, text: &str) -> std::path::PathBuf {
    let path = home.join("run.toml");
    fs::write(&path, text).unwrap();
    path
}

fn run(home: &Path, text: &str) -> Run {
    run_with_one_network(["--config"])
        .and([config(home, text)])
        .and([clip(0, 16)])
}

#[test]
fn every_sink_is_listed_with_an_example_that_can_be_understood() {
    let listed = sonoscope(["sinks"]).done().stdout;
    let home = tempfile::tempdir().unwrap();
    let mut count = 0;
    for line in listed
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--sink '"))
    {
        count += 1;
        let uri = line.trim_end_matches('\'');
        // Without its server: what cannot be understood ends with 2.
        let sink = format!("[[sink]]\nuri = '{uri}'\n");
        let tried = (run(home.path(), &sink).and(["--dry-run"]))
            .with("WORD", "hush")
            .end();
        assert_ne!(tried.status.code(), Some(2), "{uri}: {}", tried.stderr);
    }
    assert!(count >= 5, "{listed}");
}

#[test]
fn what_cannot_be_understood_is_told_without_its_secrets() {
    let home = tempfile::tempdir().unwrap();
    for (sink, told) in [
        ("amqp://me:hush-hush@h/x", "amqp://***@h/x"),
        ("webhook+https://", "where to"),
        ("webhook+https://me:hush-hush@:80/x", "no host"),
        ("webhook+https://me:hush-hush@h:port/x", "port"),
        (
            "webhook+https://me:${SONOSCOPE_NOT_SET}@h/x",
            "SONOSCOPE_NOT_SET",
        ),
    ] {
        let ended = run_with_one_network(["--sink", sink])
            .and([clip(0, 16)])
            .end();
        let ended = ended.exited(2);
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
        assert!(!ended.stderr.contains("hush-hush"), "{}", ended.stderr);
    }
    for (text, told) in [
        ("[[sink]]\nuri = 'null:'\ncolour = 1", ["line 3", "colour"]),
        (
            "[[sink]]\nuri = 'null:'\n[sink.filter]\ncorrespondence-from = 7",
            ["filter", "within"],
        ),
        (
            "[[sink]]\nuri = 'null:'\n[[sink]]\nuri = 'null:'",
            ["null:", "twice"],
        ),
        (
            "[[sink]]\nuri = 'webhook+http://h/'\n[sink.options]\nbatsh = 7",
            ["batsh", "batch"],
        ),
        (
            "[[sink]]\nuri = 'jsonl:x'\n[sink.options]\nrotate = 'often'",
            ["rotate", "often"],
        ),
    ] {
        run(home.path(), text).end().exited(2).explains(&told);
    }
}

#[test]
fn a_dry_run_tells_which_sinks_are_there_and_leaves_files_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let rows = home.path().join("rows.jsonl");
    fs::write(&rows, "precious\n").unwrap();
    let good = format!("sinks = ['jsonl:{}', 'null:']\n", rows.display());
    let ended = run(home.path(), &good).and(["--dry-run"]).done();
    assert_eq!(
        ended
            .stdout
            .lines()
            .filter(|line| line.ends_with(": ok"))
            .count(),
        2
    );
    assert_eq!(fs::read_to_string(&rows).unwrap(), "precious\n");
    let bad = format!(
        "{good}[[sink]]\nuri = 'webhook+http://127.0.0.1:{}/'\n",
        free_port()
    );
    // The list is a shorter way to say tables: both count.
    let ended = run(home.path(), &bad).and(["--dry-run"]).end().exited(3);
    assert!(
        ended.stdout.contains("webhook+http://127.0.0.1"),
        "{}",
        ended.stdout
    );
}

/// A server that takes connections and says nothing.
fn deaf() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn one_that_never_answers_costs_the_others_nothing_and_is_told_at_the_end() {
    let home = tempfile::tempdir().unwrap();
    let rows = home.path().join("rows.jsonl");
    let listener = deaf();
    let text = format!(
        "sinks = ['jsonl:{}']\nstate = '{}'\n[[sink]]\nuri = 'webhook+http://{}/'\n\
         [sink.retry]\ntimeout = 1\n[sink.options]\nsecret = 'hush-hush'\nbearer = '${{WORD}}'\n",
        rows.display(),
        home.path().join("state").display(),
        listener.local_addr().unwrap(),
    );
    let running = run(home.path(), &text)
        .with("WORD", "t0p-secret")
        .and(["-vv"])
        .start();
    let lines = || {
        fs::read_to_string(&rows)
            .unwrap_or_default()
            .lines()
            .count()
    };
    wait_until("all rows are written", || lines() == 16);
    running.signal("INT");
    let ended = running.end().exited(3);
    assert!(
        ended.stderr.contains("wait in the state folder"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("tip:"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hush-hush") && !ended.stderr.contains("t0p-secret"));
    for entry in walk(home.path())
        .iter()
        .filter(|path| !path.ends_with("run.toml"))
    {
        let bytes = fs::read(entry).unwrap();
        for secret in ["hush-hush", "t0p-secret"] {
            let is_there = bytes
                .windows(secret.len())
                .any(|part| part == secret.as_bytes());
            assert!(!is_there, "{} has a secret", entry.display());
        }
    }
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let below = |path: std::path::PathBuf| match path.is_dir() {
        true => walk(&path),
        false => vec![path],
    };
    entries.flat_map(below).collect()
}

#[test]
fn a_filter_lets_through_what_it_says() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    let sources = [clip(0, 16), clip(1, 17)];
    let ids = sources
        .each_ref()
        .map(|source| crate::support::jobs::id_of(source));
    let text = format!(
        "[[sink]]\nuri = 'jsonl:{}'\n[[sink]]\nuri = 'jsonl:{}'\ninclude = ['embeddings']\n\
         [sink.filter]\nsource = ['{}']\n",
        path("all.jsonl").display(),
        path("one.jsonl").display(),
        ids[1],
    );
    run_with_one_network(["--config"])
        .and([config(home.path(), &text)])
        .and(&sources)
        .done();
    let rows = |name: &str| -> Vec<Value> {
        let text = fs::read_to_string(path(name)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let (all, one) = (rows("all.jsonl"), rows("one.jsonl"));
    assert_eq!((all.len(), one.len()), (33, 17));
    assert!(one.iter().all(|row| row["source"] == ids[1].as_str()));
    assert!(one.iter().all(|row| row.get("frame_embedding").is_some()));
    assert!(all.iter().all(|row| row.get("frame_embedding").is_none()));
}
