//! Whatever ends a job, the same command goes on, and the output is that of an undisturbed run.

use std::{fs, path::PathBuf, thread, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::support::{
    jobs::{JSONL, Job, Kind, Lines, PARQUET, clip, parts, undisturbed},
    program::{Running, run_with_room, wait_until},
};

/// Kills in a run of all tests; `make crash-test` has more.
const KILLS: u32 = 8;

/// Five clips, and one that ends in the middle, which fails.
fn archive() -> Vec<PathBuf> {
    let mut clips: Vec<_> = (0..5).map(|number| clip(number, 16 + number)).collect();
    let whole = fs::read(&clips[4]).unwrap();
    let cut = clips[4].with_file_name("job-cut-off.mp4");
    if !cut.exists() {
        fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    }
    clips.insert(1, cut);
    clips
}

/// When a run is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When it holds the state folder.
    Begun,
    /// When its output is so many bytes longer, or its last rows were just cut away.
    Written(u64),
    /// When the ledger has changed so many times.
    Committed(u32),
}

impl Moment {
    fn new(dice: &mut StdRng) -> Self {
        match dice.random_range(0..8) {
            0 => Self::Begun,
            1..4 => Self::Committed(dice.random_range(1..6)),
            _ => Self::Written(dice.random_range(1..8000)),
        }
    }

    /// Kills the run at this moment; whether it came before the run ended by itself.
    fn kill(self, job: &Job, mut running: Running) -> bool {
        let (output, ledger) = (job.bytes("rows"), job.bytes("state"));
        let (mut last, mut changes) = (ledger, 0);
        loop {
            if running.is_over() {
                // A clip is broken, so the job ends with 1.
                running.end().exited(1);
                return false;
            }
            let now = job.bytes("state");
            changes += u32::from(now != last);
            last = now;
            let is_now = match self {
                Self::Begun => job.bytes("state/lock") > 0,
                Self::Written(bytes) => job.bytes("rows") >= output + bytes,
                Self::Committed(times) => changes >= times,
            };
            if is_now {
                running.kill();
                return true;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn a_job_that_is_killed_while_it_opens_its_folder_begins_again() {
    let archive = [clip(0, 16)];
    let golden = undisturbed(PARQUET, &archive, 0);
    for name in [
        "rows/.sonoscope",
        "rows/.sonoscope/spool-000001",
        "state/ledger.sqlite-wal",
    ] {
        let job = Job::new(PARQUET, &archive);
        let running = job.run().start();
        wait_until(name, || job.path(name).exists());
        running.kill();
        job.run().done();
        assert_same(&job.lines(), &golden, name);
    }
}

/// Kills jobs so many times, and goes on with each until it has ended; each time, the output must
/// be the golden one.
fn crash(kind: Kind, kills: u32, seed: u64) {
    // Beside the others one that is long enough to be shared out among the workers.
    let archive = [archive(), vec![clip(9, 150)]].concat();
    let golden = undisturbed(kind, &archive, 1);
    let mut dice = StdRng::seed_from_u64(seed);
    let (mut killed, mut jobs, mut beyond) = (0, 0, 0);
    while killed < kills {
        let job = Job::new(kind, &archive);
        jobs += 1;
        loop {
            let every = ["0", "0.02", "1"][dice.random_range(0..3)];
            let run = job.run().and(["--commit-every", every]);
            // Once all kills are done, the last job may end.
            let is_killed = match killed < kills {
                true => Moment::new(&mut dice).kill(&job, run.start()),
                false => {
                    run.end().exited(1);
                    false
                }
            };
            if !is_killed {
                break;
            }
            killed += 1;
            beyond += u32::from(job.bytes("state/ledger.sqlite") > 0 && job.is_beyond());
        }
        assert_same(
            &job.lines(),
            &golden,
            &format!("job {jobs}, {killed} kills, seed {seed}"),
        );
    }
    eprintln!(
        "{killed} kills, {beyond} of them with rows behind the last commit; {jobs} jobs, each with \
         the rows of an undisturbed run"
    );
    assert!(kills < 50 || beyond > 0, "nothing was ever cut back");
}

#[track_caller]
fn assert_same(lines: &Lines, golden: &Lines, what: &str) {
    let counts = |lines: &Lines| -> Vec<_> {
        let counts = lines.iter().map(|(id, lines)| (id.clone(), lines.len()));
        counts.collect()
    };
    assert_eq!(counts(lines), counts(golden), "{what}");
    for (id, golden) in golden {
        let mut pairs = lines[id].iter().zip(golden);
        let other = pairs.find(|(line, golden)| line != golden);
        assert!(other.is_none(), "{what}: other rows of {id}: {other:#?}");
    }
}

#[test]
fn a_job_that_is_killed_over_and_over_ends_with_the_rows_of_an_undisturbed_run() {
    crash(JSONL, kills(), 7);
}

#[test]
fn a_job_that_is_killed_over_and_over_ends_with_the_parts_of_an_undisturbed_run() {
    crash(PARQUET, kills(), 8);
}

fn kills() -> u32 {
    let kills = std::env::var("SONOSCOPE_KILLS").ok();
    kills.map_or(KILLS, |kills| kills.parse().unwrap())
}

#[test]
fn what_a_stopped_job_has_can_be_read_and_a_done_one_leaves_nothing_but_parts() {
    let archive = archive();
    let job = Job::new(PARQUET, &archive);
    let running = job.run().start();
    wait_until("rows are taken", || job.bytes("rows") > 4096);
    running.signal("INT");
    running.end();
    assert!(
        !parts(&job.output()).is_empty(),
        "rows of sources that are under way"
    );
    job.run().end().exited(1);
    let golden = undisturbed(PARQUET, &archive, 1);
    assert_same(&job.lines(), &golden, "stopped and gone on");
    assert!(!job.path("rows/.sonoscope").exists());
    job.run().end().exited(1);
    assert_same(&job.lines(), &golden, "nothing was left to do");
}

#[test]
fn what_is_done_is_not_done_again() {
    let archive = archive();
    let job = Job::new(JSONL, &archive);
    job.run().end().exited(1);
    let (bytes, golden) = (
        fs::read(job.output()).unwrap(),
        undisturbed(JSONL, &archive, 1),
    );
    assert_same(&job.lines(), &golden, "in one go");

    let again = job.run().end().exited(1);
    assert!(again.stderr.contains("5 done before"), "{}", again.stderr);
    assert_eq!(fs::read(job.output()).unwrap(), bytes);

    // What is behind the committed position does not count: the tail of a line, as a crash leaves.
    fs::write(job.output(), [&bytes[..], b"{\"schema\":1,\"sou"].concat()).unwrap();
    job.run().end().exited(1);
    assert_eq!(fs::read(job.output()).unwrap(), bytes);
}

#[test]
fn a_stopped_job_goes_on() {
    let archive = archive();
    let job = Job::new(JSONL, &archive);
    let running = job.run().start();
    wait_until("rows are written", || job.bytes("rows") > 0);
    running.signal("INT");
    let stopped = running.end();
    assert!(stopped.stderr.contains("stopping"), "{}", stopped.stderr);
    job.run().end().exited(1);
    assert_same(
        &job.lines(),
        &undisturbed(JSONL, &archive, 1),
        "stopped and gone on",
    );
}

#[test]
fn a_job_goes_on_when_there_is_room_again() {
    let archive = archive();
    let golden = undisturbed(JSONL, &archive, 1);
    // The first is full before the ledger is made, the others while rows are written: in the
    // output, or, where it is written often, in the ledger.
    for (blocks, every) in [(8, "1"), (48, "1"), (128, "0")] {
        let job = Job::new(JSONL, &archive);
        let small = run_with_room(blocks, ["--workers", "2", "--commit-every", every]);
        let full = job.of(small).end().exited(3);
        full.explains(&["the same command"]);
        job.run().end().exited(1);
        assert_same(&job.lines(), &golden, &format!("{blocks} blocks"));
    }
}
