//! Recordings that grow, shrink or vanish while they are read: told, and none the end of a run.
//!
//! A run is held as soon as it writes rows. The recordings are so large that it has not read them
//! to their ends then: pictures that wait for the networks take memory, of which a source has its
//! share and no more.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::support::{
    clips::ffmpeg,
    jobs::{JSONL, Job, Lines, PARQUET, undisturbed},
    program::{Ended, run_with_one_network, wait_until},
};

/// A minute and a half, of which the pictures of the first half minute fill a source's memory.
fn long(extension: &str) -> PathBuf {
    ffmpeg(
        &format!("long-720p.{extension}"),
        "-f lavfi -i testsrc2=size=1280x720:rate=5:duration=90 \
         -f lavfi -i sine=frequency=440:duration=90 -c:v libx264 -preset ultrafast -qp 18 -g 5 \
         -c:a aac",
    )
}

/// A recording of these bytes in the folder of a job.
fn put(job: &Job, name: &str, bytes: &[u8]) -> PathBuf {
    let path = job.path(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Runs a job with one worker, which reads two recordings at a time, and does something after its
/// first rows.
fn run(job: &Job, paths: &[&Path], change: impl FnOnce()) -> Ended {
    let run = job.of(run_with_one_network([
        "--workers",
        "1",
        "--commit-every",
        "0",
    ]));
    let running = run.and(paths).start();
    wait_until("rows are written", || job.bytes("rows") > 0);
    running.signal("STOP");
    change();
    running.signal("CONT");
    running.end()
}

/// The lines of a source, as if it had another name.
fn renamed(lines: &Lines, from: &str, to: &str) -> Vec<String> {
    let name = |id: &str| format!("\"source\":\"{id}\"");
    let lines = lines[from].iter();
    lines
        .map(|line| line.replace(&name(from), &name(to)))
        .collect()
}

#[test]
fn files_that_vanish_are_told() {
    let job = Job::new(JSONL, &[]);
    let bytes = fs::read(long("mp4")).unwrap();
    let [open, stays, waits] =
        ["open", "stays", "waits"].map(|name| put(&job, &format!("{name}.mp4"), &bytes));
    let ended = run(&job, &[&open, &stays, &waits], || {
        fs::remove_file(&open).unwrap();
        fs::remove_file(&waits).unwrap();
    });
    let told = ended.exited(1).stderr;
    assert!(
        told.contains("open.mp4 was removed while it was read"),
        "{told}"
    );
    assert!(told.contains("there is no file"), "{told}");
    let lines = job.lines();
    assert_eq!(lines.len(), 2, "of the third there was nothing to read");
    assert_eq!(lines["stays"].len(), 90);
    assert!(
        renamed(&lines, "open", "stays") == lines["stays"],
        "rows of what was open"
    );
}

#[test]
fn a_file_that_grows_is_told_and_done_anew() {
    let job = Job::new(PARQUET, &[]);
    let bytes = fs::read(long("ts")).unwrap();
    // Packets are of 188 bytes.
    let half = bytes.len() / 188 / 2 * 188;
    let path = put(&job, "growing.ts", &bytes[..half]);
    let begun = run(&job, &[&path], || {
        let mut file = fs::File::options().append(true).open(&path).unwrap();
        file.write_all(&bytes[half..]).unwrap();
    });
    assert!(
        begun.stderr.contains("growing.ts grew while it was read"),
        "{}",
        begun.stderr
    );
    let whole = undisturbed(PARQUET, std::slice::from_ref(&path), 0);
    let first = &job.lines()["growing"];
    assert!(first.len() >= 30, "{} rows", first.len());

    // The next time it is known that the rows may be of a part of it.
    let again = job
        .of(run_with_one_network(["--workers", "1"]))
        .and([&path]);
    again.done();
    assert!(job.lines() == whole, "rows of the whole");
    assert_eq!(whole["growing"].len(), 90);
}

#[test]
fn a_file_that_is_cut_costs_what_was_cut_off() {
    let job = Job::new(JSONL, &[]);
    let bytes = fs::read(long("mp4")).unwrap();
    let path = put(&job, "cut.mp4", &bytes);
    let other = put(&job, "other.mp4", &bytes);
    let ended = run(&job, &[&path, &other], || {
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(bytes.len() as u64 / 3).unwrap();
    });
    let told = ended.exited(1).explains(&["cut.mp4"]).stderr;
    assert!(told.contains("cut.mp4 was cut while it was read"), "{told}");
    let lines = job.lines();
    assert_eq!(lines["other"].len(), 90, "nothing is wrong with it");
    let cut = renamed(&lines, "cut", "other");
    assert!((10..90).contains(&cut.len()), "{} rows", cut.len());
    // The picture of the last second may be torn.
    let whole = cut.len() - 1;
    assert!(
        cut[..whole] == lines["other"][..whole],
        "seconds before it are as ever"
    );
}
