//! What can be wrong with a network.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::{ContractError, NotOnnx, Part, Precision, Provider, RuntimeError};

/// Why a network cannot be opened, or an answer cannot be had from it.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The directory lacks files that the precision asked for needs.
    #[error(
        "{}: has no {}, which {precision} needs. {}",
        directory.display(), files.join(", "), tip(present)
    )]
    Missing {
        /// The network's directory.
        directory: PathBuf,
        /// The precision asked for.
        precision: Precision,
        /// The files that it lacks.
        files: Vec<String>,
        /// The precisions that it has whole.
        present: Vec<Precision>,
    },
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is no ONNX model, or not all of one.
    #[error("{}: {problem}. Copy, pull or export it again", file.display())]
    NotOnnx {
        /// The file.
        file: PathBuf,
        /// Where it goes wrong.
        problem: NotOnnx,
    },
    /// A file's contract cannot be obeyed.
    #[error(transparent)]
    Contract(#[from] ContractError),
    /// A file is another part of a network than its name says.
    #[error(
        "{}: its contract says that it is the {found} part, but it lies where the {expected} \
         part belongs. Put the files of the network in their places",
        file.display()
    )]
    Part {
        /// The file.
        file: PathBuf,
        /// What its name says.
        expected: Part,
        /// What its contract says.
        found: Part,
    },
    /// The files of a directory are not of one network.
    #[error(
        "{} and {}: their contracts differ in `{field}`, so they are not of one network. \
         Export all files of the network together",
        file.display(), other.display()
    )]
    Disagree {
        /// One file.
        file: PathBuf,
        /// The other.
        other: PathBuf,
        /// The first field in which they differ.
        field: String,
    },
    /// ONNX Runtime cannot be had, or not where it was asked for.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// ONNX Runtime does not take a file.
    #[error("{}: ONNX Runtime does not take it: {source}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// What it says.
        source: ort::Error,
    },
    /// A tensor is not what the contract says.
    #[error(
        "{}: tensor `{tensor}` {problem}. Export the network so that it keeps its contract",
        file.display()
    )]
    Tensor {
        /// The file.
        file: PathBuf,
        /// The tensor.
        tensor: String,
        /// In what it differs.
        problem: String,
    },
    /// What was given to be computed on has the wrong size.
    #[error("{}: `{tensor}` wants {expected}, but was given {found}", file.display())]
    Input {
        /// The file.
        file: PathBuf,
        /// The input.
        tensor: &'static str,
        /// What it wants.
        expected: String,
        /// What it was given.
        found: String,
    },
    /// Of a network of embeddings alone it was asked how well sound and picture belong together.
    #[error("{network} gives embeddings and no more: it does not compare sound and picture")]
    NoHead {
        /// Its name.
        network: String,
    },
    /// Computing failed.
    #[error("{}: ONNX Runtime failed: {source}", file.display())]
    Run {
        /// The file.
        file: PathBuf,
        /// What it says.
        source: ort::Error,
    },
    /// A tower in int8 is quantized in a way that TensorRT does not take.
    #[error(
        "{}: `{value}` is quantized in a way that TensorRT does not take\ntip: ask for \
         --precision fp16, or quantize it by `quantize` of models/training",
        file.display()
    )]
    NotSymmetric {
        /// The file.
        file: PathBuf,
        /// The value.
        value: String,
    },
    /// The card is gone: it fell off the bus, was reset, or ran into an error that it keeps.
    #[error(
        "{}: {provider} is lost: {source}\ntip: `nvidia-smi` and `dmesg | grep Xid` say what became \
         of the card; once it works again, the same command goes on where it was if it keeps a state \
         (--state)",
        file.display()
    )]
    CardLost {
        /// The file.
        file: PathBuf,
        /// Which card.
        provider: Provider,
        /// What ONNX Runtime says.
        source: ort::Error,
    },
    /// A card's memory is full: one item has no room.
    #[error(
        "{}: there is no room on the card for one item{}\ntip: see with `nvidia-smi` what else \
         fills it, run fewer networks, or another --precision: {source}",
        file.display(), so_far(*fits)
    )]
    NoRoom {
        /// The file.
        file: PathBuf,
        /// The largest batch that ever had room; 0 if none had.
        fits: usize,
        /// What ONNX Runtime says.
        source: Box<NetworkError>,
    },
    /// Asked to run on a card, all of it ran on the processor.
    #[error(
        "{}: was to run on {provider}, but ONNX Runtime ran all of it on the processor\n\
         tip: `sonoscope doctor` says what {provider} lacks; or ask for `cpu`",
        file.display()
    )]
    Elsewhere {
        /// The file.
        file: PathBuf,
        /// Where it was to run.
        provider: Provider,
    },
    /// A number came out that is none, or that means nothing.
    #[error(
        "{}: `{tensor}` of item {item} is {value}, {problem}. \
         See that the input holds only finite numbers; if it does, the network is broken",
        file.display()
    )]
    Value {
        /// The file.
        file: PathBuf,
        /// The output.
        tensor: &'static str,
        /// Which item of the batch, counted from 0.
        item: usize,
        /// The number.
        value: f32,
        /// What it should have been.
        problem: &'static str,
    },
}

fn so_far(fits: usize) -> String {
    match fits {
        0 => String::new(),
        fits => format!(", where {fits} had room before"),
    }
}

fn tip(present: &[Precision]) -> String {
    if present.is_empty() {
        return "It is no network: one has frame.onnx, audio.onnx and head.onnx".into();
    }
    let present: Vec<_> = present.iter().map(Precision::to_string).collect();
    format!("It has {}: ask for that", present.join(", "))
}
