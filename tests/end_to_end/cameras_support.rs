//! The cameras of the tests, by themselves: what GStreamer's own client sees of them is what they
//! are said to show.

use std::thread;

use gstreamer::ClockTime;

use crate::support::{
    assert_none,
    camera::{
        Camera, Feed, Login, PASSWORD, Reports, Sound, USER, Video, feed::SECONDS, pump::unix_ns,
    },
    viewer::{Seen, Viewer},
};

const SECOND_NS: u64 = 1_000_000_000;

/// How wrong times may be: reports go by two clocks, between looks at which a thread may have to
/// wait, and codecs spread a change of tone.
const SLACK_NS: u64 = 60_000_000;

/// What someone saw and heard in the same time.
struct Look {
    pictures: Vec<Seen>,
    sounds: Vec<Seen>,
}

impl Look {
    /// Looks until the time of capture has been told for so long, and listens as long.
    fn at(camera: &Camera, told_ns: u64) -> Self {
        let viewer = Viewer::of(&camera.url());
        let mut pictures: Vec<Seen> = Vec::new();
        while Self::told_ns(&pictures) < told_ns {
            pictures.push(viewer.picture());
        }
        let mut sounds = Vec::new();
        while Self::told_ns(&sounds) < told_ns {
            sounds.push(viewer.sound());
        }
        Self { pictures, sounds }
    }

    /// Pictures and sounds that are of another second than that of their capture, among those of
    /// which it has been told.
    fn wrong(&self, name: &str, sound_skew_ns: u64) -> Vec<String> {
        let pictures = self.pictures.iter().map(|seen| (seen, 0, 0));
        let sounds = (self.sounds.iter()).map(|seen| (seen, sound_skew_ns, seen.duration_ns));
        let wrong = pictures
            .chain(sounds)
            .filter_map(|(seen, skew_ns, long_ns)| {
                let from_ns = seen.unix_ns? - skew_ns;
                let range_ns = [from_ns - SLACK_NS, from_ns + long_ns + SLACK_NS];
                let expected = range_ns.map(|ns| ns / SECOND_NS % SECONDS);
                (!expected.contains(&seen.second))
                    .then(|| format!("{name}: {seen:?}, not of {expected:?}"))
            });
        wrong.collect()
    }

    /// For how long it was told when pictures or sounds were captured.
    fn told_ns(seen: &[Seen]) -> u64 {
        let told: Vec<_> = seen.iter().filter_map(|seen| seen.unix_ns).collect();
        let ends = told.iter().min().zip(told.iter().max());
        ends.map_or(0, |(first, last)| last - first)
    }
}

/// What is wrong with a camera, by its name.
fn wrong(name: &str, feed: Feed, frames_per_second: f64, sound_skew_ns: u64) -> Vec<String> {
    let camera = Camera::of(feed).serve();
    let look = Look::at(&camera, 3 * SECOND_NS / 2);
    let mut wrong = look.wrong(name, sound_skew_ns);
    let told = look.pictures.iter().filter(|seen| seen.unix_ns.is_some());
    let seconds = Look::told_ns(&look.pictures) as f64 / SECOND_NS as f64;
    let rate = (told.count() - 1) as f64 / seconds;
    if !(0.85..1.15).contains(&(rate / frames_per_second)) {
        wrong.push(format!(
            "{name}: {rate} pictures a second, not {frames_per_second}"
        ));
    }
    wrong
}

#[test]
fn each_second_has_its_colour_and_its_tone_whatever_the_codec() {
    let cases = [
        ("plain", Feed::default(), 25.0, 0),
        (
            "10 fps, A-law",
            Feed::default().fps(10).sound(Sound::Pcma),
            10.0,
            0,
        ),
        (
            "60 fps, mu-law",
            Feed::default().fps(60).sound(Sound::Pcmu),
            60.0,
            0,
        ),
        (
            "H.265, Opus",
            Feed::default().video(Video::H265).sound(Sound::Opus),
            25.0,
            0,
        ),
        (
            "MJPEG, G.726",
            Feed::default().video(Video::Mjpeg).sound(Sound::G726),
            25.0,
            0,
        ),
        ("PCM", Feed::default().sound(Sound::Pcm), 25.0, 0),
        // 11 of 35 pictures are kept.
        (
            "irregular",
            Feed::default().irregular(),
            25.0 * 11.0 / 35.0,
            0,
        ),
        (
            "skew",
            Feed::default().sound_skew_ms(100),
            25.0,
            100_000_000,
        ),
    ];
    let looks = cases.map(|(name, feed, rate, skew)| {
        let look = move || wrong(name, feed, rate, skew);
        let builder = thread::Builder::new().name(name.into());
        builder.spawn(look).unwrap()
    });
    assert_none(looks.into_iter().flat_map(|look| look.join().unwrap()));
}

#[test]
fn a_skew_of_the_sound_is_to_be_heard() {
    let camera = Camera::of(Feed::default().sound_skew_ms(400)).serve();
    let look = Look::at(&camera, 3 * SECOND_NS / 2);
    assert!(look.wrong("skew", 0).len() > 5);
    assert_none(look.wrong("skew", 400_000_000));
}

#[test]
fn a_track_that_is_not_announced_does_not_come() {
    let blind = Camera::of(Feed::default().without_video()).serve();
    let deaf = Camera::of(Feed::default().without_sound()).serve();
    let [listener, viewer] = [&blind, &deaf].map(|camera| Viewer::of(&camera.url()));
    listener.sound();
    viewer.picture();
    assert!(listener.picture_within(ClockTime::ZERO).is_none());
    assert!(viewer.sound_within(ClockTime::ZERO).is_none());
}

#[test]
fn late_sound_is_late() {
    let camera = Camera::of(Feed::default().sound_late_ms(3000)).serve();
    let viewer = Viewer::of(&camera.url());
    let first = viewer.picture();
    let mut last = first;
    while viewer.sound_within(ClockTime::ZERO).is_none() {
        last = viewer.picture();
    }
    assert!(last.running_ns - first.running_ns > SECOND_NS, "{last:?}");
}

#[test]
fn without_reports_nobody_knows_when_it_was() {
    let camera = Camera::of(Feed::default()).reports(Reports::Off).serve();
    let viewer = Viewer::of(&camera.url());
    let first = viewer.picture();
    loop {
        let picture = viewer.picture();
        assert_eq!(picture.unix_ns, None);
        if picture.running_ns > first.running_ns + 2 * SECOND_NS {
            break;
        }
    }
}

#[test]
fn only_who_knows_the_password_may_look() {
    for login in [Login::Basic, Login::Digest] {
        let camera = Camera::of(Feed::default()).login(login).serve();
        Viewer::of(&camera.url_with(USER, PASSWORD)).picture();
        for url in [camera.url(), camera.url_with(USER, "tulip")] {
            let said = Viewer::of(&url).end();
            assert!(said.contains("Unauthorized"), "{login:?}: {said}");
        }
    }
}

#[test]
fn a_camera_goes_and_comes_back_where_it_was() {
    let mut camera = Camera::of(Feed::default()).serve();
    let viewer = Viewer::of(&camera.url());
    viewer.picture();
    camera.stop();
    viewer.end();
    let refused = Viewer::of(&camera.url()).end();
    assert!(refused.contains("Failed to connect"), "{refused}");
    for feed in [
        Feed::default(),
        Feed::default().fps(10).video(Video::H265).size(320, 240),
    ] {
        camera.restart_with(feed);
        Viewer::of(&camera.url()).picture();
    }
    assert_eq!(camera.connections(), 3);
}

#[test]
fn a_frozen_camera_stays_connected_and_sends_nothing() {
    let camera = Camera::of(Feed::default()).serve();
    let viewer = Viewer::of(&camera.url());
    viewer.picture();
    // Until it has told when pictures were captured.
    while viewer.picture().unix_ns.is_none() {}
    camera.freeze();
    let frozen_ns = unix_ns();
    // Some are under way.
    while let Some(picture) = viewer.picture_within(ClockTime::from_mseconds(500)) {
        assert!(
            picture.unix_ns.unwrap() < frozen_ns + SLACK_NS,
            "it goes on"
        );
    }
    camera.thaw();
    viewer.picture();
}

#[test]
fn who_looks_shares_one_camera() {
    let camera = Camera::of(Feed::default()).serve();
    let viewers: Vec<_> = (0..4).map(|_| Viewer::of(&camera.url())).collect();
    for viewer in &viewers {
        viewer.picture();
    }
    assert_eq!(camera.connections(), 4);
}
