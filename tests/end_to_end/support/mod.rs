//! What the tests are made of: the program, clips, rows.

pub mod camera;
pub mod client;
pub mod clips;
pub mod company;
pub mod hook;
pub mod hosts;
pub mod jobs;
pub mod networks;
pub mod npy;
pub mod program;
pub mod proxy;
pub mod rows;
pub mod server;
pub mod tls;
pub mod viewer;
pub mod watch;

use std::path::{Path, PathBuf};

pub use clips::{ffmpeg, world};
pub use rows::Rows;

/// The repository.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A folder of the tests' own, kept from one run to the next.
pub fn cache() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("end_to_end");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Asserts that nothing is wrong, or tells all that is.
#[track_caller]
pub fn assert_none(wrong: impl IntoIterator<Item = String>) {
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
