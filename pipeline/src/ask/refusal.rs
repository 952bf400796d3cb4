//! Why a question is not taken.

use sonoscope_operators::SourceId;

use super::{MOST_FOUND, SoundError};
use crate::{sources::StillError, views::NotTaken};

/// Why a question is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It wants too many, or none.
    #[error("`k`: {0} is not in 1..{MOST_FOUND}")]
    HowMany(u32),
    /// It ends before it begins.
    #[error("`from` is not before `until`")]
    NoTime,
    /// It wants what cannot be.
    #[error("`least_correspondence` is not in 0..1")]
    NoCorrespondence,
    /// It looks nowhere.
    #[error("`sources` names none")]
    NoSources,
    /// Its name is none.
    #[error("`id` is no name")]
    Name,
    /// The run has no such network, or one without embeddings.
    #[error("the run has no network {0} that gives embeddings")]
    NoNetwork(String),
    /// No network of the run puts picture and sound into one space.
    #[error("no network of the run puts pictures and sounds into one space")]
    NoSpace,
    /// Several do.
    #[error("several networks of the run can be asked")]
    WhichNetwork,
    /// Its pictures and its sounds lie in spaces of their own.
    #[error("{0} puts pictures and sounds into spaces of their own")]
    Apart(String),
    /// The network is another one than when the run began.
    #[error("the network {0} has changed on disk since the run began")]
    Changed(String),
    /// The network cannot be opened, or fails.
    #[error("the network fails: {0}")]
    Network(String),
    /// There is no such second.
    #[error("second {segment} of {of} is not remembered, or has nothing to find it by")]
    NotSeen {
        /// Its source.
        of: SourceId,
        /// Which.
        segment: i64,
    },
    /// The picture is none.
    #[error("the picture: {0}")]
    Picture(#[from] StillError),
    /// The sound is none.
    #[error("the sound: {0}")]
    Sound(#[from] SoundError),
    /// It cannot stand.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
}

impl Refusal {
    /// A network that does not work.
    pub(super) fn network(error: impl std::fmt::Display) -> Self {
        Self::Network(error.to_string())
    }

    /// What to do.
    pub fn tip(&self) -> &'static str {
        match self {
            Self::HowMany(_) => "leave it out for 10",
            Self::NoTime => {
                "seconds count from the start of a recording, of a live source from 1970"
            }
            Self::NoCorrespondence => "leave it out to find all",
            Self::NoSources => "leave it out to look in all",
            Self::Name => "name it like `barking-dog`: small letters, digits, `-`, `_` and `.`",
            Self::NoNetwork(_) => "GET /api/networks names those that the run has",
            Self::NoSpace => "run one that does as well: --network ave-small",
            Self::WhichNetwork => "say which: `network`",
            Self::Apart(_) => {
                "seek what you give: `seeks` = \"picture\" with a picture, \"sound\" with a sound"
            }
            Self::Changed(_) => "start the run again",
            Self::Network(_) => "`sonoscope doctor` says what is missing",
            Self::NotSeen { .. } => {
                "take a second of which there is a row with picture, or with sound that is not silent"
            }
            Self::Picture(_) => "send a JPEG or PNG file",
            Self::Sound(_) => "send a WAV, FLAC, Ogg, MP3 or MP4 file in which something is heard",
            Self::NotTaken(NotTaken::Taken(_)) => {
                "give it another `id`, or take that one out first"
            }
            Self::NotTaken(NotTaken::Full) => "take one out: DELETE /api/queries/{id}",
            Self::NotTaken(NotTaken::NotKept(..)) => {
                "see to it that the state folder can be written to"
            }
        }
    }
}
