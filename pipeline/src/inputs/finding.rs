//! What comes of looking for recordings.

use std::path::PathBuf;

use sonoscope_operators::SourceId;

use crate::{dataset::Entry, sources::SourceError};

/// What was found, one thing at a time.
#[derive(Debug)]
pub enum Finding {
    /// A recording.
    Recording(Recording),
    /// Something that was named, or should have been looked into, and cannot be.
    Refused {
        /// What.
        path: PathBuf,
        /// Why.
        error: SourceError,
    },
    /// Something that is passed over, and counted.
    LeftOut(LeftOut),
}

/// A recording, and what is known of it.
#[derive(Debug)]
pub struct Recording {
    /// The file, which of its seconds are wanted, when it began.
    pub entry: Entry,
    /// What it is to be called.
    pub name: Name,
}

/// Where a recording's id comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// It was named alone: the file's own name, with a number where it is not the first so.
    Stem,
    /// It was found: all of the path below the folder in which it was searched for.
    Below(PathBuf),
    /// It was given with it.
    Given(SourceId),
}

/// Why something is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// A file that is not a recording.
    NoRecording,
    /// A file or folder whose name begins with a dot.
    Hidden,
    /// A link to what is found elsewhere, or was named before.
    Twice,
    /// A clip of a published list that is not in the folder of clips.
    Missing,
}

impl LeftOut {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NoRecording, Self::Hidden, Self::Twice, Self::Missing];

    /// How people are told that there are so many.
    pub fn told(self, count: u64) -> String {
        let (one, many) = match self {
            Self::NoRecording => ("that is no recording", "that are no recordings"),
            Self::Hidden => ("that is hidden", "that are hidden"),
            Self::Twice => (
                "that is found elsewhere as well",
                "that are found elsewhere as well",
            ),
            Self::Missing => (
                "whose clip is not in the folder",
                "whose clips are not in the folder",
            ),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}
