//! Training sets: nothing twice, nothing lost, whatever ends a run; and recordings of which there
//! is little to learn.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;

use crate::support::{
    cache, ffmpeg,
    npy::{self, array, members},
    program::{Ended, Run, sonoscope, wait_until},
    world,
};

/// Pictures that move, to go with some sound.
const PICTURES: &str = "-f lavfi -i testsrc2=size=320x240:rate=25";
const CODECS: &str = "-c:v libx264 -preset ultrafast -g 25";

/// An extraction on one thread into small shards.
fn extract(out: &Path) -> Run {
    sonoscope(["extract", "--threads", "1", "--shard-mib", "1", "--out"]).and([out])
}

/// The lines of a set's manifest, by id.
fn manifest(out: &Path) -> BTreeMap<String, Value> {
    let text = fs::read_to_string(out.join("manifest.jsonl")).unwrap_or_default();
    (text.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .map(|line: Value| (line["id"].as_str().unwrap().to_owned(), line))
        .collect()
}

fn about(out: &Path, id: &str) -> Value {
    serde_json::from_slice(&members(out)[&format!("{id}.json")]).unwrap()
}

/// The numbers of an array of halves.
fn halves(npy: &[u8]) -> impl Iterator<Item = f32> {
    let bytes = array(npy).chunks_exact(2);
    bytes.map(|half| half::f16::from_le_bytes([half[0], half[1]]).to_f32())
}

/// Twelve clips of the synthetic world, made by the first test that wants them.
fn clips() -> &'static Path {
    static CLIPS: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = cache().join("world-to-extract");
        let words = "world --clips 12 --seconds 3 --seed 6 --difficulty easy --out";
        sonoscope(words.split(' ')).and([&folder]).done();
        folder
    });
    &CLIPS
}

#[test]
fn a_killed_run_is_gone_on_with() {
    let (clips, home) = (clips(), tempfile::tempdir().unwrap());
    let (whole, killed) = (home.path().join("whole"), home.path().join("killed"));
    extract(&whole).and([clips]).done();

    let running = extract(&killed).and([clips]).start();
    wait_until("done with a shard", || manifest_lines(&killed) > 0);
    let kill = ["-9", &running.id().to_string()];
    assert!(Command::new("kill").args(kill).status().unwrap().success());
    running.end();
    let left = fs::read_dir(&killed).unwrap().count();
    assert!(left > 2, "neither shards nor what was begun of one");

    extract(&killed).and([clips]).done();
    assert_eq!(members(&killed), members(&whole));
    let ids = |out: &Path| manifest(out).into_keys().collect::<Vec<_>>();
    assert_eq!(ids(&killed), ids(&whole));
    assert_eq!(ids(&whole).len(), 12);
}

#[test]
fn a_stopped_run_is_gone_on_with() {
    let (clips, home) = (clips(), tempfile::tempdir().unwrap());
    let (whole, stopped) = (home.path().join("whole"), home.path().join("stopped"));
    extract(&whole).and([clips]).done();
    let running = extract(&stopped).and([clips]).start();
    wait_until("done with a shard", || manifest_lines(&stopped) > 0);
    let pid = running.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    running.end().exited(1);
    // Nothing is left open, and nothing in the shards that no line tells of.
    let names = fs::read_dir(&stopped)
        .unwrap()
        .map(|file| file.unwrap().file_name());
    assert!(
        names
            .into_iter()
            .all(|name| !name.to_str().unwrap().ends_with(".partial"))
    );
    assert_eq!(members(&stopped).len(), 3 * manifest(&stopped).len());
    extract(&stopped).and([clips]).done();
    assert_eq!(members(&stopped), members(&whole));
}

/// How many whole lines a manifest has that may be growing.
fn manifest_lines(out: &Path) -> usize {
    let bytes = fs::read(out.join("manifest.jsonl")).unwrap_or_default();
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

#[test]
fn what_is_done_is_not_done_again() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("set");
    let (first, rest) = world().split_first().unwrap();
    extract(&out).and([first]).done();
    let shards = || members(&out).len();
    assert_eq!(shards(), 3);
    let ended = extract(&out).and([first]).and(rest).done();
    assert!(
        ended.stderr.contains("2 sources done now, 1 before"),
        "{}",
        ended.stderr
    );
    assert_eq!(shards(), 9);
    extract(&out).and([first]).and(rest).done();
    assert_eq!(shards(), 9);
}

#[test]
fn a_recording_that_changed_is_told() {
    let home = tempfile::tempdir().unwrap();
    let (out, clip) = (home.path().join("set"), home.path().join("clip.mp4"));
    fs::copy(&world()[0], &clip).unwrap();
    extract(&out).and([&clip]).done();
    fs::copy(&world()[1], &clip).unwrap();
    let before = members(&out);
    extract(&out)
        .and([&clip])
        .end()
        .exited(1)
        .explains(&["clip", "has changed"]);
    assert_eq!(members(&out), before);
}

#[test]
fn folders_say_the_split() {
    let home = tempfile::tempdir().unwrap();
    for (split, clip) in ["train", "validation", "test"].iter().zip(world()) {
        let folder = home.path().join("clips").join(split);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(clip, folder.join("same-name.mp4")).unwrap();
    }
    let out = home.path().join("set");
    extract(&out).and([home.path().join("clips")]).done();
    let mut splits: Vec<_> = manifest(&out)
        .keys()
        .map(|id| about(&out, id)["split"].clone())
        .collect();
    splits.sort_by_key(Value::to_string);
    assert_eq!(splits, ["test", "train", "validation"]);
}

#[test]
fn a_list_says_seconds_labels_and_split() {
    let home = tempfile::tempdir().unwrap();
    let (out, list) = (home.path().join("set"), home.path().join("list.jsonl"));
    let clip = &world()[0];
    let line = format!(
        r#"{{"id": "mine", "path": {clip:?}, "start_s": 1, "end_s": 3, "labels": ["Dog"], "split": "test"}}"#
    );
    fs::write(&list, line).unwrap();
    extract(&out).and([format!("@{}", list.display())]).done();
    let about = about(&out, "mine");
    assert_eq!(about["segments"], serde_json::json!([1, 2]));
    assert_eq!(about["labels"], serde_json::json!(["Dog"]));
    assert_eq!(about["split"], "test");
    let whole = &npy::extract(std::slice::from_ref(clip))[&crate::support::clips::id(clip)];
    let members = members(&out);
    let pictures = array(&members["mine.frames.npy"]);
    assert_eq!(pictures, [&whole[&1][..], &whole[&2]].concat());
}

#[test]
fn sound_that_is_no_number_does_not_reach_a_shard() {
    let sound = "-f lavfi -i aevalsrc=if(eq(mod(n\\,1000)\\,7)\\,0/0\\,if(eq(mod(n\\,1000)\\,9)\\,1e30\\,sin(n/20)))";
    let clip = ffmpeg(
        "no-numbers.mkv",
        &format!("{PICTURES} {sound} -t 2 {CODECS} -c:a pcm_f32le"),
    );
    let home = tempfile::tempdir().unwrap();
    let ended = extract(home.path()).and([&clip]).done();
    assert!(ended.stderr.contains("are no numbers"), "{}", ended.stderr);
    let lines = manifest(home.path());
    let line = lines.values().next().unwrap();
    // Two of every thousand samples of two seconds.
    assert!(
        (170..=180).contains(&line["not_numbers"].as_u64().unwrap()),
        "{line}"
    );
    let members = members(home.path());
    let (_, spectrograms) = members
        .iter()
        .find(|(name, _)| name.contains("spectrograms"))
        .unwrap();
    assert_eq!(halves(spectrograms).count(), 2 * 257 * 199);
    assert!(halves(spectrograms).all(f32::is_finite));
}

#[test]
fn silence_and_pictures_that_stand_still_are_counted() {
    let still = "-f lavfi -i color=gray:size=320x240:rate=25 -f lavfi -i anullsrc=r=48000";
    let clip = ffmpeg("still.mkv", &format!("{still} -t 3 {CODECS} -c:a flac"));
    let home = tempfile::tempdir().unwrap();
    let ended = extract(home.path()).and([&clip]).done();
    let counts = "3 pairs, 3 of them silent, 2 with a frozen picture";
    assert!(ended.stderr.contains(counts), "{}", ended.stderr);
    let lines = manifest(home.path());
    let id = lines.keys().next().unwrap();
    let about = about(home.path(), id);
    assert_eq!(
        about["audio"],
        serde_json::json!(["silent", "silent", "silent"])
    );
    assert_eq!(
        about["video"],
        serde_json::json!(["present", "frozen", "frozen"])
    );
}

#[test]
fn half_a_second_is_a_pair_and_less_is_none() {
    let seconds = |name: &str, seconds: &str| {
        let sound = "-f lavfi -i sine=sample_rate=48000";
        ffmpeg(
            name,
            &format!("{PICTURES} {sound} -t {seconds} {CODECS} -c:a flac"),
        )
    };
    let clips = [seconds("most.mkv", "0.8"), seconds("hardly.mkv", "0.32")];
    let home = tempfile::tempdir().unwrap();
    extract(home.path())
        .and(&clips)
        .end()
        .exited(1)
        .explains(&["no second of it"]);
    let pairs: Vec<_> = manifest(home.path())
        .values()
        .map(|line| line["pairs"].clone())
        .collect();
    assert_eq!(pairs, [0, 1], "hardly and most, in this order");
}

/// Extracts what gives nothing.
fn nothing(out: &Path, sources: &[PathBuf]) -> Ended {
    extract(out)
        .and(sources)
        .end()
        .exited(1)
        .explains(&["there is nothing to learn from"])
}

#[test]
fn where_nothing_can_be_used_it_says_so_each_time() {
    let deaf = ffmpeg("deaf.mkv", &format!("{PICTURES} -t 2 {CODECS}"));
    let blind = ffmpeg("blind.mkv", "-f lavfi -i sine=duration=2 -c:a flac");
    let home = tempfile::tempdir().unwrap();
    let sources = [deaf, blind, "/nowhere/at/all.mp4".into()];
    nothing(home.path(), &sources).explains(&["no second of it", "there is no file"]);
    assert_eq!(
        manifest(home.path()).len(),
        2,
        "a file that is not there may come yet"
    );
    nothing(home.path(), &sources).explains(&["no second of it", "read again when"]);
    assert!(members(home.path()).is_empty());
}

#[test]
fn a_folder_without_recordings_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("set");
    extract(&out)
        .and([home.path()])
        .end()
        .exited(2)
        .explains(&["there is no recording in"]);
}
