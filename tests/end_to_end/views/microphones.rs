//! Whose sound fits whose picture, of cameras.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::support::{
    Rows,
    camera::{Camera, Feed},
    hook::Hook,
    program::{run_with_one_network, wait_until},
};

/// Seconds that are compared, and the fewest that say something.
const WINDOW_S: i64 = 4;
const LEAST: usize = 2;

/// The correspondence that the network gave each second of a source in which both are there, as far
/// as it lies in a window.
fn scores(rows: &Rows, source: &str, end: i64) -> Vec<f64> {
    let inside = |row: &&Value| {
        let segment = row["segment"].as_i64().unwrap();
        (end - WINDOW_S..end).contains(&segment) && row["audio"] != "silent"
    };
    let rows = rows.of(source).0;
    let scores = rows.iter().filter(inside);
    scores
        .filter_map(|row| row["correspondence"].as_f64())
        .collect()
}

#[test]
fn every_camera_is_compared_with_every_other() {
    let home = tempfile::tempdir().unwrap();
    let (rows, config) = (home.path().join("rows.jsonl"), home.path().join("run.toml"));
    let (hook, cameras) = (
        Hook::start(),
        [(); 2].map(|()| Camera::of(Feed::default()).serve()),
    );
    let mut text = format!(
        "[views]\nmatrix = {{ window-s = {WINDOW_S}, sample-s = 1, least-samples = {LEAST}, \
         grace-s = 1 }}\n[[sink]]\nuri = 'jsonl:{}'\n[[sink]]\nuri = '{}'\nviews = ['matrix']\n",
        rows.display(),
        hook.uri()
    );
    for (id, camera) in ["left", "right"].iter().zip(&cameras) {
        let url = camera.url();
        text += &format!("[[source]]\nid = '{id}'\nurl = '{url}'\ntransport = 'tcp'\n");
    }
    fs::write(&config, text).unwrap();
    let running = run_with_one_network(["--workers", "2", "--config"]);
    let running = running.and([&config]).start();
    let compared = |answers: &BTreeMap<String, Value>| {
        let both = |answer: &Value| answer["fits"].as_array().unwrap().len() == 2;
        answers.values().filter(|answer| both(answer)).count() == 2
    };
    wait_until("both are compared", || compared(&hook.answers("matrix")));
    running.signal("INT");
    running.end().exited(0);

    let rows = Rows::parse(&fs::read_to_string(rows).unwrap());
    let answers = hook.answers("matrix");
    assert_eq!(answers.len(), 2);
    for answer in answers.values() {
        let source = answer["sound_of"].as_str().unwrap();
        let own = &answer["own"];
        if own.is_null() {
            continue;
        }
        // The network's head falls with the distance: at the mean of distances it says something
        // between the least and the most that it said of any.
        let scores = scores(&rows, source, answer["end"].as_i64().unwrap());
        assert_eq!(own["samples"], scores.len());
        let told = own["correspondence"].as_f64().unwrap();
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let most = scores.iter().copied().fold(0.0, f64::max);
        assert!(
            (least - 2e-3..=most + 2e-3).contains(&told),
            "{answer}: {scores:?}"
        );
    }
}
