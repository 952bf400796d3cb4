//! A process that is killed, or hangs: the others notice, and the same commands go on.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::support::{
    company::{Company, Marching},
    jobs::{JSONL, Job, Kind, PARQUET, clip, undisturbed},
    program::wait_until,
};

/// Within this time the others are to have noticed and ended.
const NOTICED: Duration = Duration::from_secs(10);

/// What ends a process when another is lost.
const PEER_LOST: i32 = 4;

fn archive() -> Vec<PathBuf> {
    // One is long enough to be shared out.
    let clips = (0..5).map(|number| clip(number, 16 + number));
    clips.chain([clip(9, 900)]).collect()
}

/// A job of three processes, which is under way.
fn begun(company: &Company, job: &Job) -> Marching {
    let before = job.bytes("rows");
    let marching = company.start(|_| job.run().and(["--commit-every", "0.02"]));
    wait_until("rows are written", || job.bytes("rows") > before + 2000);
    marching
}

/// All but one of them have ended, in time, and say whom they miss.
#[track_caller]
fn assert_missed(lost: usize, since: Instant, marching: Marching) {
    for ended in marching.end() {
        let took = since.elapsed();
        let ended = ended.exited(PEER_LOST);
        ended.explains(&[&format!("process {lost} (127.0.0.1:"), "is lost", "--state"]);
        assert!(took < NOTICED, "after {took:?}");
    }
}

fn survives(kind: Kind) {
    let (company, archive) = (Company::of(3), archive());
    let golden = undisturbed(kind, &archive, 0);
    let job = Job::new(kind, &archive);
    for lost in [0, 1, 2] {
        let mut marching = begun(&company, &job);
        let since = Instant::now();
        marching.kill(lost);
        assert_missed(lost, since, marching);
    }
    company.start(|_| job.run()).done();
    assert!(job.lines() == golden, "other rows: {:#?}", job.lines());
}

#[test]
fn each_process_in_turn_may_be_killed() {
    survives(JSONL);
}

#[test]
fn each_process_in_turn_may_be_killed_with_parquet() {
    survives(PARQUET);
}

#[test]
fn one_that_hangs_is_lost() {
    let (company, archive) = (Company::of(3), archive());
    let golden = undisturbed(JSONL, &archive, 0);
    for lost in [1, 0] {
        let job = Job::new(JSONL, &archive);
        let mut marching = begun(&company, &job);
        let since = Instant::now();
        marching.process(lost).signal("STOP");
        let hangs = marching.leave(lost);
        assert_missed(lost, since, marching);
        hangs.kill();
        company.start(|_| job.run()).done();
        assert!(job.lines() == golden, "process {lost} hung");
    }
}

#[test]
fn whoever_is_told_to_stop_stops_all_and_the_job_goes_on() {
    let (company, archive) = (Company::of(2), archive());
    let golden = undisturbed(JSONL, &archive, 0);
    for told in [1, 0] {
        let job = Job::new(JSONL, &archive);
        let mut marching = begun(&company, &job);
        marching.process(told).signal("INT");
        let mut ended = marching.end().into_iter();
        // What was stopped on the way is told by process 0.
        let first = ended.next().unwrap().exited(1);
        first.explains(&["stopped before its end"]);
        ended.next().unwrap().exited(0);
        company.start(|_| job.run()).done();
        assert!(job.lines() == golden, "process {told} was told");
    }
}

#[test]
fn a_job_of_several_goes_on_alone_and_one_of_its_own_with_others() {
    let (company, archive) = (Company::of(2), archive());
    let job = Job::new(JSONL, &archive);
    let mut marching = begun(&company, &job);
    marching.kill(1);
    drop(marching.end());
    let alone = job.run().and(["--commit-every", "0.02"]).start();
    let written = job.bytes("rows");
    wait_until("it goes on", || job.bytes("rows") > written + 2000);
    alone.kill();
    company.start(|_| job.run()).done();
    assert!(job.lines() == undisturbed(JSONL, &archive, 0));
}
