//! What can go wrong while clips are written.

use std::path::PathBuf;

/// Why a clip or a set of clips could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// GStreamer did not start.
    #[error("GStreamer could not start: {0}")]
    Start(gstreamer::glib::Error),
    /// The encoding pipeline could not be built.
    #[error(
        "the encoding pipeline could not be built: {0}; install GStreamer's plugin sets `ugly` \
         (x264enc), `bad` (h264parse, voaacenc) and `good` (mp4mux)"
    )]
    Build(gstreamer::glib::Error),
    /// The encoding pipeline failed while it ran.
    #[error("encoding {path} failed: {reason}")]
    Encode {
        /// The file that was being written.
        path: PathBuf,
        /// What GStreamer said.
        reason: String,
    },
    /// The file written is no MP4 that we understand.
    #[error("{path} is not the MP4 that was expected: {reason}")]
    Container {
        /// The file.
        path: PathBuf,
        /// What is odd about it.
        reason: &'static str,
    },
    /// The file system said no.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was being done, such as `writing`.
        action: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds a set made with other settings.
    #[error(
        "{0} holds clips of another world, or split otherwise; choose another folder, or delete this one"
    )]
    OtherWorld(PathBuf),
    /// A split is not written as three shares of a hundred.
    #[error(
        "`{0}` is no split\ntip: write three whole percentages that make 100, for training, \
         validation and test, such as 80/10/10"
    )]
    Split(String),
}

impl Error {
    /// Makes an [`Error::Io`] of what the system said.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
