//! Cards, on machines that have none and on those that have: what is asked for and is not there is
//! named, and falling back is told and changes no row.

use serde_json::Value;

use crate::support::{program::sonoscope, world};

/// Whether networks run on a card here, as `doctor` says.
fn has_card() -> bool {
    let doctor = sonoscope(["doctor", "--json"]).end().stdout;
    let findings: Vec<Value> = serde_json::from_str(&doctor).unwrap();
    let is_card = |finding: &&Value| finding["what"] == "networks on cuda:0";
    findings.iter().find(is_card).unwrap()["state"] == "ok"
}

#[test]
fn devices_that_are_not_there_or_do_not_go_together() {
    let clip = &world()[0];
    for device in ["cuda:97", "tensorrt:98", "cuda:0,cuda:99"] {
        let ended = sonoscope(["run", "--device", device]).and([clip]).end();
        let told = ended.exited(3).stderr;
        assert!(
            told.contains("was asked for") && told.contains("tip: "),
            "{told}"
        );
    }
    for device in ["cuda,cpu", "cuda:0,cuda:0", "gpu"] {
        sonoscope(["run", "--device", device])
            .and([clip])
            .end()
            .exited(2);
    }
    let prebuild = sonoscope(["prebuild", "ave-small", "--device", "cuda"]).end();
    prebuild.exited(2).explains(&["only TensorRT has engines"]);
    let prebuild = sonoscope(["prebuild", "ave-small", "--device", "tensorrt:98"]).end();
    prebuild.exited(3).explains(&["tensorrt:98 was asked for"]);
}

#[test]
fn doctor_says_what_a_card_lacks() {
    if has_card() {
        println!("left out: there is a card here");
        return;
    }
    let told = sonoscope(["doctor"]).end().exited(0).stdout;
    let line = told
        .lines()
        .find(|line| line.contains("networks on cuda:0"))
        .unwrap();
    assert!(
        line.starts_with("lacking") && line.contains("tip: "),
        "{line}"
    );
    assert!(told.contains("nvh264dec"), "{told}");
}

#[test]
fn decoding_elsewhere_changes_no_row() {
    let clip = &world()[0];
    let run = |decode| sonoscope(["run", "--decode", decode]).and([clip]).done();
    let golden = run("cpu").stdout;
    assert!(!golden.is_empty());
    assert!(run("auto").stdout == golden);
    let on_card = run("gpu");
    assert!(on_card.stdout == golden);
    let doctor = sonoscope(["doctor"]).end().stdout;
    let decoders = ["nvh264dec", "vah264dec"];
    let has_decoder =
        |line: &str| line.starts_with("ok") && decoders.iter().any(|d| line.contains(d));
    match doctor.lines().any(has_decoder) {
        true => println!("left out: a card may decode here"),
        false => assert!(
            on_card.stderr.contains("no card decodes H.264"),
            "{}",
            on_card.stderr
        ),
    }
    sonoscope(["run", "--decode", "card"])
        .and([clip])
        .end()
        .exited(2);
}

#[test]
fn halves_need_no_files_of_their_own() {
    let clip = &world()[0];
    let options = [
        "run",
        "--device",
        "cpu",
        "--network",
        "ave-small",
        "--precision",
    ];
    let run = |precision| {
        sonoscope(options)
            .and([precision])
            .and([clip])
            .done()
            .rows()
    };
    let (singles, halves) = (run("fp32"), run("fp16"));
    let pairs: Vec<_> = singles.0.iter().zip(&halves.0).collect();
    assert!(!pairs.is_empty());
    for (single, half) in pairs {
        assert_eq!(half["precision"], "fp16");
        assert_ne!(half["network_hash"], single["network_hash"]);
        let score = |row: &Value| row["correspondence"].as_f64().unwrap();
        assert!((score(single) - score(half)).abs() < 1e-2);
    }
}
