//! Training from the program's side: which steps are taken, and what comes of it. A script stands
//! in for Python, whose own tests train for real.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use crate::support::{
    program::{Run, sonoscope, wait_until},
    world,
};

/// Writes down how it was asked, and makes the files that the next step looks for.
const STAND_IN: &str = r#"#!/bin/sh
here=$(dirname "$0")
if [ "$1" = -c ]; then
    cat "$here/missing" 2>/dev/null
    exit 0
fi
shift 2
step=$1
echo "$*" >>"$here/steps"
[ "$(cat "$here/fails" 2>/dev/null)" = "$step" ] && exit 1
network=$2
while [ $# -gt 0 ]; do
    [ "$1" = --out ] && out=$2
    shift
done
case $step in
train)
    if [ -e "$here/waits" ]; then
        sleep 60 >/dev/null 2>&1 &
        trap 'kill $!; echo interrupted >>"$here/steps"; exit 1' TERM
        touch "$here/begun"
        wait
    fi
    touch "$out/best.pt" "$out/log.jsonl"
    ;;
export) mkdir -p "$out" && touch "$out/head.onnx" ;;
evaluate) echo '{"set": "test"}' ;;
card) touch "$network/CARD.md" ;;
esac
"#;

/// A folder with the stand-in, and what it writes.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let script = home.path().join("python");
        fs::write(&script, STAND_IN).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        Self(home)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn train(&self, sources: &[PathBuf]) -> Run {
        sonoscope([
            "train",
            "--network",
            "ave",
            "--name",
            "mine",
            "--threads",
            "1",
            "--out",
        ])
        .and([self.path("out")])
        .and(sources)
        .with("SONOSCOPE_PYTHON", self.path("python"))
    }

    /// The steps taken since the last time, with this folder left out of their words.
    fn steps(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("steps")).unwrap_or_default();
        let _ = fs::remove_file(self.path("steps"));
        let folder = format!("{}/", self.0.path().display());
        text.lines().map(|line| line.replace(&folder, "")).collect()
    }
}

fn names(steps: &[String]) -> Vec<&str> {
    steps
        .iter()
        .map(|step| step.split(' ').next().unwrap())
        .collect()
}

#[test]
fn from_recordings_to_a_network_with_its_card() {
    let home = Home::new();
    let options = [
        "--steps",
        "9",
        "--width",
        "0.5",
        "--configuration",
        "warm",
        "--device",
        "cuda",
    ];
    let ended = home.train(world()).and(options).done();
    assert_eq!(
        ended.stdout.lines().last(),
        home.path("out/network").to_str()
    );
    assert!(home.path("out/network/CARD.md").is_file());
    assert!(home.path("out/shards/set.json").is_file());
    let network = "out/.network.partial";
    let evaluate = format!("evaluate --shards out/shards --onnx {network}");
    let wanted = [
        "train --network ave --shards out/shards --out out/run --width 0.5 --steps 9 \
         --device cuda --threads 1 --configuration warm"
            .to_owned(),
        format!(
            "export --network ave --name mine --width 0.5 --checkpoint out/run/best.pt \
             --out {network}"
        ),
        evaluate.clone(),
        format!("quantize {network} --shards out/shards"),
        format!("{evaluate} --int8"),
        format!(
            "card {network} --evaluation out/run/fp32.json --evaluation out/run/int8.json \
             --log out/run/log.jsonl"
        ),
    ];
    assert_eq!(home.steps(), wanted);
    let figures = fs::read_to_string(home.path("out/run/int8.json")).unwrap();
    assert_eq!(figures, "{\"set\": \"test\"}\n");
}

#[test]
fn shards_are_taken_as_they_are() {
    let home = Home::new();
    let shards = home.path("shards");
    sonoscope(["extract", "--out"])
        .and([&shards])
        .and(world())
        .done();
    home.train(std::slice::from_ref(&shards))
        .and(["--no-int8"])
        .done();
    let steps = home.steps();
    assert_eq!(names(&steps), ["train", "export", "evaluate", "card"]);
    assert!(steps[0].contains("--shards shards "), "{steps:?}");
    assert!(!home.path("out/shards").exists());
    let mixed = [shards, world()[0].clone()];
    home.train(&mixed)
        .end()
        .exited(2)
        .explains(&["cannot be mixed"]);
}

#[test]
fn without_torch_nothing_is_begun() {
    let home = Home::new();
    fs::write(home.path("missing"), "torch onnx").unwrap();
    let ended = home.train(world()).end().exited(3);
    ended.explains(&["has no torch, onnx", "make setup-training"]);
    assert!(!home.path("out").exists());
    let nowhere = home
        .train(world())
        .with("SONOSCOPE_PYTHON", home.path("no-python"));
    nowhere
        .end()
        .exited(3)
        .explains(&["does not start", "make setup-training"]);
    let elsewhere = home
        .train(world())
        .with("SONOSCOPE_TRAINING", home.0.path());
    let _ = fs::remove_file(home.path("missing"));
    elsewhere
        .end()
        .exited(3)
        .explains(&["no sonoscope_training in it"]);
}

#[test]
fn a_step_that_fails_leaves_the_network_that_was_there() {
    let home = Home::new();
    home.train(world()).done();
    fs::write(home.path("out/network/head.onnx"), "of before").unwrap();
    home.steps();
    fs::write(home.path("fails"), "evaluate").unwrap();
    let ended = home.train(world()).end().exited(3);
    ended.explains(&["the training step `evaluate` ended with 1", "goes on"]);
    assert_eq!(names(&home.steps()), ["train", "export", "evaluate"]);
    let head = fs::read_to_string(home.path("out/network/head.onnx")).unwrap();
    assert_eq!(head, "of before");
}

#[test]
fn a_signal_reaches_the_training() {
    let home = Home::new();
    fs::write(home.path("waits"), "").unwrap();
    let running = home.train(&world()[..1]).start();
    wait_until("training", || home.path("begun").exists());
    let pid = running.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    running
        .end()
        .exited(3)
        .explains(&["training was stopped", "goes on where it stopped"]);
    assert_eq!(home.steps().last().unwrap(), "interrupted");
}
