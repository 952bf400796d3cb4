//! Writing a clip as a file that any player plays, with the truth beside it.

mod pipeline;
mod timeless;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Clip, Error};

/// How a clip's picture is encoded (H.264; the sound is AAC).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoding {
    /// Longest distance of key frames, in frames.
    pub key_int_max: u32,
    /// Frames between others that are predicted from both sides, 0 to 16.
    pub b_frames: u32,
    /// Coarseness at constant quality: 0 is without loss, 51 the worst.
    pub quantizer: u32,
}

impl Default for Encoding {
    fn default() -> Self {
        Self {
            key_int_max: 50,
            b_frames: 0,
            quantizer: 24,
        }
    }
}

/// Writes a clip to `path` (`X.mp4`) and its truth beside it (`X.json`). Both appear under these
/// names only when they are complete, the truth last. Equal clips give equal bytes.
///
/// ```
/// # use sonoscope_world::{Encoding, World, encode};
/// # let folder = tempfile::tempdir()?;
/// let clip = World { size: (64, 64), seconds: 1, ..World::default() }.clip(0);
/// encode(&clip, &folder.path().join("one.mp4"), &Encoding::default())?;
/// assert!(folder.path().join("one.json").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode(clip: &Clip, path: &Path, encoding: &Encoding) -> Result<(), Error> {
    let truth = serde_json::to_vec(&clip.truth()).map_err(|error| Error::Io {
        action: "wording the truth of",
        path: path.to_owned(),
        source: error.into(),
    })?;
    let (video_part, truth_part) = (with_suffix(path, "part"), with_suffix(path, "json.part"));
    let written = pipeline::run(clip, &video_part, encoding)
        .and_then(|()| timeless::forget_times(&video_part))
        .and_then(|()| rename(&video_part, path))
        .and_then(|()| fs::write(&truth_part, truth).map_err(Error::io("writing", &truth_part)))
        .and_then(|()| rename(&truth_part, &truth_path(path)));
    if written.is_err() {
        // What failed is what the caller hears of; a leftover here only wastes space.
        let _ = fs::remove_file(&video_part);
        let _ = fs::remove_file(&truth_part);
    }
    written
}

/// Where the truth of a clip lies.
pub(crate) fn truth_path(video: &Path) -> PathBuf {
    video.with_extension("json")
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(Error::io("renaming to", to))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
