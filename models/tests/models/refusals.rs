//! What is no network, or not the one it says it is, is refused with the reason.

use std::fs;

use serde_json::json;
use sonoscope_models::{
    ContractError, Features, NetworkDir, NetworkError, NetworkFiles, NotOnnx, Precision,
};

use crate::{
    network::open,
    onnx::{
        Attribute::{Int, Ints},
        Graph,
    },
    tiny::{self, FRAME, Tiny, mean_colour, mean_sound},
};

const FLOAT: u64 = 1;
const DOUBLE: u64 = 11;

fn refusal(tiny: Tiny) -> NetworkError {
    let (_home, dir) = tiny.write();
    open(&dir).expect_err("is to be refused")
}

/// The tensor that an error is about, and what is wrong with it.
fn wrong_tensor(file: &'static str, graph: Graph) -> String {
    match refusal(Tiny::ave().graph(file, graph)) {
        NetworkError::Tensor {
            file: at,
            tensor,
            problem,
        } => {
            assert!(at.ends_with(file), "{} is not {file}", at.display());
            format!("{tensor} {problem}")
        }
        other => panic!("another error: {other}"),
    }
}

#[test]
fn a_file_without_a_contract() {
    let (home, dir) = Tiny::ave().write();
    tiny::write(home.path(), "audio.onnx", &mean_sound(), None);
    let error = open(&dir).expect_err("has no contract");
    let NetworkError::Contract(ContractError::Missing { file }) = &error else {
        panic!("another error: {error}");
    };
    assert!(file.ends_with("audio.onnx"));
    assert!(error.to_string().contains("sonoscope.contract"));
}

#[test]
fn a_file_of_another_version() {
    let error = refusal(Tiny::ave().field("/version", json!("soundscape-9")));
    let NetworkError::Contract(ContractError::Version { file, found }) = &error else {
        panic!("another error: {error}");
    };
    assert!(file.ends_with("frame.onnx"));
    assert_eq!(found, "soundscape-9");
}

#[test]
fn a_file_in_the_place_of_another() {
    let error = refusal(Tiny::ave().copy("audio.onnx", "frame.onnx"));
    let text = error.to_string();
    assert!(
        text.contains("is the audio part, but it lies where the frame part belongs"),
        "{text}"
    );
}

#[test]
fn files_of_two_networks() {
    let mut mixed = Tiny::ave();
    let head = mixed.0.get_mut("head.onnx").expect("is a file");
    head.1["provenance"]["seed"] = json!(2);
    let error = refusal(mixed);
    assert!(
        matches!(&error, NetworkError::Disagree { field, .. } if field == "provenance.seed"),
        "{error}"
    );
}

#[test]
fn files_that_are_cut_off_or_no_model() {
    let (home, dir) = Tiny::ave().write();
    let path = home.path().join("head.onnx");
    let whole = fs::read(&path).expect("is there");
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).expect("can be written");
        let error = open(&dir).expect_err("is cut off");
        let NetworkError::NotOnnx { file, problem } = &error else {
            panic!("another error: {error}");
        };
        assert_eq!(file, &path);
        assert_eq!(problem, &NotOnnx::Truncated { at: length });
    }
    fs::write(&path, "Not found\n").expect("can be written");
    let error = open(&dir).expect_err("is text");
    assert!(
        error
            .to_string()
            .contains("head.onnx: it is not an ONNX model"),
        "{error}"
    );
}

#[test]
fn a_precision_that_is_not_there() {
    let (_home, dir) = Tiny::ave().copy("frame.onnx", "frame.int8.onnx").write();
    let error = NetworkFiles::load(&dir, Precision::Int8).expect_err("half of it is there");
    let text = error.to_string();
    assert!(
        text.contains("has no audio.int8.onnx, which int8 needs. It has fp32"),
        "{text}"
    );

    let empty = tempfile::tempdir().expect("a directory");
    let error = open(&NetworkDir::new(empty.path())).expect_err("is empty");
    assert!(
        error
            .to_string()
            .contains("frame.onnx, audio.onnx, head.onnx"),
        "{error}"
    );
}

#[test]
fn a_precision_that_is_there_has_its_own_hash() {
    let both = Tiny::ave()
        .copy("frame.onnx", "frame.int8.onnx")
        .copy("audio.onnx", "audio.int8.onnx")
        .graph(
            "audio.int8.onnx",
            mean_sound().node("Identity", &["mean"], "unused", &[]),
        );
    let (_home, dir) = both.write();
    assert_eq!(dir.precisions(), [Precision::Fp32, Precision::Int8]);
    let hash = |precision| {
        NetworkFiles::load(&dir, precision)
            .expect("is whole")
            .network_hash()
    };
    assert_ne!(hash(Precision::Fp32), hash(Precision::Int8));
}

#[test]
fn tensors_of_another_name() {
    let graph = mean_colour("image", &FRAME);
    assert_eq!(
        wrong_tensor("frame.onnx", graph),
        "frame is not among its inputs: image"
    );
    let graph = mean_colour("frame", &FRAME).input("mask", &[-1, 1]);
    let problem = wrong_tensor("frame.onnx", graph);
    assert_eq!(
        problem,
        "mask is an input of which the contract says nothing"
    );
    let problem = wrong_tensor("head.onnx", tiny::difference());
    assert_eq!(problem, "correspondence is not among its outputs: distance");
}

#[test]
fn tensors_of_another_shape() {
    let problem = wrong_tensor("frame.onnx", mean_colour("frame", &[-1, 3, 5, 4]));
    assert_eq!(
        problem,
        "frame is [open, 3, 5, 4], must be [n, 3, 4, 4] with n left open"
    );
    let problem = wrong_tensor("frame.onnx", mean_colour("frame", &[1, 3, 4, 4]));
    assert_eq!(
        problem,
        "frame is [1, 3, 4, 4], must be [n, 3, 4, 4] with n left open"
    );
}

#[test]
fn tensors_of_another_type() {
    let graph = Graph::default()
        .input_of(DOUBLE, "frame", &FRAME)
        .node("Cast", &["frame"], "features", &[("to", Int(FLOAT))])
        .output("features", &FRAME);
    let problem = wrong_tensor("frame.onnx", graph);
    assert_eq!(problem, "frame holds f64, must hold f32");
}

#[test]
fn tensors_that_come_out_otherwise_than_declared() {
    // The places of what isn't zero: how many there are nobody knows until silence comes in.
    let graph = Graph::default()
        .input("spectrogram", &tiny::SPECTROGRAM)
        .node(
            "ReduceMean",
            &["spectrogram"],
            "plane",
            &[("axes", Ints(&[1])), ("keepdims", Int(0))],
        )
        .node("NonZero", &["plane"], "places", &[])
        .node("Transpose", &["places"], "rows", &[])
        .node("Cast", &["rows"], "features", &[("to", Int(FLOAT))])
        .output("features", &[-1, 3]);
    let problem = wrong_tensor("audio.onnx", graph);
    assert_eq!(
        problem,
        "features came out as [0, 3] for 1 items, must be [n, 3]"
    );
}

#[test]
fn an_operator_that_nobody_knows() {
    let graph = Graph::default()
        .input("frame", &FRAME)
        .node("Clairvoyance", &["frame"], "features", &[])
        .output("features", &[-1, 3]);
    let error = refusal(Tiny::ave().graph("frame.onnx", graph));
    let NetworkError::Open { file, .. } = &error else {
        panic!("another error: {error}");
    };
    assert!(file.ends_with("frame.onnx"));
}

#[test]
fn a_correspondence_beyond_one() {
    let graph = tiny::difference()
        .node("Identity", &["distance"], "correspondence", &[])
        .output("correspondence", &[-1]);
    let (_home, dir) = Tiny::ave().graph("head.onnx", graph).write();
    let mut network = open(&dir).expect("zeros are no distance apart");
    let far = Features::new(vec![3], vec![7.0; 3]);
    let near = Features::new(vec![3], vec![0.0; 3]);
    let error = network.score(&far, &near).expect_err("is a distance");
    assert!(error.to_string().contains("outside of 0..1"), "{error}");
}
