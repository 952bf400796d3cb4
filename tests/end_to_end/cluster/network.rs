//! What lies between the processes: lines that are late and lose packets, and lines that are cut.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::support::{
    company::Company,
    hosts::Hosts,
    jobs::{JSONL, Job, clip, undisturbed},
    program::wait_until,
};

/// A process on each of the hosts.
fn company() -> Company {
    let addresses = Hosts::ADDRESSES.map(|ip| SocketAddr::new(ip.parse().unwrap(), 7171));
    Company::at(&addresses)
}

#[test]
fn a_bad_line_changes_nothing_and_one_that_is_cut_is_noticed() {
    let Some(mut hosts) = Hosts::with_line(40, 2) else {
        return;
    };
    let company = company();
    let archive: Vec<_> = (0..5)
        .map(|number| clip(number, 16 + number))
        .chain([clip(9, 150)])
        .collect();
    let golden = undisturbed(JSONL, &archive, 0);
    let job = Job::new(JSONL, &archive);
    company.start(|process| hosts.on(process, job.run())).done();
    assert!(job.lines() == golden);

    let job = Job::new(JSONL, &archive);
    let run = |process| hosts.on(process, job.run().and(["--commit-every", "0.02"]));
    let marching = company.start(run);
    wait_until("rows are written", || job.bytes("rows") > 2000);
    let since = Instant::now();
    hosts.cut();
    for ended in marching.end() {
        ended.exited(4).explains(&["is lost"]);
        assert!(
            since.elapsed() < Duration::from_secs(10),
            "{:?}",
            since.elapsed()
        );
    }
    // What they could not agree on is done by one of them alone.
    job.run().done();
    assert!(job.lines() == golden);
}
