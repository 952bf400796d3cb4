//! Cameras, watched by the program: their seconds, their outages, what they refuse.

use std::{
    fs,
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    Rows,
    camera::{Camera, Feed, PASSWORD, Sound, USER, Video},
    program::{Ended, Running, run_with_one_network, wait_until},
};

/// A run on cameras, and where its rows go.
struct Watch {
    running: Option<Running>,
    rows: PathBuf,
    _folder: TempDir,
}

impl Watch {
    fn of(urls: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rows = folder.path().join("rows.jsonl");
        let sink = format!("jsonl:{}", rows.display());
        let run = run_with_one_network(urls).and(["--sink", &sink, "--rtsp-transport", "tcp"]);
        Self {
            running: Some(run.start()),
            rows,
            _folder: folder,
        }
    }

    /// The rows whose lines are whole by now.
    fn so_far(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.rows).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let rows = whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        rows.collect()
    }

    fn wait_for(&self, what: &str, count: usize, is_one: impl Fn(&Value) -> bool) {
        wait_until(what, || {
            self.so_far().iter().filter(|row| is_one(row)).count() >= count
        });
    }

    fn end(mut self) -> (Rows, Ended) {
        let running = self.running.take().unwrap();
        running.signal("INT");
        let ended = running.end().exited(0);
        let rows = fs::read_to_string(&self.rows).unwrap_or_default();
        (Rows::parse(&rows), ended)
    }
}

impl Drop for Watch {
    /// A test that fails leaves no program behind, and tells what the program said.
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.signal("INT");
            eprintln!("{}", running.end().stderr);
        }
    }
}

fn is_whole(row: &Value) -> bool {
    row["video"] == "present" && row["audio"] == "present"
}

/// Each second once, none left out.
#[track_caller]
fn assert_without_a_hole(rows: &Rows) {
    let bounds = rows
        .0
        .iter()
        .map(|row| (row["segment"].as_i64(), row["end_ns"].as_i64()));
    let bounds: Vec<_> = bounds
        .map(|(segment, end)| (segment.unwrap(), end.unwrap()))
        .collect();
    for pair in bounds.windows(2) {
        assert_eq!(pair[0].1, pair[1].0 * 1_000_000_000, "{bounds:?}");
    }
}

#[test]
fn a_camera_that_asks_who_looks_has_a_row_for_each_unix_second() {
    let camera = Camera::of(Feed::default())
        .login(crate::support::camera::Login::Digest)
        .serve();
    let watch = Watch::of(&[camera.url_with(USER, PASSWORD)]);
    watch.wait_for("rows by the camera's clock", 3, |row| {
        is_whole(row) && row["clock_source"] == "rtcp_sr"
    });
    let (rows, ended) = watch.end();
    assert_without_a_hole(&rows);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let last = rows.0.last().unwrap();
    assert!(now - last["segment"].as_u64().unwrap() < 60, "{last:#}");
    assert_eq!(last["source"], "127-0-0-1-cam");
    assert!(last["wall_clock"].as_str().unwrap().ends_with('Z'));
    for text in [ended.stderr, format!("{rows:?}")] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
}

#[test]
fn an_outage_is_told_second_by_second_and_ends() {
    let mut camera = Camera::of(Feed::default()).serve();
    let watch = Watch::of(&[camera.url()]);
    watch.wait_for("whole seconds", 2, is_whole);
    camera.stop();
    watch.wait_for("gaps", 2, |row| {
        row["video"] == "gap" && row["audio"] == "gap"
    });
    camera.restart();
    watch.wait_for("whole seconds of the next session", 2, |row| {
        is_whole(row) && row["session"].as_i64() > Some(0)
    });
    let (rows, ended) = watch.end();
    assert_without_a_hole(&rows);
    assert!(ended.stderr.contains("failed"), "{}", ended.stderr);
}

#[test]
fn a_camera_that_is_silent_on_the_line_is_connected_anew() {
    let camera = Camera::of(Feed::default()).serve();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("cameras.toml");
    let rows = folder.path().join("rows.jsonl");
    let text = format!(
        "sinks = ['jsonl:{}']\n[[source]]\nid = 'yard'\nurl = '${{YARD}}'\nstall = 2.0\n",
        rows.display()
    );
    fs::write(&config, text).unwrap();
    let run = run_with_one_network(["--config".into(), config]).with("YARD", camera.url());
    let watch = Watch {
        running: Some(run.start()),
        rows,
        _folder: folder,
    };
    watch.wait_for("whole seconds", 2, is_whole);
    camera.freeze();
    watch.wait_for("gaps", 2, |row| row["video"] == "gap");
    camera.thaw();
    watch.wait_for("whole seconds of the next session", 2, |row| {
        is_whole(row) && row["session"].as_i64() > Some(0)
    });
    let (rows, ended) = watch.end();
    assert_without_a_hole(&rows);
    assert!(rows.0.iter().all(|row| row["source"] == "yard"));
    assert!(
        ended.stderr.contains("nothing came for 2 s"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_wrong_password_is_told_and_not_tried_without_end() {
    let camera = Camera::of(Feed::default())
        .login(crate::support::camera::Login::Basic)
        .serve();
    let before = camera.connections();
    let watch = Watch::of(&[camera.url_with(USER, "Wrong-7b2e-Word")]);
    watch.wait_for("gaps", 1, |row| row["video"] == "gap");
    let tried = camera.connections() - before;
    let (rows, ended) = watch.end();
    assert!(rows.0.iter().all(|row| row["audio"] == "gap"));
    assert!(
        ended
            .stderr
            .contains("does not accept the user and password"),
        "{}",
        ended.stderr
    );
    assert!(
        !ended.stderr.contains("Wrong-7b2e-Word"),
        "{}",
        ended.stderr
    );
    // After 0.5 s, 1 s, 2 s ..., each shortened by up to a half, and perhaps two for each attempt.
    assert!((1..=16).contains(&tried), "{tried} connections");
}

#[test]
fn cameras_of_many_kinds_are_watched_at_once() {
    let small = || Feed::default().size(160, 120).fps(10);
    let feeds = [
        (small().sound(Sound::Pcmu), "present", "present"),
        (small().sound(Sound::Pcma), "present", "present"),
        (small().sound(Sound::Opus), "present", "present"),
        (small().video(Video::H265), "present", "present"),
        (small().video(Video::Mjpeg), "present", "present"),
        (small().without_sound(), "present", "absent"),
        (small().without_video(), "absent", "present"),
        (small().irregular(), "present", "present"),
    ];
    let cameras: Vec<_> = (feeds.iter())
        .map(|(feed, ..)| Camera::of(feed.clone()).serve())
        .collect();
    let urls: Vec<_> = cameras.iter().map(Camera::url).collect();
    let watch = Watch::of(&urls);
    for (number, (_, video, audio)) in (1..).zip(&feeds) {
        let id = match number {
            1 => "127-0-0-1-cam".to_owned(),
            _ => format!("127-0-0-1-cam-{number}"),
        };
        watch.wait_for(
            &format!("{id}: {video} pictures, {audio} sound"),
            2,
            |row| row["source"] == id && row["video"] == *video && row["audio"] == *audio,
        );
    }
    let (rows, _) = watch.end();
    for source in 2..=feeds.len() {
        assert_without_a_hole(&rows.of(&format!("127-0-0-1-cam-{source}")));
    }
}
