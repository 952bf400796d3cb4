//! Clips as files: complete, playable, in time, and the same bytes each time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{collections::HashSet, fs, path::Path};

use gstreamer::{self as gst, prelude::*};
use gstreamer_pbutils::Discoverer;
use sonoscope_world::{Encoding, Error, Truth, World, WorldConfig, encode, write_set};

const LIMIT: gst::ClockTime = gst::ClockTime::from_seconds(20);

fn small_world() -> World {
    World {
        size: (96, 64),
        fps: 10,
        seconds: 2,
        ..World::default()
    }
}

fn config() -> WorldConfig {
    WorldConfig {
        world: small_world(),
        threads: 2,
        ..WorldConfig::default()
    }
}

/// Everything that a description with an appsink `out` gives.
fn decoded(path: &Path, description: &str) -> Vec<u8> {
    let source = format!("filesrc location={} ! decodebin name=d", path.display());
    let pipeline = gst::parse::launch(&format!("{source} d. ! {description} ! appsink name=out"))
        .unwrap()
        .downcast::<gst::Pipeline>()
        .unwrap();
    let sink: gstreamer_app::AppSink = pipeline.by_name("out").unwrap().downcast().unwrap();
    sink.set_sync(false);
    pipeline.set_state(gst::State::Playing).unwrap();
    let mut bytes = Vec::new();
    while let Some(sample) = sink.try_pull_sample(LIMIT) {
        bytes.extend_from_slice(&sample.buffer().unwrap().map_readable().unwrap());
    }
    assert!(sink.is_eos(), "decoding did not come to its end");
    pipeline.set_state(gst::State::Null).unwrap();
    bytes
}

fn decoded_audio(path: &Path) -> Vec<f32> {
    let bytes = decoded(path, "audioconvert ! audio/x-raw,format=F32LE");
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|sample| f32::from_le_bytes(*sample))
        .collect()
}

/// By how many samples `late` comes after `early`, within 3 000 either way.
fn lag_samples(early: &[f32], late: &[f32]) -> i32 {
    let window = 20_000..26_000;
    let likeness = |lag: &i32| {
        let start = (window.start as i32 + lag) as usize;
        let pairs = early[window.clone()].iter().zip(&late[start..]);
        pairs.map(|(a, b)| a * b).sum::<f32>()
    };
    (-3_000..=3_000)
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
        .unwrap()
}

#[test]
fn files_play_for_the_length_of_the_clip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mp4");
    let clip = small_world().clip(1);
    encode(&clip, &path, &Encoding::default()).unwrap();

    let uri = gst::glib::filename_to_uri(&path, None).unwrap();
    let info = Discoverer::new(LIMIT).unwrap().discover_uri(&uri).unwrap();
    let (video, audio) = (&info.video_streams()[0], &info.audio_streams()[0]);
    assert_eq!((video.width(), video.height()), (96, 64));
    assert_eq!((audio.sample_rate(), audio.channels()), (48_000, 1));
    let excess_ms = info.duration().unwrap().mseconds() as i64 - 2_000;
    assert!(
        (0..30).contains(&excess_ms),
        "{excess_ms} ms longer than 2 s"
    );

    let truth: Truth =
        serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
    assert_eq!(truth, clip.truth());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "something was left behind"
    );
}

#[test]
fn decoded_sound_and_picture_are_those_of_the_clip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.mp4");
    // A class whose sound is not periodic, so that a lag has one answer.
    let mut clips = (0..).map(|index| small_world().clip(index));
    let clip = clips.find(|clip| clip.class() == "rain").unwrap();
    encode(
        &clip,
        &path,
        &Encoding {
            b_frames: 2,
            ..Encoding::default()
        },
    )
    .unwrap();

    let audio = decoded_audio(&path);
    assert!(audio.len() >= 2 * 48_000, "{} samples", audio.len());
    let lag = lag_samples(&clip.audio(), &audio);
    assert!(lag.abs() <= 24, "sound is {lag} samples late");

    let rgb = decoded(&path, "videoconvert ! video/x-raw,format=RGB");
    let frames: Vec<_> = rgb.chunks_exact(clip.frame_bytes()).collect();
    assert_eq!(frames.len() as u32, clip.frames());
    let mut painted = vec![0; clip.frame_bytes()];
    for (index, frame) in frames.iter().enumerate() {
        clip.frame(index as u32, &mut painted);
        let off = frame
            .iter()
            .zip(&painted)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum::<u64>();
        let mean_off = off as f64 / frame.len() as f64;
        assert!(
            mean_off < 8.0,
            "frame {index} is off by {mean_off} on average"
        );
    }
}

#[test]
fn equal_clips_give_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one.mp4"), folder.path().join("two.mp4"));
    let encoding = Encoding {
        key_int_max: 10,
        b_frames: 2,
        ..Encoding::default()
    };
    encode(&small_world().clip(4), &one, &encoding).unwrap();
    encode(&small_world().clip(4), &two, &encoding).unwrap();
    assert!(fs::read(one).unwrap() == fs::read(two).unwrap());
}

#[test]
fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
    let missing = Path::new("/nonexistent/one.mp4");
    let error = encode(&small_world().clip(0), missing, &Encoding::default()).unwrap_err();
    assert!(
        error.to_string().contains("/nonexistent/one.mp4"),
        "{error}"
    );
}

#[test]
fn sets_are_resumed_and_grow() {
    let folder = tempfile::tempdir().unwrap();
    write_set(&config(), folder.path(), 2, |_| {}).unwrap();
    let first = folder.path().join("clip-00000.mp4");
    let before = fs::metadata(&first).unwrap().modified().unwrap();
    // As if killed between the video and its truth.
    fs::remove_file(folder.path().join("clip-00001.json")).unwrap();

    let told = std::sync::Mutex::new(Vec::new());
    write_set(&config(), folder.path(), 3, |done| {
        told.lock().unwrap().push(done)
    })
    .unwrap();
    let mut told = told.into_inner().unwrap();
    told.sort_unstable();
    assert_eq!(told, [1, 2, 3]);
    assert_eq!(fs::metadata(&first).unwrap().modified().unwrap(), before);
    for index in 0..3 {
        for ending in ["mp4", "json"] {
            assert!(
                folder
                    .path()
                    .join(format!("clip-0000{index}.{ending}"))
                    .exists()
            );
        }
    }
}

#[test]
fn a_set_of_another_world_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_set(&config(), folder.path(), 0, |_| {}).unwrap();
    let mut other = config();
    other.world.seed = 1;
    let refused = write_set(&other, folder.path(), 0, |_| {});
    assert!(matches!(refused, Err(Error::OtherWorld(_))));
}

#[test]
fn a_split_set_has_each_clip_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut split = config();
    split.world.size = (32, 32);
    split.world.seconds = 1;
    split.split = Some("80/10/10".parse().unwrap());
    write_set(&split, folder.path(), 10, |_| {}).unwrap();
    let mut seen = HashSet::new();
    for (name, count) in [("train", 8), ("validation", 1), ("test", 1)] {
        let part = folder.path().join(name);
        let ontology = fs::read_to_string(part.join("ontology.json")).unwrap();
        assert_eq!(ontology, sonoscope_world::ontology_json());
        let files = fs::read_dir(part).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let clips: Vec<_> = names.filter(|name| name.ends_with(".mp4")).collect();
        assert_eq!(clips.len(), count, "{name}");
        assert!(clips.into_iter().all(|clip| seen.insert(clip)), "{name}");
    }
    assert_eq!(seen.len(), 10);
    // The same clips in one folder would be a second copy of them.
    split.split = None;
    let refused = write_set(&split, folder.path(), 10, |_| {});
    assert!(matches!(refused, Err(Error::OtherWorld(_))));
}
