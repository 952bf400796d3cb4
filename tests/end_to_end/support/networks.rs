//! Small networks, written byte by byte, of which what they say can be told beforehand.
//!
//! One looks and listens for longer than a second. Its frame tower gives the mean of the pictures over time in 7 by 7 cells, its audio tower the
//! mean of the waveform's magnitude, three times; its head the sigmoid of their scalar product in
//! every cell, and the highest of these.
//!
//! The other gives embeddings alone, of what OpenL3 sees and hears: the mean of each colour, and the
//! highest, mean and lowest level of the bands of pitch.

// The writer of ONNX models that the tests of `models` have; not all of it is needed here.
#[allow(dead_code, reason = "shared with another test, which needs more of it")]
#[path = "../../../models/tests/models/onnx.rs"]
mod onnx;

use std::fs;

use onnx::{
    Attribute::{Int, Ints, Text},
    Graph,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Its name in rows.
pub const MULTISENSORY: &str = "tiny-multisensory";

/// Pictures in a window, and in a second.
pub const FRAMES: usize = 32;
pub const RATE_HZ: usize = 8;

const SIDE: u64 = 112;
const CELLS: i64 = 7;
const WINDOW_SAMPLES: i64 = 88_200;

/// Writes the network into a new folder.
pub fn multisensory() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for (part, graph) in [("frame", frame()), ("audio", audio()), ("head", head())] {
        let graph = graph.metadata("sonoscope.contract", &contract(part).to_string());
        fs::write(home.path().join(format!("{part}.onnx")), graph.bytes()).unwrap();
    }
    home
}

fn frame() -> Graph {
    let side = SIDE as i64;
    let cell = [SIDE / CELLS as u64; 2];
    let over_time = [("axes", Ints(&[2][..])), ("keepdims", Int(0))];
    let in_cells = [("kernel_shape", Ints(&cell)), ("strides", Ints(&cell))];
    Graph::default()
        .input("frame", &[-1, 3, FRAMES as i64, side, side])
        .node("ReduceMean", &["frame"], "still", &over_time)
        .node("AveragePool", &["still"], "features", &in_cells)
        .output("features", &[-1, 3, CELLS, CELLS])
}

fn audio() -> Graph {
    let over_time = [("axes", Ints(&[2][..])), ("keepdims", Int(0))];
    Graph::default()
        .input("waveform", &[-1, 1, WINDOW_SAMPLES])
        .node("Abs", &["waveform"], "magnitude", &[])
        .node("ReduceMean", &["magnitude"], "mean", &over_time)
        .node("Concat", &["mean"; 3], "features", &[("axis", Int(1))])
        .output("features", &[-1, 3])
}

fn head() -> Graph {
    let product = [("equation", Text("nkrc,nk->nrc"))];
    let highest = [("axes", Ints(&[1, 2][..])), ("keepdims", Int(0))];
    Graph::default()
        .input("frame_features", &[-1, 3, CELLS, CELLS])
        .input("audio_features", &[-1, 3])
        .node(
            "Einsum",
            &["frame_features", "audio_features"],
            "cells",
            &product,
        )
        .node("Sigmoid", &["cells"], "heatmap", &[])
        .node("ReduceMax", &["heatmap"], "correspondence", &highest)
        .output("correspondence", &[-1])
        .output("heatmap", &[-1, CELLS, CELLS])
}

/// Name in rows of the one that gives embeddings alone.
pub const EMBEDDINGS: &str = "tiny/openl3";

const BANDS: i64 = 128;
const BAND_FRAMES: i64 = 199;

/// Writes the network that gives embeddings alone into a new folder.
pub fn embeddings() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let everywhere = [("axes", Ints(&[2, 3][..])), ("keepdims", Int(0))];
    let frame = Graph::default()
        .input("frame", &[-1, 3, 224, 224])
        .node("ReduceMean", &["frame"], "features", &everywhere)
        .output("features", &[-1, 3]);
    let audio = Graph::default()
        .input("spectrogram", &[-1, 1, BANDS, BAND_FRAMES])
        .node("ReduceMax", &["spectrogram"], "highest", &everywhere)
        .node("ReduceMean", &["spectrogram"], "mean", &everywhere)
        .node("ReduceMin", &["spectrogram"], "lowest", &everywhere)
        .node(
            "Concat",
            &["highest", "mean", "lowest"],
            "features",
            &[("axis", Int(1))],
        )
        .output("features", &[-1, 3]);
    for (part, graph) in [("frame", frame), ("audio", audio)] {
        let page = embeddings_contract(part).to_string();
        let graph = graph.metadata("sonoscope.contract", &page);
        fs::write(home.path().join(format!("{part}.onnx")), graph.bytes()).unwrap();
    }
    home
}

fn embeddings_contract(part: &str) -> Value {
    json!({
        "version": "allthatsound-1",
        "network": EMBEDDINGS,
        "family": "openl3",
        "part": part,
        "frame": {
            "width": 224, "height": 224, "shorter_side": 256, "antialias": true,
            "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
        },
        "audio": { "rate_hz": 48_000, "window_samples": 48_000, "full_scale": 1.0 },
        "mel": {
            "fft_samples": 2_048, "hop_samples": 242, "pad_samples": [982, 982], "power": 2,
            "filters": { "scale": "htk", "norm": "slaney", "min_hz": 0.0, "max_hz": 24_000.0 },
            "root": true, "bins": BANDS, "frames": BAND_FRAMES, "floor": 1e-10,
            "reference": "loudest", "range_db": 80.0,
        },
        "outputs": {
            "correspondence": null, "distance": false, "heatmap": null, "embedding": 3,
        },
        "provenance": {
            "trained_on": "nothing: a test wrote it", "width": 1.0, "seed": 0, "license": "MIT",
        },
    })
}

fn contract(part: &str) -> Value {
    json!({
        "version": "allthatsound-1",
        "network": MULTISENSORY,
        "family": "multisensory",
        "part": part,
        "frame": {
            "width": SIDE, "height": SIDE, "antialias": true,
            "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
            "clip": { "frames": FRAMES, "rate_hz": RATE_HZ },
        },
        "audio": { "rate_hz": 21_000, "window_samples": WINDOW_SAMPLES, "full_scale": 1.0 },
        "outputs": {
            "correspondence": "high_corresponds", "distance": false,
            "heatmap": [CELLS, CELLS], "embedding": null,
        },
        "provenance": {
            "trained_on": "nothing: a test wrote it", "width": 1.0, "seed": 0, "license": "MIT",
        },
    })
}
