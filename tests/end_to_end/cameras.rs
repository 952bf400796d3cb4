//! Cameras, watched by the program: their seconds, their outages, what they refuse.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::{
    camera::{Camera, Feed, Login, PASSWORD, Sound, USER, Video},
    watch::{Watch, assert_without_a_hole, is_gap, is_whole},
};

#[test]
fn a_camera_that_asks_who_looks_has_a_row_for_each_unix_second() {
    let camera = Camera::of(Feed::default()).login(Login::Digest).serve();
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
    watch.wait_for("gaps", 2, is_gap);
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
    let yard = "[[source]]\nid = 'yard'\nurl = '${YARD}'\nstall = 2.0\n";
    let watch = Watch::configured(yard, &[("YARD", &camera.url())]);
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
    let camera = Camera::of(Feed::default()).login(Login::Basic).serve();
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
        (small().sound(Sound::G726), "present", "present"),
        (small().sound(Sound::Pcm), "present", "present"),
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
