//! Sources that come and go leave nothing behind.

use std::{env, process::Command};

use super::support::Open;
use crate::metrics::Process;

/// Set for the process that is looked at: one in which no other test runs.
const ALONE: &str = "SONOSCOPE_TEST_CHURN";

#[test]
fn a_thousand_sources_that_come_and_go_leave_nothing_behind() {
    if env::var_os(ALONE).is_none() {
        let name = "server::tests::churn::a_thousand_sources_that_come_and_go_leave_nothing_behind";
        let run = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--test-threads=1", "--nocapture"])
            .env(ALONE, "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && told.contains("1 passed"), "{run:?}");
        return;
    }
    let open = Open::new(10);
    let come_and_go = |times: usize| {
        for n in 0..times {
            let id = format!("cam-{}", n % 7);
            drop(open.add(&id));
            assert_eq!(open.delete(&format!("/api/sources/{id}")).status, 200);
        }
    };
    // What is made once is made by then.
    come_and_go(200);
    let before = settled(&open);
    come_and_go(1000);
    let after = settled(&open);
    assert_eq!(
        (after.threads, after.open_fds),
        (before.threads, before.open_fds)
    );
    let grown = after.resident_bytes as f64 / before.resident_bytes as f64 - 1.0;
    assert!(
        grown < 0.02,
        "memory has grown by {:.1} %: {before:?}, {after:?}",
        grown * 100.0
    );
    assert!(open.roster.all().is_empty());
    println!("{before:?}, {after:?}");
}

/// What the process takes when the server has closed its ends of all connections: of those that
/// are open, the one that asks is the last.
fn settled(open: &Open) -> Process {
    loop {
        let told = open.get("/metrics").text();
        let of = |name: &str| {
            let line = told
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap();
            line.trim().parse::<u64>().unwrap()
        };
        let before = Process::read().unwrap();
        let again = Process::read().unwrap();
        // Within the answer there was the asking connection, with two ends in this process.
        if before == again && of("process_open_fds ") == before.open_fds + 2 {
            return before;
        }
    }
}
