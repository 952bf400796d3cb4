//! What a network wants and gives; running it; the networks shipped.
//!
//! A network is a directory of three ONNX files: a tower for pictures, a tower for sounds, and a
//! head that compares what they give. Each carries a [`Contract`], which says how a picture and a
//! second of sound become tensors, and what the outputs mean. [`Runtime`] is ONNX Runtime, found
//! and loaded when the program runs; [`Network`] is a network open in it; [`zoo`] knows networks
//! by name; [`NetworkInfo`] tells of one without running it.

mod bound;
mod ceiling;
mod contract;
mod device;
mod distance;
mod engines;
mod error;
mod failure;
mod features;
mod files;
mod graph;
mod halves;
mod head;
mod info;
mod libraries;
mod library;
mod model;
mod network;
mod onnx;
mod placement;
mod prebuild;
mod precision;
mod probe;
mod prologue;
mod protobuf;
mod provider;
mod runtime;
mod setting;
mod sizes;
mod symmetric;
mod tensor;
mod tower;
pub mod zoo;

pub use ceiling::*;
pub use contract::*;
pub use device::*;
pub use distance::*;
pub use engines::*;
pub use error::*;
pub use features::*;
pub use files::*;
pub use info::*;
pub use libraries::{Lack, Need};
pub use network::*;
pub use onnx::NotOnnx;
pub use placement::*;
pub use prebuild::*;
pub use precision::*;
pub use provider::*;
pub use runtime::*;
pub use setting::*;
pub use sizes::*;
