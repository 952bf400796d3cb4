//! `infer-bench` on a processor: it holds networks to what they should say, measures, and writes
//! what came of it.

use std::process::Command;

use serde_json::Value;

fn run(arguments: &[&str]) -> (Option<i32>, String, Value) {
    let home = tempfile::tempdir().expect("a directory");
    let out = home.path().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_infer-bench"))
        .args(arguments)
        .arg("--out")
        .arg(&out)
        .output()
        .expect("is built");
    let json = std::fs::read_to_string(&out).unwrap_or_else(|_| "null".into());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let json = serde_json::from_str(&json).expect("is JSON");
    (output.status.code(), text, json)
}

#[test]
fn networks_are_checked_and_timed() {
    let options = "--networks ave-small --precisions fp32,fp16,int8 --batches 1,2 --threads 2 \
                   --seconds 0 --pairs 4 --leak 4";
    let (code, table, json) = run(&options.split_whitespace().collect::<Vec<_>>());
    assert_eq!(code, Some(0), "{table}");
    let trials = json["trials"].as_array().expect("a list");
    assert_eq!(trials.len(), 3);
    for trial in trials {
        let tried = &trial["outcome"]["tried"];
        assert_eq!(tried["agreement"]["agrees"], true, "{tried}");
        let figures = tried["figures"].as_array().expect("a list");
        assert_eq!(figures.len(), 2);
        for figure in figures {
            let number = |name: &str| figure[name].as_f64().expect(name);
            assert!(number("pairs_a_second") > 0.0);
            assert!(number("median_ms") <= number("p99_ms"));
        }
    }
    assert!(json["matmul_flops"]["cpu"].as_f64().expect("a number") > 0.0);
    assert!(
        table.contains("ave-small") && table.contains("memory level"),
        "{table}"
    );
}

#[test]
fn what_is_missing_is_in_the_report_and_in_the_exit_code() {
    let (code, table, json) = run(&["--devices", "cuda:99", "--networks", "ave-small"]);
    assert_eq!(code, Some(1));
    let missing = json["missing"][0].as_str().expect("a text");
    assert!(
        missing.contains("cuda:99 was asked for") && missing.contains("tip: "),
        "{missing}"
    );
    assert!(table.contains(missing));
    let (code, _, _) = run(&["--batch", "1"]);
    assert_eq!(code, Some(2));
}
