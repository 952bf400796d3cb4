//! The examples of `deploy/`, held to the program: what they pass to it, and what they have it read,
//! it takes.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    assert_none,
    program::{Run, sonoscope, tool},
    repository,
};

/// A configuration with the hosts file that belongs to it.
const CLUSTERS: [(&str, &str); 2] = [
    ("deploy/systemd/cluster.toml", "deploy/systemd/hosts.txt"),
    ("deploy/kubernetes/run.toml", "deploy/kubernetes/hosts.txt"),
];

fn path(name: &str) -> PathBuf {
    repository().join(name)
}

#[track_caller]
fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The documents of a file in YAML.
fn yaml(name: &str) -> Vec<Value> {
    let script = "import json, sys, yaml
json.dump(list(yaml.safe_load_all(open(sys.argv[1]))), sys.stdout)";
    let path = path(name);
    let arguments = [OsStr::new("-c"), OsStr::new(script), path.as_os_str()];
    // Debian's own Python, which has Debian's python3-yaml.
    serde_json::from_slice(&tool("/usr/bin/python3", arguments)).unwrap()
}

fn stateful_set() -> Value {
    let mut documents = yaml("deploy/kubernetes/sonoscope.yaml").into_iter();
    (documents.find(|document| document["kind"] == "StatefulSet")).unwrap()
}

/// The names of the long options among some words.
fn options<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let named = words.into_iter().filter_map(|word| word.strip_prefix("--"));
    let names = named.map(|word| {
        let end = word.find(|c| !is_of_name(c));
        word[..end.unwrap_or(word.len())].to_owned()
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// The options that a command takes.
fn taken(command: &[&str]) -> BTreeSet<String> {
    let help = sonoscope(command).and(["--help"]).done().stdout;
    options(help.split_whitespace())
}

/// A dry run of a configuration, with folders and files of this machine for those that it names.
fn dry(config: &str, home: &TempDir) -> Run {
    let rows = format!("jsonl:{}", home.path().join("rows.jsonl").display());
    sonoscope(["run", "--dry-run", "--config"])
        .and([path(config)])
        .and(["--sink", rows.as_str(), "--state"])
        .and([home.path().join("state")])
        .with("YARD_PASSWORD", "hush")
}

/// That of a process of a cluster.
fn dry_in_cluster((config, hosts): (&str, &str), home: &TempDir) -> Run {
    let secret = home.path().join("secret");
    fs::write(&secret, "correct-horse-battery-staple\n").unwrap();
    dry(config, home)
        .and(["--hosts".as_ref(), path(hosts).as_os_str()])
        .and(["--cluster-secret-file".as_ref(), secret.as_os_str()])
        .and([home.path()])
}

#[test]
fn what_is_passed_is_an_option() {
    let said = [
        ("deploy/systemd/sonoscope.service", "run"),
        ("deploy/systemd/sonoscope@.service", "run"),
        ("docs/cluster.md", "run"),
        ("docs/cluster.md", "cluster check"),
    ];
    let mut wrong = Vec::new();
    for (file, command) in said {
        let (text, call) = (text(file), format!("sonoscope {command} "));
        let calls = text.lines().filter_map(|line| line.split_once(&call));
        let passed = options(calls.flat_map(|(_, arguments)| arguments.split_whitespace()));
        assert!(!passed.is_empty(), "{file} does not call {call}");
        let taken = taken(&command.split(' ').collect::<Vec<_>>());
        let unknown = passed.difference(&taken);
        wrong.extend(unknown.map(|name| format!("{file}: {command} has no --{name}")));
    }
    let pod = stateful_set();
    let arguments = &pod["spec"]["template"]["spec"]["containers"][0]["args"];
    let arguments: Vec<&str> = (arguments.as_array().unwrap().iter())
        .map(|argument| argument.as_str().unwrap())
        .collect();
    let passed = options(arguments.iter().copied());
    assert_eq!((arguments[0], passed.len()), ("run", 2));
    let taken = taken(&["run"]);
    let unknown = passed.difference(&taken);
    wrong.extend(unknown.map(|name| format!("sonoscope.yaml: run has no --{name}")));
    assert_none(wrong);
}

#[test]
fn configurations_are_taken() {
    let home = tempfile::tempdir().unwrap();
    let cameras = dry("deploy/systemd/cameras.toml", &home).done();
    assert!(cameras.stdout.contains("rows.jsonl: ok"));
    for cluster in CLUSTERS {
        let token = home.path().join("token");
        fs::write(&token, "correct-horse-battery\n").unwrap();
        let answers = match text(cluster.0).contains("[server]") {
            true => vec!["--token-file".as_ref(), token.as_os_str()],
            false => Vec::new(),
        };
        let taken = || dry_in_cluster(cluster, &home).and(&answers);
        taken().and(["--process", "2"]).done();
        // The hosts file is read, and so is the number of processes.
        let wrong = taken().and(["--process", "1", "--processes", "2"]);
        wrong
            .end()
            .exited(2)
            .explains(&["--processes 2", "names 3"]);
    }
}

#[test]
fn pods_are_the_processes_of_the_hosts_file() {
    let (set, kustomization) = (stateful_set(), yaml("deploy/kubernetes/kustomization.yaml"));
    let config: Value = toml::from_str(&text("deploy/kubernetes/run.toml")).unwrap();
    let spec = &set["spec"];
    assert_eq!(config["cluster"]["processes"], spec["replicas"]);
    assert_eq!(spec["podManagementPolicy"], "Parallel");

    let container = &spec["template"]["spec"]["containers"][0];
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let (pod, service) = (word(&set["metadata"]["name"]), word(&spec["serviceName"]));
    let namespace = word(&kustomization[0]["namespace"]);
    let port = &container["ports"][0]["containerPort"];
    let pods: Vec<_> = (0..spec["replicas"].as_u64().unwrap())
        .map(|n| format!("{pod}-{n}.{service}.{namespace}.svc.cluster.local:{port}"))
        .collect();
    let hosts = text("deploy/kubernetes/hosts.txt");
    let hosts: Vec<_> = (hosts.lines().filter(|line| !line.starts_with('#'))).collect();
    assert_eq!(hosts, pods);

    let mounts: Vec<_> = (container["volumeMounts"].as_array().unwrap().iter())
        .map(|mount| word(&mount["mountPath"]))
        .collect();
    let named = [
        &config["sources"][0],
        &config["state"],
        &config["cluster"]["hosts"],
        &config["cluster"]["secret-file"],
        &config["server"]["token-file"],
    ];
    let is_mounted = |path: &str| {
        mounts
            .iter()
            .any(|mount| Path::new(path).starts_with(mount))
    };
    let missing = named
        .into_iter()
        .map(word)
        .filter(|path| !is_mounted(path.as_str()));
    assert_none(missing.map(|path| format!("{path} is on no volume")));
}

#[test]
fn units_are_sound() {
    let home = tempfile::tempdir().unwrap();
    for name in ["sonoscope.service", "sonoscope@.service"] {
        let unit = text(&format!("deploy/systemd/{name}"));
        let program = env!("CARGO_BIN_EXE_sonoscope");
        let installed = unit.replace("/opt/sonoscope/sonoscope", program);
        assert_ne!(unit, installed);
        let file = home.path().join(name);
        fs::write(&file, installed).unwrap();
        let verified = Command::new("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&verified.stderr);
        // It may have something to say of units of this machine.
        let wrong = said.lines().filter(|line| line.contains("sonoscope"));
        assert_none(wrong.map(str::to_owned));
    }
}

#[test]
fn the_image_is_made_of_what_setup_installs() {
    let (image, packages) = (
        text("deploy/Dockerfile"),
        text("scripts/setup/packages.txt"),
    );
    let words: BTreeSet<_> = image.split_whitespace().collect();
    let names = packages
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let is_run_with = |name: &&str| name.starts_with("gstreamer1.0-") && !name.ends_with("-tools");
    let wanted: Vec<_> = names.filter(is_run_with).collect();
    assert!(wanted.contains(&"gstreamer1.0-libav"));
    let missing = wanted.into_iter().filter(|name| !words.contains(name));
    assert_none(missing.map(|name| format!("the image lacks {name}")));

    let workspace: Value = toml::from_str(&text("Cargo.toml")).unwrap();
    let rust = workspace["workspace"]["package"]["rust-version"].as_str();
    let base = format!("rust:{}-bookworm", rust.unwrap());
    assert!(words.contains(base.as_str()), "not built on {base}");
}
