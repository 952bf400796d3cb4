//! What can go wrong with a source, and what to do about it.

use std::{path::PathBuf, time::Duration};

use gstreamer as gst;
use gstreamer::prelude::*;

/// Why a source could not be read, or not to its end. What was read before stays.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no such file.
    #[error("there is no file {0:?}")]
    Missing(PathBuf),
    /// The file may not be read, or the system failed to.
    #[error("cannot read {path:?}: {cause}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A folder, a FIFO, a device.
    #[error("{path:?} is {what}, not a recording")]
    NotAFile {
        /// Which path.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// Nothing in it.
    #[error("{0:?} is empty (0 bytes)")]
    Empty(PathBuf),
    /// Text, a program, noise.
    #[error("it is not sound or video of any kind that is known here")]
    NotMedia,
    /// Neither pictures nor sound could be found.
    #[error("neither picture nor sound was found in it")]
    NoTracks,
    /// Nothing to train on.
    #[error("no second of it has both picture and sound")]
    NoPairs,
    /// A training set has pairs of what the file was before.
    #[error("it has changed since its pairs were extracted; the set has those of before")]
    Changed,
    /// A list that names sources cannot be read, or a line of it not be understood.
    #[error("{0}")]
    Listed(String),
    /// What was found the last time, and is not looked for again.
    #[error("{0}")]
    Before(String),
    /// A job's ledger says that it failed, and it is what it was.
    #[error("{0}")]
    FailedBefore(String),
    /// A job's ledger has another recording under this id.
    #[error("its id is that of {by:?} in the state folder")]
    IdTaken {
        /// The other one.
        by: PathBuf,
    },
    /// Less than half a second of it.
    #[error("it is shorter than half a second: there is no second to score")]
    TooShort,
    /// No decoder for a track.
    #[error("no decoder is installed for {0}")]
    NoDecoder(String),
    /// GStreamer gave up.
    #[error("{} stopped{}: {message}", .element, at(.position))]
    Decode {
        /// The GStreamer element that complained.
        element: String,
        /// What it said.
        message: String,
        /// How far it had come.
        position: Option<Duration>,
    },
    /// The recording is shorter than it says of itself.
    #[error("it ends at {:.1} s, though it says that it lasts {:.1} s", .reached.as_secs_f64(), .length.as_secs_f64())]
    CutOff {
        /// Where it ends.
        reached: Duration,
        /// What its header says.
        length: Duration,
    },
    /// Nothing came for too long.
    #[error("nothing came out of it for {} s{}", .after.as_secs(), at(.position))]
    Stalled {
        /// How long.
        after: Duration,
        /// How far it had come.
        position: Option<Duration>,
    },
    /// Its timestamps jump by more than an hour.
    #[error("its timestamps jump from {from_s} s to {to_s} s")]
    Jump {
        /// Second before the jump.
        from_s: i64,
        /// Second after it.
        to_s: i64,
    },
    /// GStreamer refused to build or start a pipeline.
    #[error("cannot start decoding: {0}")]
    Setup(String),
    /// Another process of the cluster read it, and failed.
    #[error("{message}")]
    Elsewhere {
        /// What went wrong there.
        message: String,
        /// What to do about it.
        tip: String,
        /// Whether it lies in the recording itself.
        is_of_the_recording: bool,
    },
    /// The run was stopped.
    #[error("stopped before its end")]
    Stopped,
}

impl SourceError {
    /// What GStreamer says has happened.
    pub fn of_bus(message: &gst::message::Error) -> Self {
        let error = message.error();
        if error.matches(gst::StreamError::TypeNotFound)
            || error.matches(gst::StreamError::WrongType)
        {
            return Self::NotMedia;
        }
        let name = |object: &gst::Object| {
            let element = object.downcast_ref::<gst::Element>();
            let factory = element.and_then(|element| element.factory());
            factory.map_or_else(|| object.name(), |factory| factory.name())
        };
        Self::Decode {
            element: (message.src().map(name)).map_or("GStreamer".into(), Into::into),
            message: error.to_string(),
            position: None,
        }
    }

    /// With how far the source had come.
    #[must_use]
    pub fn at(mut self, reached: Option<Duration>) -> Self {
        if let Self::Decode { position, .. } | Self::Stalled { position, .. } = &mut self {
            *position = reached;
        }
        self
    }

    /// Whether it lies in the recording itself, so that reading it again would end the same.
    pub fn is_of_the_recording(&self) -> bool {
        !matches!(
            self,
            Self::Missing(_)
                | Self::Unreadable { .. }
                | Self::NoDecoder(_)
                | Self::Stalled { .. }
                | Self::Setup(_)
                | Self::Listed(_)
                | Self::Stopped
                | Self::Elsewhere {
                    is_of_the_recording: false,
                    ..
                }
        )
    }

    /// What to do about it.
    pub fn tip(&self) -> &str {
        match self {
            Self::Missing(_) => "check the path",
            Self::Unreadable { .. } => "check its permissions, and those of the folders above it",
            Self::NotAFile { .. } => "name the recordings themselves",
            Self::Empty(_) => "the recording was never written; copy it again",
            Self::NotMedia | Self::NoTracks => {
                "check that it is a video or sound file: `ffprobe FILE`"
            }
            Self::NoPairs => "leave it out: networks learn from picture and sound together",
            Self::Changed => "extract into a new folder to have what it is now",
            Self::Before(_) => "it was so the last time; it is read again when the file changes",
            Self::Listed(_) => "mend the list and run it again",
            Self::FailedBefore(_) => {
                "it failed in an earlier run, and was not tried again: `--retry-failed` does"
            }
            Self::IdTaken { .. } => {
                "give it another name, or an id of its own in a list; or name a new state folder"
            }
            Self::TooShort => "nothing can be done with so short a recording",
            Self::NoDecoder(_) => "run `sonoscope doctor` to see which plugins are missing",
            Self::Decode { position: None, .. } => {
                "the file is damaged, cut off or of a rare kind, and nothing of it can be used. \
                 `ffmpeg -i FILE -c copy REPAIRED.mkv` sometimes mends it"
            }
            Self::Decode { .. } => {
                "the file may be damaged or cut off; rows up to there are written. \
                 `ffmpeg -i FILE -c copy REPAIRED.mkv` sometimes mends it"
            }
            Self::CutOff { .. } => {
                "it is damaged there, or was not recorded or copied to its end; rows up to there \
                 are written. `ffmpeg -i FILE -c copy REPAIRED.mkv` sometimes brings back more"
            }
            Self::Stalled { .. } => "the file may be damaged, or the disk that it lies on hangs",
            Self::Jump { .. } => "repair the timestamps: `ffmpeg -i FILE -c copy REPAIRED.mkv`",
            Self::Setup(_) => "run `sonoscope doctor` to see what is missing",
            Self::Elsewhere { tip, .. } => tip,
            Self::Stopped => "run it again to have the rest",
        }
    }
}

fn at(position: &Option<Duration>) -> String {
    match position {
        Some(position) => format!(" at {:.1} s", position.as_secs_f64()),
        None => String::new(),
    }
}
