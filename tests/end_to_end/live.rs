//! Cameras, watched by the program: each Unix second has the picture and the sound of that second,
//! whatever becomes of the line in between.

use serde_json::Value;

use crate::support::{
    Rows, assert_none,
    camera::{Camera, Feed, Reports, feed::SECONDS},
    clips::id,
    program::run_with_one_network,
    proxy::{Proxy, Way},
    watch::{Watch, is_gap, is_whole},
};

/// A run on a camera whose rows can be told apart by what is in them.
fn watch(url: String) -> Watch {
    let words = ["--include", "embeddings", "--rtsp-transport", "tcp"];
    Watch::run(run_with_one_network([url]).and(words))
}

/// That the camera has told the time of.
fn is_told(row: &Value) -> bool {
    is_whole(row) && row["clock_source"] == "rtcp_sr"
}

/// Embeddings of what a camera shows, and the seconds of a round that they are of.
struct Reference {
    pictures: Vec<(u64, Vec<f64>)>,
    sounds: Vec<(u64, Vec<f64>)>,
}

impl Reference {
    /// From recordings: of each second several pictures about its middle, since one clock is never
    /// quite the other, and a network takes pictures it has not seen for something else.
    fn of_recordings() -> Self {
        let lates_ms = [0, 40, 80, 120, 880, 920, 960];
        let recordings = lates_ms.map(Feed::recording);
        let rows = run_with_one_network(&recordings).and(["--include", "embeddings"]);
        let rows = rows.done().rows();
        let (mut pictures, mut sounds) = (Vec::new(), Vec::new());
        for (late_ms, recording) in lates_ms.into_iter().zip(&recordings) {
            let of_recording = rows.of(&id(recording)).0;
            for row in of_recording.iter().filter(|row| is_whole(row)) {
                let segment = row["segment"].as_u64().unwrap();
                let shown = (segment * 1000 + 500 - late_ms) / 1000;
                pictures.push((shown, numbers(row, "frame_embedding")));
                sounds.push((segment, numbers(row, "audio_embedding")));
            }
        }
        Self { pictures, sounds }
    }

    /// What is wrong with the picture and the sound of a row.
    fn wrong(&self, row: &Value) -> Vec<String> {
        let expected = row["segment"].as_u64().unwrap() % SECONDS;
        let fields = [
            ("frame_embedding", &self.pictures),
            ("audio_embedding", &self.sounds),
        ];
        let wrong = fields.into_iter().filter_map(|(field, known)| {
            let found = nearest(known, &numbers(row, field));
            let (segment, pts) = (&row["segment"], &row["frame_pts_ns"]);
            (found != expected)
                .then(|| format!("{segment}: {field} of {found}, not {expected}, picture of {pts}"))
        });
        wrong.collect()
    }
}

fn numbers(row: &Value, field: &str) -> Vec<f64> {
    let numbers = row[field].as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap()).collect()
}

fn nearest(known: &[(u64, Vec<f64>)], wanted: &[f64]) -> u64 {
    let likeness = |(_, other): &(u64, Vec<f64>)| -> f64 {
        wanted.iter().zip(other).map(|(a, b)| a * b).sum()
    };
    let nearest = (known.iter()).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.unwrap().0
}

/// Rows whose picture or sound is of another second, and seconds that come twice or not at all.
/// Of each session what comes before the camera has told the time is not looked at, nor is the
/// first row: its second may have begun by another clock and its picture before a key frame.
fn wrong(rows: &Rows) -> Vec<String> {
    let reference = Reference::of_recordings();
    let mut wrong = Vec::new();
    for pair in rows.0.windows(2) {
        if pair[0]["session"] == pair[1]["session"] && is_told(&pair[1]) {
            wrong.extend(reference.wrong(&pair[1]));
        }
    }
    let segments = rows.integers("segment");
    for pair in segments.windows(2) {
        if pair[1] != pair[0].map(|segment| segment + 1) {
            wrong.push(format!("{:?} behind {:?}", pair[1], pair[0]));
        }
    }
    wrong
}

#[test]
fn each_second_of_a_camera_has_its_own_picture_and_sound() {
    let camera = Camera::of(Feed::default()).serve();
    let watch = watch(camera.url());
    watch.wait_for("rows by the camera's clock", 3, is_told);
    assert_none(wrong(&watch.end().0));
}

#[test]
fn without_reports_the_hosts_clock_tells_the_seconds() {
    let camera = Camera::of(Feed::default()).reports(Reports::Off).serve();
    let watch = watch(camera.url());
    watch.wait_for("rows", 3, is_whole);
    let (rows, _) = watch.end();
    assert!(
        rows.field("clock_source")
            .iter()
            .all(|source| *source == "host")
    );
    let segments = rows.integers("segment");
    assert!(
        segments.windows(2).all(|pair| pair[0] < pair[1]),
        "{segments:?}"
    );
}

#[test]
fn an_outage_is_told_and_what_comes_behind_it_is_right() {
    let camera = Camera::of(Feed::default()).serve();
    let proxy = Proxy::before(camera.port());
    let watch = watch(camera.url_through(&proxy));
    watch.wait_for("rows", 2, is_told);
    proxy.set(Way::Closed);
    proxy.cut();
    watch.wait_for("gaps", 2, is_gap);
    proxy.set(Way::Open);
    watch.wait_for_more("rows behind the outage", 2, is_told);
    let (rows, _) = watch.end();
    let sessions = rows.integers("session");
    assert!(sessions.last() > sessions.first(), "{sessions:?}");
    assert_none(wrong(&rows));
}

#[test]
fn a_camera_without_sound_has_rows_that_say_so() {
    let camera = Camera::of(Feed::default().without_sound()).serve();
    let watch = watch(camera.url());
    watch.wait_for("rows", 2, |row| row["video"] == "present");
    let (rows, _) = watch.end();
    let without = |row: &&Value| row["audio"] == "absent" || row["audio"] == "gap";
    assert!(
        rows.0.iter().all(|row| without(&row)),
        "{}",
        rows.runs("audio")
    );
}
