//! The scripts of `bench/gpu`, as far as they go without a card.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/gpu")
}

/// What `infer-bench` says of AVE-Net in halves, with these pairs a second at batch 128.
fn report(pairs_a_second: f64, decisions: f64, is_level: bool) -> Value {
    let figure =
        |batch: u32| json!({"batch": batch, "pairs_a_second": pairs_a_second, "p99_ms": 4.0});
    json!({"trials": [{
        "network": "ave",
        "precision": "fp16",
        "outcome": {"tried": {
            "agreement": {"decisions_equal": decisions, "agrees": true},
            "figures": [figure(16), figure(128)],
            "leak": {"is_level": is_level},
            "memory": [{"is_well": true}],
        }},
    }]})
}

/// Runs `summary.py` on such a report, and gives its exit code and what it wrote.
fn summary(report: &Value) -> Option<(i32, Vec<Value>)> {
    let home = tempfile::tempdir().expect("a directory");
    let write = |name: &str, value: &Value| {
        fs::write(home.path().join(name), value.to_string()).expect("can be written");
    };
    write("ave.json", report);
    write("torch.json", &json!({"pairs_a_second": 4000.0}));
    let run = Command::new("python3")
        .arg(scripts().join("summary.py"))
        .arg(home.path())
        .output();
    let Ok(Output { status, .. }) = run else {
        eprintln!("left out: there is no python3");
        return None;
    };
    let written = fs::read_to_string(home.path().join("summary.json")).expect("was written");
    let table = fs::read_to_string(home.path().join("table.txt")).expect("was written");
    assert!(table.contains("not measured"), "two processes: {table}");
    let lines = serde_json::from_str(&written).expect("is JSON");
    Some((status.code().expect("ended by itself"), lines))
}

#[test]
fn figures_stand_beside_their_goals_and_one_that_is_missed_is_in_the_exit_code() {
    let Some((code, lines)) = summary(&report(21_000.0, 1.0, true)) else {
        return;
    };
    assert_eq!(code, 0);
    let reached: Vec<_> = lines.iter().map(|line| line["reached"].clone()).collect();
    let (yes, unknown) = (json!(true), json!(null));
    assert_eq!(reached[..4], [yes.clone(), yes.clone(), yes.clone(), yes]);
    assert_eq!(reached[4], unknown, "int8 has no goal of its own");
    assert_eq!(lines[1]["value"], 5.25, "times PyTorch");
    for missed in [
        report(19_000.0, 1.0, true),
        report(21_000.0, 0.99, true),
        report(21_000.0, 1.0, false),
    ] {
        assert_eq!(summary(&missed).expect("there is").0, 1, "{missed}");
    }
}

#[test]
fn two_processes_leave_two_reports_and_one_that_fails_is_told() {
    let home = tempfile::tempdir().expect("a directory");
    let script = home.path().join("two.sh");
    fs::copy(scripts().join("two.sh"), &script).expect("can be copied");
    symlink(
        env!("CARGO_BIN_EXE_infer-bench"),
        home.path().join("infer-bench"),
    )
    .expect("links");
    let two = |network: &str| {
        // Not run as a program of its own: a child that another test starts at this moment may
        // hold the copy open for writing, and the system refuses to run such a file.
        Command::new("bash")
            .arg(&script)
            .arg(home.path())
            .args(["--networks", network, "--batches", "2", "--seconds", "0"])
            .args(["--pairs", "2"])
            .output()
            .expect("runs")
    };
    let done = two("ave-small");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    for process in [1, 2] {
        let path = home.path().join(format!("two-{process}.json"));
        let report = fs::read_to_string(path).expect("was written");
        let report: Value = serde_json::from_str(&report).expect("is JSON");
        let tried = &report["trials"][0]["outcome"]["tried"];
        assert_eq!(tried["agreement"]["agrees"], true);
    }
    assert!(!two("no-such-network").status.success());
}
