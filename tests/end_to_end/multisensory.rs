//! A network that looks and listens for 4 s beside one that does so for one: what it sees and
//! hears is told by what it says, since what it says can be told beforehand.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::support::{
    Rows,
    clips::{ffmpeg, id},
    networks::{FRAMES, MULTISENSORY, RATE_HZ, multisensory},
    npy::{array, members},
    program::sonoscope,
};

const SECONDS: usize = 9;

/// When black becomes white, and when the tone becomes loud.
const WHITE_FROM_S: f64 = 3.75;
const LOUD_FROM_S: f64 = 4.9;
const LEVELS: [f64; 2] = [0.1, 0.4];

/// Nine seconds that turn white at one time and loud at another.
fn clip() -> PathBuf {
    let pictures = format!(
        "-f lavfi -i color=black:s=320x240:r=25:d={SECONDS},\
         drawbox=t=fill:c=white:enable=gte(t\\,{WHITE_FROM_S})"
    );
    let [soft, loud] = LEVELS;
    let sound = format!(
        "-f lavfi -i aevalsrc=sin(2*PI*1000*t)*if(lt(t\\,{LOUD_FROM_S})\\,{soft}\\,{loud})\
         :s=48000:d={SECONDS}"
    );
    let codecs = "-c:v libx264 -crf 10 -g 50 -pix_fmt yuv420p -c:a pcm_s16le";
    ffmpeg(
        "white-then-loud.mkv",
        &format!("{pictures} {sound} {codecs}"),
    )
}

fn run(network: &tempfile::TempDir, more: &[&str]) -> String {
    sonoscope(["run", "--network"])
        .and([network.path()])
        .and(more)
        .and([clip()])
        .done()
        .stdout
}

/// What the network must say of the window around a second.
fn expected(second: usize) -> f64 {
    let middle_s = second as f64 + 0.5;
    let first = second * RATE_HZ + RATE_HZ / 2 - FRAMES / 2;
    let time_s = |position: usize| (position as f64 + 0.5) / RATE_HZ as f64;
    let shade = |position: usize| {
        if time_s(position) < WHITE_FROM_S {
            -2.0
        } else {
            2.0
        }
    };
    let brightness: f64 = (first..first + FRAMES).map(shade).sum::<f64>() / FRAMES as f64;
    let soft_s = (LOUD_FROM_S - (middle_s - 2.1)).clamp(0.0, 4.2);
    let level = (LEVELS[0] * soft_s + LEVELS[1] * (4.2 - soft_s)) / 4.2;
    let magnitude = level * std::f64::consts::FRAC_2_PI;
    1.0 / (1.0 + (-3.0 * brightness * magnitude).exp())
}

#[test]
fn windows_are_centred_on_their_seconds() {
    let rows = Rows::parse(&run(&multisensory(), &["--include", "heatmap"]));
    assert_eq!(rows.len(), SECONDS);
    assert_eq!(rows.runs("audio"), "present 9");
    for (second, row) in rows.0.iter().enumerate() {
        let told = row["correspondence"].as_f64();
        if (2..SECONDS - 2).contains(&second) {
            let (told, wanted) = (told.unwrap(), expected(second));
            assert!(
                (told - wanted).abs() < 0.005,
                "{second}: {told}, not {wanted}"
            );
            let map = row["heatmap"].as_array().unwrap();
            assert!(map.len() == 7 && map.iter().all(|row| row.as_array().unwrap().len() == 7));
        } else {
            assert_eq!(told, None, "{second}");
            assert_eq!(row["heatmap"], Value::Null);
            assert_eq!(row["localizable"], false);
        }
    }
}

#[test]
fn other_networks_say_what_they_say_alone() {
    let of_ave = |lines: &str| {
        let lines = lines
            .lines()
            .filter(|line| line.contains("\"network\":\"ave-small\""));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let network = multisensory();
    let both = run(&network, &["--network", "ave-small"]);
    let rows = Rows::parse(&both);
    assert_eq!(rows.by(MULTISENSORY).len(), SECONDS);
    let networks = rows.field("network");
    let alternate = networks
        .chunks(2)
        .all(|pair| pair == [MULTISENSORY, "ave-small"]);
    assert!(alternate, "{networks:?}");
    let alone = sonoscope(["run", "--network", "ave-small"])
        .and([clip()])
        .done();
    assert_eq!(of_ave(&both), of_ave(&alone.stdout));
}

#[test]
fn workers_threads_and_ranges_change_nothing() {
    let network = multisensory();
    let golden = run(&network, &["--workers", "1", "--threads", "1"]);
    assert_eq!(run(&network, &["--workers", "3", "--threads", "2"]), golden);
    let middle: Vec<_> = golden.lines().skip(3).take(3).collect();
    let range = run(&network, &["--from", "3", "--to", "6"]);
    assert_eq!(range.lines().collect::<Vec<_>>(), middle);
}

#[test]
fn heatmaps_are_painted() {
    let (network, folder) = (multisensory(), tempfile::tempdir().unwrap());
    let folder = folder.path().join("maps");
    let rows = run(&network, &["--heatmaps", folder.to_str().unwrap()]);
    let believed = Rows::parse(&rows)
        .field("localizable")
        .into_iter()
        .filter(|l| **l == true)
        .count();
    let source = id(&clip());
    let painted = fs::read_dir(folder.join(source)).unwrap().count();
    assert!(
        painted > 0 && painted == believed,
        "{painted} of {believed}"
    );
}

#[test]
fn clips_for_training_are_what_is_seen_and_heard() {
    let (network, out) = (multisensory(), tempfile::tempdir().unwrap());
    sonoscope(["extract", "--network"])
        .and([network.path()])
        .and(["--out".as_ref(), out.path()])
        .and([clip()])
        .done();
    let members = members(out.path());
    let [about, pictures, waveform] = ["json", "pictures.npy", "waveform.npy"].map(|suffix| {
        let named = |(name, _): &(&String, _)| name.ends_with(&format!(".{suffix}"));
        members.iter().find(named).unwrap().1
    });
    let about: Value = serde_json::from_slice(about).unwrap();
    assert_eq!(about["first_segment"], 0);
    assert_eq!(about["seconds"], SECONDS);
    assert_eq!(about["rate_hz"], RATE_HZ);
    let pictures = array(pictures);
    assert_eq!(pictures.len(), SECONDS * RATE_HZ * 128 * 128 * 3);
    for (position, picture) in pictures.chunks(128 * 128 * 3).enumerate() {
        let is_white = (position as f64 + 0.5) / RATE_HZ as f64 > WHITE_FROM_S;
        let wanted: u8 = if is_white { 255 } else { 0 };
        assert!(
            picture.iter().all(|value| value.abs_diff(wanted) < 3),
            "{position}"
        );
    }
    let samples: Vec<_> = (array(waveform).chunks_exact(2))
        .map(|bytes| f64::from(i16::from_le_bytes([bytes[0], bytes[1]])) / 32_768.0)
        .collect();
    assert_eq!(samples.len(), SECONDS * 21_000);
    for (second, samples) in samples.chunks(21_000).enumerate().filter(|(k, _)| *k != 4) {
        let loudest = samples.iter().copied().fold(0.0, f64::max);
        let wanted = LEVELS[usize::from(second as f64 > LOUD_FROM_S)];
        assert!((loudest - wanted).abs() < 0.002, "{second}: {loudest}");
    }
}

#[test]
fn two_networks_with_different_grids_are_refused() {
    let (network, other) = (multisensory(), multisensory());
    for part in ["frame", "audio", "head"] {
        let path = other.path().join(format!("{part}.onnx"));
        let text = fs::read(&path).unwrap();
        // As long as before, so that the file stays what it is.
        let changed = replaced(&text, b"\"width\":112", b"\"width\":128");
        fs::write(path, changed).unwrap();
    }
    sonoscope(["run", "--network"])
        .and([network.path()])
        .and(["--network".as_ref(), other.path()])
        .and([clip()])
        .end()
        .exited(2)
        .explains(&["of 112x112", "of 128x112", "one after the other"]);
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from);
    let at = at.unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}
