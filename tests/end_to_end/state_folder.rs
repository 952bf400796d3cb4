//! State folders: what is refused, what changed files come to, and what `status` tells.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::PathBuf,
    process::Command,
};

use serde_json::Value;

use crate::support::{
    jobs::{JSONL, Job, clip, id_of, undisturbed},
    program::{Run, run_with_one_network, sonoscope, sonoscope_as, wait_until},
    repository,
};

/// The user whom nothing belongs to.
const NOBODY: u32 = 65534;

fn status(job: &Job) -> Value {
    let told = sonoscope(["status", "--json"]).and([job.state()]).done();
    serde_json::from_str(&told.stdout).unwrap()
}

/// A job of one clip, done.
fn done() -> Job {
    let job = Job::new(JSONL, &[clip(0, 16)]);
    job.run().done();
    job
}

#[test]
fn the_state_of_another_job_is_refused() {
    let job = done();
    let before = fs::read(job.output()).unwrap();
    let other = job.run().and(["--silence", "-50"]).end().exited(3);
    other.explains(&["another job", "--silence was -60 and is now -50"]);
    let other = job.run().and(["--precision", "int8"]).end().exited(3);
    other.explains(&["fp32", "int8"]);
    let other = job.run().and(["--sink", "null:"]).end().exited(3);
    other.explains(&["null: is new"]);
    assert_eq!(fs::read(job.output()).unwrap(), before);
}

#[test]
fn the_second_process_is_told_who_is_first() {
    let job = Job::new(JSONL, &[clip(0, 16)]);
    let first = job.run().start();
    wait_until("the ledger is open", || {
        job.bytes("state/ledger.sqlite-wal") > 0
    });
    first.signal("STOP");
    let second = job.run().end();
    let told = status(&job);
    first.signal("CONT");
    let pid = first.id();
    first.end().exited(0);
    second
        .exited(3)
        .explains(&[&format!("process {pid} on "), "since "]);
    assert_eq!(told["state"], "running");
    assert_eq!(told["holder"]["pid"], pid);
    assert_eq!(status(&job)["state"], "finished");
}

#[test]
fn status_tells_how_far_a_job_is() {
    let clips = [
        clip(0, 16),
        clip(1, 17),
        PathBuf::from("/nowhere/at all.mp4"),
    ];
    let job = Job::new(JSONL, &clips);
    let running = job.run().and(["--commit-every", "0"]).start();
    wait_until("rows are written", || job.bytes("rows") > 0);
    wait_until("they are committed", || {
        job.bytes("state/lock") > 0 && status(&job)["seconds"].as_i64().unwrap() > 0
    });
    running.end().exited(1);

    let told = status(&job);
    assert_eq!(
        (&told["state"], &told["holder"]),
        (&"finished".into(), &Value::Null)
    );
    assert_eq!(
        told["sources"],
        serde_json::json!({"done": 2, "failed": 1, "left": 0})
    );
    assert_eq!(told["seconds"], 33);
    assert_eq!(told["failures"][0]["path"], "/nowhere/at all.mp4");
    assert!(
        told["failures"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("there is no file")
    );

    let text = sonoscope(["status"]).and([job.state()]).done().stdout;
    for words in [
        "finished",
        "2 done, 1 failed, 0 left",
        "33 (33 s)",
        "tip: check the path",
    ] {
        assert!(text.contains(words), "no `{words}` in:\n{text}");
    }
    let nowhere = sonoscope(["status"]).and([job.path("nowhere")]).end();
    nowhere.exited(3).explains(&["is no state folder"]);
}

#[test]
fn a_file_that_has_changed_is_done_anew() {
    let job = Job::new(JSONL, &[]);
    let (one, two) = (job.path("one.mp4"), job.path("two.mp4"));
    fs::copy(clip(0, 16), &one).unwrap();
    fs::copy(clip(1, 17), &two).unwrap();
    let run = || job.run().and([&one, &two]);
    run().done();
    let old = job.lines();

    fs::copy(clip(2, 18), &one).unwrap();
    let told = run().done().stderr;
    assert!(
        told.contains("1 done before") && told.contains("one has changed"),
        "{told}"
    );
    let new = undisturbed(JSONL, &[one.clone(), two.clone()], 0);
    let lines = job.lines();
    assert_eq!(lines["two"], old["two"], "not again");
    assert_eq!(lines["one"], [&old["one"][..], &new["one"][..]].concat());

    // A file that is gone stays done, and one of the same id is not taken for it.
    fs::remove_file(&one).unwrap();
    assert!(run().done().stderr.contains("2 done before"));
    let deeper = job.path("deeper");
    fs::create_dir(&deeper).unwrap();
    let other = deeper.join("two.mp4");
    fs::copy(clip(3, 19), &other).unwrap();
    let refused = job.run().and([&other]).end().exited(1);
    refused.explains(&["its id is that of", "two.mp4"]);
    assert_eq!(job.lines(), lines);
}

#[test]
fn what_failed_is_tried_again_when_asked_for_or_changed() {
    let job = Job::new(JSONL, &[]);
    let path = job.path("late.mp4");
    let run = || job.run().and([&path]);
    run()
        .end()
        .exited(1)
        .explains(&["there is no file", "check the path"]);
    run()
        .end()
        .exited(1)
        .explains(&["there is no file", "--retry-failed"]);
    let again = run().and(["--retry-failed"]).end().exited(1);
    again.explains(&["there is no file", "check the path"]);
    fs::copy(clip(0, 16), &path).unwrap();
    run().done();
    assert_eq!(job.lines()[&id_of(&path)].len(), 16);
}

#[test]
fn what_cannot_be_used_is_left_as_it_is() {
    let job = done();
    let ledger = job.path("state/ledger.sqlite");
    let rows = fs::read(job.output()).unwrap();
    let refuses = |words: &[&str]| {
        let before = fs::read(&ledger).unwrap();
        job.run().end().exited(3).explains(words);
        assert_eq!(fs::read(&ledger).unwrap(), before);
        assert_eq!(fs::read(job.output()).unwrap(), rows);
    };
    let whole = fs::read(&ledger).unwrap();
    for damaged in [&b""[..], b"something else", &whole[..whole.len() / 2]] {
        fs::write(&ledger, damaged).unwrap();
        refuses(&["is damaged"]);
    }
    // The version, as SQLite has it in its head.
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99u32.to_be_bytes());
    fs::write(&ledger, newer).unwrap();
    refuses(&["is of version 99"]);
    let status = sonoscope(["status"]).and([job.state()]).end();
    status.exited(3).explains(&["is of version 99"]);

    fs::write(&ledger, whole).unwrap();
    fs::remove_file(job.output()).unwrap();
    let gone = job.run().end().exited(3);
    gone.explains(&["cannot go on with jsonl:", "restore it"]);
}

#[test]
fn a_state_that_may_only_be_read_tells_and_refuses() {
    let job = done();
    let Some(reader) = Reader::new(&job) else {
        return;
    };
    let modes = |folder: u32, file: u32| {
        for entry in fs::read_dir(job.state()).unwrap() {
            fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(file)).unwrap();
        }
        fs::set_permissions(job.state(), Permissions::from_mode(folder)).unwrap();
    };
    modes(0o555, 0o444);
    let told = reader.run(["status"]).and([job.state()]).done().stdout;
    assert!(
        told.contains("finished") && told.contains("1 done"),
        "{told}"
    );

    let ledger = fs::read(job.path("state/ledger.sqlite")).unwrap();
    let rows = fs::read(job.output()).unwrap();
    let refused = job.of(reader.run(["run", "--network", "ave-small"])).end();
    refused
        .exited(3)
        .explains(&["cannot write", "state/lock", "read-only"]);
    assert_eq!(fs::read(job.path("state/ledger.sqlite")).unwrap(), ledger);
    assert_eq!(fs::read(job.output()).unwrap(), rows);
    modes(0o755, 0o644);
    job.run().done();
}

/// Somebody who may read the files of a job, and not write them.
struct Reader {
    /// The user that the program runs as, unless those who run the test may not write either.
    user: Option<u32>,
    library: PathBuf,
}

impl Reader {
    /// Nobody, if this is root and nobody can run the program; else who runs the test.
    fn new(job: &Job) -> Option<Self> {
        let home = job.state();
        let home = home.parent().unwrap();
        fs::set_permissions(home, Permissions::from_mode(0o755)).unwrap();
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let user = is_root.then_some(NOBODY);
        // Root's own is out of reach for others.
        let library = home.join("libonnxruntime.so");
        let is_copied = fs::copy(repository().join(".runtime/libonnxruntime.so"), &library).is_ok();
        let reader = Self { user, library };
        let may_run = || {
            let run = reader.run(["run", "--network", "ave-small", "--sink", "null:"]);
            run.and([clip(0, 16)]).end().status.success()
        };
        let has_setpriv = || !is_root || Command::new("setpriv").arg("--version").output().is_ok();
        if !is_copied || !has_setpriv() || !may_run() {
            eprintln!("left out: user {NOBODY} cannot run the program here");
            return None;
        }
        Some(reader)
    }

    fn run<const N: usize>(&self, arguments: [&str; N]) -> Run {
        let run = match self.user {
            Some(user) => sonoscope_as(user, arguments),
            None => sonoscope(arguments),
        };
        run.with("ORT_DYLIB_PATH", &self.library)
    }
}

#[test]
fn what_does_not_go_with_a_state_is_refused() {
    let job = Job::new(JSONL, &[clip(0, 16)]);
    let refused = job.run().and(["--table"]).end().exited(2);
    refused.explains(&["--table"]);
    let to_stdout = run_with_one_network(["--state"]).and([job.state()]);
    let refused = to_stdout.and([clip(0, 16)]).end().exited(2);
    refused.explains(&["standard output", "--sink jsonl:PATH"]);
    let alone = run_with_one_network(["--retry-failed"]).and([clip(0, 16)]);
    alone.end().exited(2).explains(&["--state"]);
    let nowhere = run_with_one_network(["--sink", "null:", "--state", "/dev/null/state"]);
    let refused = nowhere.and([clip(0, 16)]).end().exited(3);
    refused.explains(&["cannot write", "/dev/null/state"]);
}
