//! `sonoscope eval`: figures, tables and a page, from recordings and what is known of them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::Value;

use crate::support::{
    cache,
    program::{Ended, sonoscope},
    world,
};

/// Six clips of two seconds with their truth.
fn clips() -> &'static Path {
    static CLIPS: OnceLock<PathBuf> = OnceLock::new();
    CLIPS.get_or_init(|| {
        let folder = cache().join("world-of-six");
        let words = "world --clips 6 --seconds 2 --seed 3 --difficulty hard --out";
        sonoscope(words.split(' ')).and([&folder]).done();
        folder
    })
}

/// An empty folder for what is written.
fn out(name: &str) -> PathBuf {
    let folder = cache().join("eval").join(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn evaluated(clips: &Path, out: &Path, more: &str) -> Ended {
    sonoscope(["eval", "--out"])
        .and([out, clips])
        .and(more.split_whitespace())
        .end()
}

fn json(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("eval.json")).unwrap()).unwrap()
}

#[track_caller]
fn share(figures: &Value, field: &str) -> f64 {
    let share = figures[field].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&share), "{field} is {share}");
    share
}

#[test]
fn every_figure_has_its_place() {
    let out = out("whole");
    let ended = evaluated(clips(), &out, "--network avol-small ave-small --threads 2").exited(0);
    assert!(
        ended
            .stdout
            .contains("Does the sound belong to the picture?")
    );
    let report = json(&out);
    assert_eq!(report["counts"]["recordings"], 6);
    assert_eq!(report["counts"]["with_truth"], 6);
    assert_eq!(report["counts"]["seconds"], 12);
    let [avol, ave] = report["networks"].as_array().unwrap().as_slice() else {
        panic!("two networks were named");
    };
    assert_eq!(
        (&avol["network"], &ave["network"]),
        (&"avol-small".into(), &"ave-small".into())
    );
    for network in [avol, ave] {
        let pairs = &network["correspondence"];
        share(pairs, "accuracy");
        share(pairs, "calibration_error");
        assert_eq!(pairs["positives"], pairs["negatives"]);
        assert_eq!(pairs["reliability"].as_array().unwrap().len(), 10);
        let all = &network["all_pairs"];
        assert!(share(all, "rank_auc") > 0.5, "it has learned: {all}");
        let clips = all["seconds"].as_u64().unwrap();
        assert_eq!(all["negatives"], clips * (clips - 1));
        let own = &all["own_sound"];
        assert!(
            share(own, "low") <= share(own, "value") && share(own, "value") <= share(own, "high")
        );
        let why = network["alignment"]["not_measured"].as_str().unwrap();
        assert!(why.contains("two seconds apart"), "{why}");
    }
    let cells = ave["retrieval"]["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 4 * 2 * 2, "directions, depths, gains");
    cells.iter().for_each(|cell| _ = share(cell, "ndcg"));
    assert!(avol["retrieval"]["not_measured"].is_string());
    let pointing = &avol["localisation"]["pointing"];
    assert!(share(pointing, "accuracy") > share(pointing, "chance"));
    share(&avol["localisation"]["overlap"]["network"], "success");
    assert!(ave["localisation"]["not_measured"].is_string());
}

#[test]
fn the_page_holds_all_that_it_shows() {
    let out = out("page");
    evaluated(clips(), &out, "--network avol-small ave-small").exited(0);
    let page = fs::read_to_string(out.join("eval.html")).unwrap();
    for outside in [
        "http:", "https:", "url(", "<script", "<link", "@import", "href=",
    ] {
        assert!(!page.contains(outside), "`{outside}` is in the page");
    }
    let images = page.matches("<img").count();
    assert!(images > 20, "{images} pictures");
    assert_eq!(page.matches("src=\"data:image/png;base64,").count(), images);
    assert_eq!(page.matches("src=").count(), images);
    for section in [
        "Where the sound comes from",
        "What lies near",
        "Pictures and sounds",
    ] {
        assert!(page.contains(section), "no `{section}`");
    }
}

#[test]
fn the_same_seed_says_the_same_however_many_threads() {
    let (one, three) = (out("one"), out("three"));
    let first = evaluated(
        clips(),
        &one,
        "--network ave-small --threads 1 --seed 4 --json",
    );
    let second = evaluated(
        clips(),
        &three,
        "--network ave-small --threads 3 --seed 4 --json",
    );
    assert_eq!(first.exited(0).stdout, second.exited(0).stdout);
    let page = |out: &Path| fs::read(out.join("eval.html")).unwrap();
    assert!(page(&one) == page(&three), "the pages differ");
}

#[test]
fn without_truth_what_needs_none_is_measured() {
    let out = out("life");
    evaluated(clips(), &out, "--network ave-small --truth none --limit 4").exited(0);
    let report = json(&out);
    assert_eq!(report["counts"]["with_truth"], 0);
    assert_eq!(report["counts"]["recordings"], 4);
    let network = &report["networks"][0];
    share(&network["all_pairs"]["own_sound"], "value");
    for measure in ["retrieval", "localisation"] {
        let why = network[measure]["not_measured"].as_str().unwrap();
        assert!(why.contains("known"), "{why}");
    }
}

#[test]
fn one_clip_has_nothing_to_be_compared_with() {
    let out = out("alone");
    evaluated(clips(), &out, "--network ave-small --limit 1").exited(0);
    let network = &json(&out)["networks"][0];
    for measure in ["correspondence", "all_pairs"] {
        let why = network[measure]["not_measured"].as_str().unwrap();
        assert!(why.contains("two recordings are needed"), "{why}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_told() {
    let empty = out("empty");
    fs::create_dir_all(&empty).unwrap();
    let told = evaluated(&empty, &out("none"), "").exited(2);
    told.explains(&["there is no recording in"]);
    let broken = out("broken");
    fs::create_dir_all(&broken).unwrap();
    fs::write(broken.join("a.mp4"), "").unwrap();
    let told = evaluated(&broken, &out("none"), "--network ave-small").exited(1);
    told.explains(&["none of 1 recordings", "is empty"]);
    let lacking = broken.join("ontology.json");
    fs::write(&lacking, r#"[{"id": "x", "name": "Bagpipe"}]"#).unwrap();
    let more = format!("--ontology {}", lacking.display());
    let told = evaluated(clips(), &out("none"), &more).exited(2);
    told.explains(&["lacks classes of the truth"]);
    let truths = format!("--truth {}", broken.display());
    fs::write(broken.join("clip-00000.json"), "{}").unwrap();
    let told = evaluated(world()[0].parent().unwrap(), &out("none"), &truths).exited(2);
    told.explains(&["clip-00000.json", "class"]);
}

#[test]
fn a_recording_that_fails_harms_no_other() {
    let folder = out("mixed");
    fs::create_dir_all(&folder).unwrap();
    for clip in ["clip-00000", "clip-00001"] {
        for extension in ["mp4", "json"] {
            let name = format!("{clip}.{extension}");
            fs::copy(clips().join(&name), folder.join(&name)).unwrap();
        }
    }
    fs::write(folder.join("zero.mp4"), "").unwrap();
    let out = out("mixed-out");
    let told = evaluated(&folder, &out, "--network ave-small").exited(1);
    told.explains(&["zero", "is empty"]);
    let counts = &json(&out)["counts"];
    assert_eq!(
        (&counts["recordings"], &counts["failed"]),
        (&3.into(), &1.into())
    );
}
