//! Tiny networks that a plain loop can follow.
//!
//! `ave`: the frame tower gives the mean of each colour, the audio tower the mean of the
//! spectrogram three times, the head the distance d of the two and exp(-d).
//!
//! `avol`: the frame tower gives the picture as it is, the audio tower as above, the head the
//! sigmoid of their scalar product in every cell, and its maximum.
//!
//! `multisensory`: the frame tower gives the mean of the pictures over time, the audio tower the
//! mean of the waveform's magnitude three times, the head is that of `avol`.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};
use sonoscope_models::{METADATA_KEY, NetworkDir};
use tempfile::TempDir;

use crate::onnx::{
    Attribute::{Int, Ints, Text},
    Graph,
};

pub const SIDE: usize = 4;
pub const BINS: usize = 9;
pub const FRAMES: usize = 10;
pub const CLIP_FRAMES: usize = 2;
pub const WINDOW_SAMPLES: usize = 8_200;
pub const FRAME: [i64; 4] = [-1, 3, SIDE as i64, SIDE as i64];
pub const SPECTROGRAM: [i64; 4] = [-1, 1, BINS as i64, FRAMES as i64];

/// A network in the making: a graph and a contract for each file name.
#[derive(Clone)]
pub struct Tiny(pub BTreeMap<&'static str, (Graph, Value)>);

impl Tiny {
    pub fn ave() -> Self {
        let outputs = json!({
            "correspondence": "high_corresponds", "distance": true,
            "heatmap": null, "embedding": 3,
        });
        Self::of(
            "ave",
            outputs,
            [mean_colour("frame", &FRAME), mean_sound(), distance()],
        )
    }

    pub fn avol() -> Self {
        let outputs = json!({
            "correspondence": "high_corresponds", "distance": false,
            "heatmap": [SIDE, SIDE], "embedding": null,
        });
        let frame = Graph::default()
            .input("frame", &FRAME)
            .node("Identity", &["frame"], "features", &[])
            .output("features", &FRAME);
        Self::of("avol", outputs, [frame, mean_sound(), scalar_product()])
    }

    pub fn multisensory() -> Self {
        let outputs = json!({
            "correspondence": "high_corresponds", "distance": false,
            "heatmap": [SIDE, SIDE], "embedding": null,
        });
        let graphs = [mean_picture(), mean_magnitude(), scalar_product()];
        let mut this = Self::of("multisensory", outputs, graphs);
        for (_, page) in this.0.values_mut() {
            page["frame"]["clip"] = json!({ "frames": CLIP_FRAMES, "rate_hz": 2 });
            page["audio"] = json!({
                "rate_hz": 2_000, "window_samples": WINDOW_SAMPLES, "full_scale": 1.0,
            });
            let fields = page.as_object_mut().expect("an object");
            fields.remove("spectrogram");
        }
        this
    }

    /// `openl3`: the towers of `ave`, in bands of pitch and of the middle of the picture; no head.
    pub fn openl3() -> Self {
        let outputs = json!({
            "correspondence": null, "distance": false, "heatmap": null, "embedding": 3,
        });
        let graphs = [mean_colour("frame", &FRAME), mean_sound(), distance()];
        let mut this = Self::of("openl3", outputs, graphs);
        this.0.remove("head.onnx");
        for (_, page) in this.0.values_mut() {
            page["frame"]["shorter_side"] = json!(SIDE);
            page["mel"] = json!({
                "fft_samples": 16, "hop_samples": 10, "pad_samples": [2, 4], "power": 2,
                "filters": { "scale": "htk", "norm": "slaney", "min_hz": 0.0, "max_hz": 50.0 },
                "root": true, "bins": BINS, "frames": FRAMES, "floor": 1e-10,
                "reference": "loudest", "range_db": 80.0,
            });
            let fields = page.as_object_mut().expect("an object");
            fields.remove("spectrogram");
        }
        this
    }

    fn of(family: &str, outputs: Value, [frame, audio, head]: [Graph; 3]) -> Self {
        let page = |part| contract(family, part, outputs.clone());
        Self(BTreeMap::from([
            ("frame.onnx", (frame, page("frame"))),
            ("audio.onnx", (audio, page("audio"))),
            ("head.onnx", (head, page("head"))),
        ]))
    }

    /// The same with another graph in a file.
    pub fn graph(mut self, file: &'static str, graph: Graph) -> Self {
        self.0.get_mut(file).expect("is a file").0 = graph;
        self
    }

    /// The same with a field of all contracts changed, by its JSON pointer.
    pub fn field(mut self, pointer: &str, value: Value) -> Self {
        for (_, page) in self.0.values_mut() {
            *page.pointer_mut(pointer).expect("is a field") = value.clone();
        }
        self
    }

    /// The same with a copy of a file under another name.
    pub fn copy(mut self, from: &str, to: &'static str) -> Self {
        let file = self.0[from].clone();
        self.0.insert(to, file);
        self
    }

    /// Writes the network into a new directory.
    pub fn write(&self) -> (TempDir, NetworkDir) {
        let home = tempfile::tempdir().expect("a directory");
        for (name, (graph, page)) in &self.0 {
            write(home.path(), name, graph, Some(page));
        }
        let dir = NetworkDir::new(home.path());
        (home, dir)
    }
}

/// Writes one file, with or without a contract.
pub fn write(home: &Path, name: &str, graph: &Graph, page: Option<&Value>) {
    let graph = match page {
        Some(page) => graph.clone().metadata(METADATA_KEY, &page.to_string()),
        None => graph.clone(),
    };
    fs::write(home.join(name), graph.bytes()).expect("can be written");
}

/// The contract of a tiny network.
pub fn contract(family: &str, part: &str, outputs: Value) -> Value {
    json!({
        "version": "allthatsound-1", "network": "tiny", "family": family, "part": part,
        "frame": {
            "width": SIDE, "height": SIDE, "antialias": true,
            "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
        },
        "audio": { "rate_hz": 100, "window_samples": 100, "full_scale": 32768.0 },
        "spectrogram": {
            "tukey_alpha": 0.25, "window_samples": 10, "hop_samples": 10, "fft_samples": 16,
            "bins": BINS, "frames": FRAMES, "floor": 1e-7, "divisor": 26.68,
        },
        "outputs": outputs,
        "provenance": {
            "trained_on": "seeded, untrained", "width": 1.0, "seed": 1, "license": "MIT",
        },
    })
}

pub fn mean_colour(input: &str, shape: &[i64]) -> Graph {
    Graph::default()
        .input(input, shape)
        .node(
            "ReduceMean",
            &[input],
            "features",
            &[("axes", Ints(&[2, 3])), ("keepdims", Int(0))],
        )
        .output("features", &[-1, 3])
}

pub fn mean_sound() -> Graph {
    Graph::default()
        .input("spectrogram", &SPECTROGRAM)
        .node(
            "ReduceMean",
            &["spectrogram"],
            "mean",
            &[("axes", Ints(&[2, 3])), ("keepdims", Int(0))],
        )
        .node(
            "Concat",
            &["mean", "mean", "mean"],
            "features",
            &[("axis", Int(1))],
        )
        .output("features", &[-1, 3])
}

fn mean_picture() -> Graph {
    let side = SIDE as i64;
    let over_time = [("axes", Ints(&[2][..])), ("keepdims", Int(0))];
    Graph::default()
        .input("frame", &[-1, 3, CLIP_FRAMES as i64, side, side])
        .node("ReduceMean", &["frame"], "features", &over_time)
        .output("features", &FRAME)
}

fn mean_magnitude() -> Graph {
    let means = ["mean"; 3];
    let over_time = [("axes", Ints(&[2][..])), ("keepdims", Int(0))];
    Graph::default()
        .input("waveform", &[-1, 1, WINDOW_SAMPLES as i64])
        .node("Abs", &["waveform"], "magnitude", &[])
        .node("ReduceMean", &["magnitude"], "mean", &over_time)
        .node("Concat", &means, "features", &[("axis", Int(1))])
        .output("features", &[-1, 3])
}

/// Features of both kinds go in, their difference is `gap`, its length `distance`.
pub fn difference() -> Graph {
    Graph::default()
        .input("frame_features", &[-1, 3])
        .input("audio_features", &[-1, 3])
        .node("Sub", &["frame_features", "audio_features"], "gap", &[])
        .node(
            "ReduceL2",
            &["gap"],
            "distance",
            &[("axes", Ints(&[1])), ("keepdims", Int(0))],
        )
        .output("distance", &[-1])
}

fn distance() -> Graph {
    difference()
        .node("Neg", &["distance"], "nearness", &[])
        .node("Exp", &["nearness"], "correspondence", &[])
        .output("correspondence", &[-1])
}

fn scalar_product() -> Graph {
    Graph::default()
        .input("frame_features", &FRAME)
        .input("audio_features", &[-1, 3])
        .node(
            "Einsum",
            &["frame_features", "audio_features"],
            "cells",
            &[("equation", Text("nkrc,nk->nrc"))],
        )
        .node("Sigmoid", &["cells"], "heatmap", &[])
        .node(
            "ReduceMax",
            &["heatmap"],
            "correspondence",
            &[("axes", Ints(&[1, 2])), ("keepdims", Int(0))],
        )
        .output("correspondence", &[-1])
        .output("heatmap", &[-1, SIDE as i64, SIDE as i64])
}
