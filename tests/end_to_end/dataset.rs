//! Lists for training, of published lists and the clips that are there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::support::{
    program::{Ended, sonoscope},
    repository,
};

const ONTOLOGY: &str = r#"[
    {"id": "/m/a", "name": "Animal", "child_ids": ["/m/d", "/m/b"]},
    {"id": "/m/d", "name": "Dog", "child_ids": []},
    {"id": "/m/b", "name": "Bee", "child_ids": []},
    {"id": "/m/h", "name": "Harp", "child_ids": ["/m/p"]},
    {"id": "/m/p", "name": "Harp, plucked", "child_ids": []}
]"#;

const SEGMENTS: &str = "# a remark\n\
    aaaaaaaaaaa, 30.000, 40.000, \"/m/d,/m/b\"\n\
    bbbbbbbbbbb, 0.000, 10.000, \"/m/h\"\n\
    ccccccccccc, 0.000, 10.000, \"/m/p\"\n\
    -_A-missing, 0.000, 10.000, \"/m/d\"\n";

/// A folder with empty files of these names.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for name in names {
        let path = home.path().join("clips").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    home
}

/// Makes a list of a kind, of the clips in `home`.
fn dataset(home: &Path, kind: &str, options: &[&str]) -> Ended {
    let path = |name: &str| home.join(name).display().to_string();
    sonoscope([
        "dataset",
        kind,
        "--clips",
        &path("clips"),
        "--out",
        &path("list.jsonl"),
    ])
    .and(options)
    .end()
}

/// What a list says of each id: name of the file, labels, split.
fn list(home: &Path) -> BTreeMap<String, (String, String, String)> {
    let text = fs::read_to_string(home.join("list.jsonl")).unwrap();
    let line = |line: &str| {
        let entry: Value = serde_json::from_str(line).unwrap();
        let path = PathBuf::from(entry["path"].as_str().unwrap());
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let labels = entry["labels"].as_array().map_or(String::new(), |labels| {
            let labels: Vec<_> = labels.iter().map(|label| label.as_str().unwrap()).collect();
            labels.join("+")
        });
        let split = entry["split"].as_str().unwrap_or("none").to_owned();
        (
            entry["id"].as_str().unwrap_or("").to_owned(),
            (name, labels, split),
        )
    };
    text.lines().map(line).collect()
}

fn labels(home: &Path) -> Vec<(String, String)> {
    let list = list(home).into_iter();
    list.map(|(id, (_, labels, _))| (id, labels)).collect()
}

#[test]
fn audioset_by_its_ontology() {
    let home = folder(&[
        "aaaaaaaaaaa_000030.mp4",
        "bbbbbbbbbbb.mp4",
        "deep/ccccccccccc_0.mkv",
    ]);
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let ontology = file("ontology.json", ONTOLOGY);
    let segments = file("segments.csv", SEGMENTS);
    let options = ["--published", &segments, "--ontology", &ontology];

    let ended = dataset(home.path(), "audioset-animals", &options).exited(0);
    assert!(
        ended.stdout.contains("1 of 2 that are wanted are missing"),
        "{}",
        ended.stdout
    );
    assert_eq!(
        labels(home.path()),
        [("aaaaaaaaaaa_30".into(), "Dog+Bee".into())]
    );

    let classes = file("classes.txt", "# mine\nHarp\n\nBee\n");
    let with_classes = [&options[..], &["--classes", &classes]].concat();
    dataset(home.path(), "audioset-instruments", &with_classes).exited(0);
    let wanted = [
        ("aaaaaaaaaaa_30", "Bee"),
        ("bbbbbbbbbbb", "Harp"),
        ("ccccccccccc_0", "Harp"),
    ];
    let wanted = wanted.map(|(id, labels)| (id.to_owned(), labels.to_owned()));
    assert_eq!(labels(home.path()), wanted);

    let ended = dataset(home.path(), "audioset-instruments", &options).exited(2);
    ended.explains(&["there is no class \"Acoustic guitar\""]);
}

#[test]
fn ave_and_vggsound_keep_their_splits() {
    let home = folder(&["one.mp4", "two.mp4", "three_000005.mp4"]);
    let path = home.path().join("test.txt");
    fs::write(
        &path,
        "Category&VideoID&Quality&StartTime&EndTime\nChurch bell&one&good&6&8\n",
    )
    .unwrap();
    let published = format!("test={}", path.display());
    dataset(home.path(), "ave", &["--published", &published]).exited(0);
    let wanted = |file: &str, label: &str, split: &str| (file.into(), label.into(), split.into());
    assert_eq!(
        list(home.path())["one"],
        wanted("one.mp4", "Church bell", "test")
    );

    let path = home.path().join("vggsound.csv");
    fs::write(&path, "three,5,\"dog, barking\",test\ntwo,1,skiing,test\n").unwrap();
    dataset(
        home.path(),
        "vggsound",
        &["--published", path.to_str().unwrap()],
    )
    .exited(0);
    let list = list(home.path());
    assert_eq!(
        list["three_5"],
        wanted("three_000005.mp4", "dog, barking", "test")
    );
    assert_eq!(list["two"], wanted("two.mp4", "skiing", "test"));
}

#[test]
fn any_folder_needs_no_list() {
    let home = folder(&["one.mp4", "deep/two.webm", "notes.txt"]);
    dataset(home.path(), "folder", &[]).exited(0);
    let text = fs::read_to_string(home.path().join("list.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(
        text.lines().all(|line| line.contains("\"split\":")),
        "{text}"
    );
}

#[test]
fn what_is_missing_is_told() {
    let home = folder(&["other.mp4"]);
    let segments = home.path().join("segments.csv");
    fs::write(&segments, SEGMENTS).unwrap();
    let published = ["--published", segments.to_str().unwrap()];
    dataset(home.path(), "ave", &[])
        .exited(2)
        .explains(&["list is not named"]);
    dataset(home.path(), "ave", &published)
        .exited(2)
        .explains(&["line 2 is not of the form"]);
    dataset(home.path(), "audioset-animals", &published)
        .exited(2)
        .explains(&["ontology is not named"]);
    fs::write(&segments, "skiing,0,x,test").unwrap();
    dataset(home.path(), "vggsound", &published)
        .exited(2)
        .explains(&[
            "there is no clip in",
            "skiing",
            "none is among its 1 recordings",
        ]);
}

/// The lists as they are published, with an empty file for every other video.
#[test]
fn the_published_lists() {
    let data = repository().join("../shared/data");
    if !data.is_dir() {
        eprintln!("left out: {} is not there", data.display());
        return;
    }
    let text = fs::read_to_string(data.join("ave-annotations.txt")).unwrap();
    let videos: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.split('&').nth(1))
        .collect();
    let names: Vec<_> = videos
        .iter()
        .step_by(2)
        .map(|video| format!("{video}.mp4"))
        .collect();
    let home = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let path = |name: &str| data.join(name).display().to_string();
    dataset(
        home.path(),
        "ave",
        &["--published", &path("ave-annotations.txt")],
    )
    .exited(0);
    let list = list(home.path());
    assert_eq!(list.len(), names.len());
    let classes: BTreeSet<_> = list
        .values()
        .flat_map(|(_, labels, _)| labels.split('+'))
        .collect();
    assert_eq!(classes.len(), 28);

    let text = fs::read_to_string(data.join("audioset-balanced-train-segments.csv")).unwrap();
    let videos = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(',').next());
    let names: Vec<_> = videos
        .step_by(20)
        .map(|video| format!("{video}.mp4"))
        .collect();
    let home = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let published = path("audioset-balanced-train-segments.csv");
    let options = [
        "--published",
        &published,
        "--ontology",
        &path("ontology.json"),
    ];
    for kind in ["audioset-animals", "audioset-instruments"] {
        dataset(home.path(), kind, &options).exited(0);
        let count = labels(home.path()).len();
        assert!((20..names.len()).contains(&count), "{kind}: {count}");
    }
}
