//! Views in a run: their answers are those of a plain count over the rows, however it is spread,
//! stopped and begun again, and whatever is withdrawn.

pub mod followed;
mod microphones;

use std::{cell::RefCell, collections::BTreeMap, fs, path::PathBuf};

use serde_json::Value;

use self::followed::{Followed, clip, heard};
use crate::support::program::{run_with_one_network, sonoscope, wait_until};

const VIEWS: [&str; 3] = ["episodes", "rolling", "sync"];

#[test]
fn episodes_are_those_of_a_plain_count_on_any_number_of_workers() {
    let clips = [clip(0), clip(1)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let mut told: Vec<(BTreeMap<String, Value>, BTreeMap<String, Value>)> = Vec::new();
    for workers in ["1", "2", "3"] {
        let job = Followed::new(&clips);
        job.run(workers, &sources).done();
        let episodes = job.episodes();
        assert_eq!(episodes, job.counted(&job.rows()), "{workers} workers");
        assert!(episodes.len() > 1, "{episodes:?}");
        told.push((job.hook.answers("episodes"), job.hook.answers("rolling")));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    let minutes = told[0].1.values().filter(|one| one["window_s"] == 60);
    assert_eq!(
        minutes
            .map(|one| one["seconds"].as_i64())
            .collect::<Vec<_>>(),
        [Some(30); 2]
    );
}

#[test]
fn the_episodes_of_a_source_that_has_changed_are_deleted() {
    let clips = [clip(0), clip(1), clip(2)];
    let job = Followed::new(&clips);
    let [film, other] = ["film.mp4", "other.mp4"].map(|name| job.path(name));
    fs::copy(&clips[0], &film).unwrap();
    fs::copy(&clips[1], &other).unwrap();
    job.kept("2", &[&film, &other]).done();
    assert_eq!(job.episodes(), job.counted(&job.rows()));

    fs::copy(&clips[2], &film).unwrap();
    job.kept("1", &[&film, &other]).done();
    let anew = run_with_one_network(["--quiet"]).and([&film, &other]);
    let expected = job.counted(&anew.done().rows());
    assert_eq!(job.episodes(), expected);

    // The file of lines still has the old rows, which do not count when it is read again.
    fs::copy(&clips[1], &film).unwrap();
    job.kept("3", &[&film, &other]).done();
    let anew = run_with_one_network(["--quiet"]).and([&film, &other]);
    assert_eq!(job.episodes(), job.counted(&anew.done().rows()));
}

#[test]
fn a_job_that_is_stopped_and_goes_on_answers_as_one_that_was_not() {
    let clips = [clip(0), clip(1), clip(2)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let job = Followed::new(&clips);
    let running = job.kept("1", &sources).start();
    let rows = job.path("rows.jsonl");
    wait_until("rows are written", || {
        fs::metadata(&rows).is_ok_and(|file| file.len() > 0)
    });
    running.signal("INT");
    drop(running.end());
    let before = job.rows().len();
    job.kept("3", &sources).done();
    assert!(before < job.rows().len(), "it was stopped on the way");

    let undisturbed = job.again();
    undisturbed.run("1", &sources).done();
    assert_eq!(job.episodes(), undisturbed.episodes());
    for view in VIEWS {
        assert_eq!(job.hook.answers(view), undisturbed.hook.answers(view));
    }
    assert_eq!(job.written(), undisturbed.written());
}

#[test]
fn rows_are_read_again_from_parquet_as_well() {
    let clips = [clip(0), clip(1), clip(2)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let job = Followed::new(&clips).through("parquet:rows");
    let running = job.kept("1", &sources).start();
    let told = || job.hook.letters().len();
    wait_until("rows are told", || told() > 40);
    running.signal("INT");
    drop(running.end());
    job.kept("3", &sources).done();

    let undisturbed = job.again();
    undisturbed.run("1", &sources).done();
    for view in VIEWS {
        let answers = job.hook.answers(view);
        assert!(!answers.is_empty(), "{view}");
        assert_eq!(answers, undisturbed.hook.answers(view), "{view}");
    }
}

#[test]
fn whoever_follows_a_job_that_is_killed_over_and_over_ends_with_the_same_answers() {
    let clips = [clip(0), clip(1), clip(2)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let job = Followed::new(&clips);
    let written = || fs::metadata(job.path("rows.jsonl")).map_or(0, |file| file.len());
    // All rows together have about 300 000 bytes.
    let moments = [("1", 30_000), ("2", 90_000), ("1", 150_000), ("3", 200_000)];
    let mut kills = 0;
    for (workers, bytes) in moments {
        let told = job.hook.letters().len();
        let running = RefCell::new(job.kept(workers, &sources).start());
        let is_over = || running.borrow_mut().is_over();
        wait_until("it goes on", || {
            is_over() || (written() > bytes && job.hook.letters().len() > told)
        });
        kills += u32::from(!is_over());
        running.into_inner().kill();
    }
    assert!(kills > 0, "it was killed on the way");
    job.kept("2", &sources).done();

    let undisturbed = job.again();
    undisturbed.run("1", &sources).done();
    for view in VIEWS {
        let answers = job.hook.answers_after_kills(view);
        assert_eq!(answers, undisturbed.hook.answers(view), "{view}");
    }
    assert_eq!(job.written(), undisturbed.hook.answers("episodes"));
}

/// What is said of pictures with their own sounds is what the network said of them.
#[test]
fn the_curve_of_skew_goes_through_the_mean_correspondence() {
    let clips = [clip(0)];
    let job = Followed::new(&clips);
    job.run("1", &[&clips[0]]).done();
    let answers = job.hook.answers("sync");
    let skew = answers.values().next().unwrap();
    assert_eq!((&skew["end"], answers.len()), (&30.into(), 1));
    let scores: Vec<f64> = heard(&job.rows()).iter().map(|one| one.2).collect();
    assert_eq!(skew["seconds"], scores.len());
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let told = skew["curve"][5].as_f64().unwrap();
    assert!((told - mean).abs() < 2e-3, "{told} and {mean}");
}

#[test]
fn what_cannot_be_answered_is_told() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("run.toml");
    for (text, told) in [
        (
            "[views]\nepisodes = { enter = 2.0 }",
            ["episodes.enter", "0..1"],
        ),
        ("[views]\nweather = {}", ["line 2", "weather"]),
        ("[views]\nversus = []", ["versus", "two networks"]),
        ("[views]\nsync = { window-s = 0 }", ["sync.window-s", "1.."]),
        (
            "[[sink]]\nuri = 'webhook+http://127.0.0.1:1/'\nviews = ['episodes']",
            ["no view episodes", "--view episodes"],
        ),
        (
            "[[sink]]\nuri = 'null:'\nviews = ['episodes']",
            ["views", "no use"],
        ),
    ] {
        fs::write(&config, text).unwrap();
        let run = run_with_one_network(["--config"]).and([&config, &clip(0)]);
        run.end().exited(2).explains(&told);
    }
    let run = sonoscope(["run", "--network", "avol-small", "--view", "matrix"]);
    let ended = run.and([clip(0)]).end();
    ended.exited(2).explains(&["matrix", "by the distance"]);

    let state = home.path().join("state");
    let run = run_with_one_network(["--sink", "null:", "--view", "episodes", "--state"]);
    let ended = run.and([&state, &clip(0)]).end();
    ended
        .exited(2)
        .explains(&["read its rows again", "jsonl:PATH"]);

    let lines = format!("jsonl:{}", home.path().join("rows.jsonl").display());
    let run = run_with_one_network(["--sink", &lines, "--view", "nearest", "--state"]);
    let ended = run.and([&home.path().join("other"), &clip(0)]).end();
    ended
        .exited(2)
        .explains(&["with their embeddings", "--include embeddings"]);
}
