//! The main job as people run it: a clip goes in; rows, pictures and a video come out.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::support::{
    Rows, cache,
    program::{sonoscope, tool},
    world,
};

/// A folder for what a test writes, empty.
fn fresh(name: &str) -> PathBuf {
    let folder = cache().join("out").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn every_second_has_a_row_of_each_network_in_order() {
    let run = sonoscope(["run", "--include", "heatmap,embeddings"]).and([&world()[0]]);
    let rows = run.done().rows();
    let told: Vec<_> = (rows.0.iter())
        .map(|row| {
            (
                row["segment"].as_i64().unwrap(),
                row["network"].as_str().unwrap(),
            )
        })
        .collect();
    let wanted: Vec<_> = (0..3)
        .flat_map(|k| [(k, "avol-small"), (k, "ave-small")])
        .collect();
    assert_eq!(told, wanted);
    for row in &rows.0 {
        let middle_ns = row["start_ns"].as_i64().unwrap() + 500_000_000;
        let shown_ns = row["frame_pts_ns"].as_i64().unwrap();
        let within_a_frame = middle_ns - 40_000_000..=middle_ns;
        assert!(
            within_a_frame.contains(&shown_ns),
            "25 pictures a second: {shown_ns}"
        );
    }
    for row in &rows.by("avol-small").0 {
        assert!(row["heatmap"].is_array() && row["peak"].is_object());
        assert!(row["distance"].is_null() && row["frame_embedding"].is_null());
    }
    for row in &rows.by("ave-small").0 {
        assert!(row["heatmap"].is_null() && row["distance"].is_number());
        for embedding in ["frame_embedding", "audio_embedding"] {
            let values = row[embedding].as_array().unwrap();
            let norm: f64 = values.iter().map(|v| v.as_f64().unwrap().powi(2)).sum();
            assert_eq!(values.len(), 128);
            assert!((norm - 1.0).abs() < 1e-3, "unit length: {norm}");
        }
    }
}

#[test]
fn what_is_not_asked_for_is_not_written() {
    let rows = sonoscope(["run"]).and([&world()[0]]).done().rows();
    for field in ["heatmap", "frame_embedding", "audio_embedding"] {
        assert!(rows.0.iter().all(|row| row.get(field).is_none()), "{field}");
    }
}

#[test]
fn a_network_that_has_learned_tells_a_sound_from_another_clips() {
    // The truth lies beside each clip. Where it says that something seen is heard, the network
    // must on the whole say so, too.
    let rows = sonoscope(["run", "--network", "avol-small"])
        .and(world())
        .done()
        .rows();
    let mut scores = Vec::new();
    for clip in world() {
        let truth: Value =
            serde_json::from_slice(&fs::read(clip.with_extension("json")).unwrap()).unwrap();
        let rows = rows.of(clip.file_stem().unwrap().to_str().unwrap());
        for (second, row) in truth["seconds"].as_array().unwrap().iter().zip(&rows.0) {
            if second["silent"] == false && second["off_screen"] == false {
                scores.push(row["correspondence"].as_f64().unwrap());
            }
        }
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    assert!(mean > 0.5, "{scores:?}");
}

#[test]
fn pictures_and_videos_are_drawn() {
    let out = fresh("drawn");
    let rows_path = out.join("deep/er/rows.jsonl");
    let sink = format!("jsonl:{}", rows_path.display());
    let path = |name: &str| out.join(name).into_os_string();
    let options = [
        "--heatmaps".into(),
        path("maps"),
        "--overlay".into(),
        path("video"),
    ];
    let run = sonoscope(["run", "--sink", &sink])
        .and([&world()[1]])
        .and(options);
    assert!(run.done().stdout.is_empty(), "rows go to the sink alone");

    let rows = Rows::parse(&fs::read_to_string(rows_path).unwrap());
    let localizable = rows
        .0
        .iter()
        .filter(|row| row["localizable"] == true)
        .count();
    let maps = fs::read_dir(out.join("maps")).unwrap();
    let maps = maps.flat_map(|source| fs::read_dir(source.unwrap().path()).unwrap());
    assert_eq!(
        maps.count(),
        localizable,
        "a picture for each second that has a place"
    );

    let video = out.join("video/clip-00001.mp4");
    let asked = "-v error -show_entries stream=codec_name,pix_fmt,duration -of csv=p=0";
    let arguments = asked
        .split(' ')
        .map(Into::into)
        .chain([video.clone().into_os_string()]);
    let streams = String::from_utf8(tool("ffprobe", arguments)).unwrap();
    assert!(streams.contains("h264,yuv420p,3.0"), "{streams}");
    assert!(streams.contains("aac,3.0"), "{streams}");
    let bytes = fs::read(video).unwrap();
    let place = |name: &[u8]| bytes.windows(4).position(|word| word == name).unwrap();
    assert!(
        place(b"moov") < place(b"mdat"),
        "a browser can begin before it has all"
    );
}

#[test]
fn a_range_gives_the_rows_of_the_whole() {
    let whole = sonoscope(["run"]).and([&world()[1]]).done().stdout;
    let run = sonoscope(["run", "--from", "1", "--to", "2"]).and([&world()[1]]);
    let wanted: Vec<_> = whole.lines().skip(2).take(2).collect();
    assert_eq!(run.done().stdout.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn a_file_may_say_what_the_command_line_says() {
    let path = fresh("config").join("run.toml");
    let clip = world()[2].to_str().unwrap();
    let text = format!("sources = [{clip:?}]\nnetworks = [\"ave-small\"]\nto = 1\n");
    fs::write(&path, text).unwrap();
    let run = || sonoscope(["run", "--config"]).and([&path]);
    assert_eq!(run().done().rows().len(), 1);
    let more = run().and(["--to", "2"]).done().rows();
    assert_eq!(more.len(), 2, "the command line goes first");

    fs::write(&path, "sources = []\nspeed = 9\n").unwrap();
    run().end().exited(2).explains(&["speed", "line 2"]);
}

#[test]
fn seconds_are_told_to_people() {
    let run = sonoscope(["run", "--table", "--sink", "null:"]).and([&world()[0]]);
    let told = run.done().stderr;
    assert!(
        told.contains("correspondence") && told.contains("clip-00000"),
        "{told}"
    );
}

#[test]
fn what_is_shipped_can_be_inspected() {
    let text = sonoscope(["inspect", "ave-small"]).done().stdout;
    assert!(text.contains("allthatsound-1"), "{text}");
    let json = sonoscope(["inspect", "avol-small", "--json"]).done().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json.to_string().contains("avol-small"), "{json}");
}

#[test]
fn the_doctor_finds_all_that_the_main_job_needs() {
    let told = sonoscope(["doctor"]).done().stdout;
    for needed in [
        "ONNX Runtime",
        "GStreamer avdec_h264",
        "network ave-small",
        "disk",
    ] {
        assert!(told.contains(needed), "{told}");
    }
    assert!(!told.contains("MISSING"), "{told}");
}
