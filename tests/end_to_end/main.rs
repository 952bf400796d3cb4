//! End-to-end tests: the program itself, run on recordings, in one file a theme.
//!
//! The recordings are made when the tests run, by `ffmpeg` and by the synthetic world, and kept in
//! the build directory. Every run has a time limit, and every row that comes of one is held to
//! `docs/row.schema.json`.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect, and so may what it is made of"
)]

mod bad_cameras;
mod bad_input;
mod cameras;
mod cameras_support;
mod card;
mod changing_files;
mod cluster;
mod dataset;
mod deploy;
mod determinism;
mod embeddings;
mod evaluation;
mod exactly_once;
mod extract;
mod fetch;
mod http;
mod inputs;
mod live;
mod main_job;
mod media;
mod multisensory;
mod networks;
mod parquet;
mod parts;
mod pictures;
mod protocols;
mod proxy_support;
mod queries;
mod report;
mod selective;
mod sinks;
mod sound;
mod state_folder;
mod support;
mod timing;
mod train;
mod views;
