//! One long recording, shared out among workers.

use std::{fs, path::Path};

use crate::support::{
    cache, ffmpeg,
    program::{run_with_one_network, wait_until},
};

/// Long enough to be cut in three.
const LONG: &str = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=190.6 \
    -f lavfi -i sine=frequency=440:beep_factor=4:sample_rate=44100:duration=190.6 \
    -c:v libx264 -preset ultrafast -g 50 -bf 2 -c:a aac";

/// The rows of a run with so many workers, as they were written; it must be cut for as many.
#[track_caller]
fn rows(path: &Path, workers: &str, code: i32) -> String {
    let run = run_with_one_network(["--workers", workers]).and([path]);
    let ended = run.end().exited(code);
    let told = format!("shared out in {workers} parts");
    assert_eq!(
        ended.stderr.contains(&told),
        workers != "1",
        "{}",
        ended.stderr
    );
    ended.stdout
}

#[test]
fn the_rows_are_those_of_one_piece_and_in_order() {
    for extension in ["mp4", "mkv", "ts"] {
        let clip = ffmpeg(&format!("long.{extension}"), LONG);
        let whole = rows(&clip, "1", 0);
        assert_eq!(whole.lines().count(), 191);
        for workers in ["2", "3"] {
            assert!(
                rows(&clip, workers, 0) == whole,
                "{extension}, {workers} workers"
            );
        }
    }
}

#[test]
fn a_damaged_one_gives_the_rows_before_the_damage() {
    let clip = ffmpeg("long.mkv", LONG);
    let bytes = fs::read(clip).unwrap();
    let cut = cache().join("long-and-cut-off.mkv");
    fs::write(&cut, &bytes[..bytes.len() * 4 / 10]).unwrap();
    let whole = rows(&cut, "1", 1);
    assert!(
        (60..90).contains(&whole.lines().count()),
        "{}",
        whole.lines().count()
    );
    for workers in ["2", "3"] {
        assert!(rows(&cut, workers, 1) == whole, "{workers} workers");
    }
}

#[test]
fn an_interrupt_leaves_no_hole() {
    let clip = ffmpeg("long.mp4", LONG);
    let out = cache().join("interrupted-parts.jsonl");
    let _ = fs::remove_file(&out);
    let sink = format!("jsonl:{}", out.display());
    let running = run_with_one_network(["--workers", "2", "--sink", &sink])
        .and([&clip])
        .start();
    let written = || fs::read_to_string(&out).unwrap_or_default();
    wait_until("a row is written", || !written().is_empty());
    let id = nix::unistd::Pid::from_raw(running.id() as i32);
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT).unwrap();
    running.end();
    let whole = rows(&clip, "1", 0);
    assert!(
        whole.starts_with(&written()),
        "the first seconds, and no others"
    );
}
