//! What processes tell each other beside the dataflow.

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::PathBuf,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sonoscope_operators::{ClockSource, SourceId};

use super::post::{Post, Report};
use crate::{
    ask::{Found, Sought},
    sources::{Began, Ended, Reading, SecondRange, SourceError, SourceSpec},
};

/// To process 0.
#[derive(Debug, Serialize, Deserialize)]
pub enum Up {
    /// Still here; whether somebody has asked this process to stop.
    Beat {
        /// Whether.
        stop: bool,
    },
    /// A worker has come free.
    Ask,
    /// A source is open and lasts so long, if that is known: it may be cut.
    Offer {
        /// Which.
        ordinal: u32,
        /// How long, in seconds.
        length_s: Option<u64>,
    },
    /// A source has ended.
    Ended(End),
    /// Where a second lies that was asked for, if it is remembered here.
    Found {
        /// What it was asked under.
        ticket: u64,
        /// Where.
        found: Option<Found>,
    },
    /// How live sources fare that are watched here.
    Fares(Vec<Report>),
}

/// From process 0.
#[derive(Debug, Serialize, Deserialize)]
pub enum Down {
    /// Still here; whether the run is to stop.
    Beat {
        /// Whether.
        stop: bool,
    },
    /// A source to read.
    Source(Errand),
    /// There are no sources any more.
    Over,
    /// A live source to watch.
    Watch(Post),
    /// One is not to be watched any more.
    Leave {
        /// Which.
        ordinal: u32,
    },
    /// There will be no more live sources.
    NoneToWatch,
    /// Where does this second lie?
    Find {
        /// What the answer is to be given under.
        ticket: u64,
        /// Which.
        sought: Sought,
    },
    /// Where a source that was offered ends now, if it was cut.
    Cut {
        /// Which.
        ordinal: u32,
        /// The first second that others read.
        end: Option<i64>,
    },
    /// A process is gone.
    Lost {
        /// Which.
        process: usize,
        /// What was noticed of it.
        why: String,
    },
    /// All rows are written.
    End,
}

/// A source to read elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub struct Errand {
    id: SourceId,
    ordinal: u32,
    path: Vec<u8>,
    from: i64,
    to: i64,
    began: BeganThen,
    /// Whether it may be cut.
    pub is_shared: bool,
}

#[derive(Debug, Serialize, Deserialize)]
enum BeganThen {
    Unknown,
    /// In nanoseconds since 1970.
    At(i128, ClockSource),
    InContainer,
}

/// How a source ended elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub struct End {
    /// Which.
    pub ordinal: u32,
    result: Result<(), Failure>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Failure {
    Stopped,
    Other {
        message: String,
        tip: String,
        is_of_the_recording: bool,
    },
}

impl Errand {
    /// A source as another process is told of it.
    pub fn of(spec: &SourceSpec) -> Self {
        // The other process may have been started in another folder.
        let path = std::path::absolute(&spec.path).unwrap_or_else(|_| spec.path.clone());
        Self {
            id: spec.id.clone(),
            ordinal: spec.ordinal,
            path: path.as_os_str().as_bytes().to_vec(),
            from: spec.range.from,
            to: spec.range.to,
            began: match spec.began {
                Began::Unknown => BeganThen::Unknown,
                Began::At(then, clock) => BeganThen::At(then.as_nanosecond(), clock),
                Began::InContainer => BeganThen::InContainer,
            },
            is_shared: spec.sharing.is_some(),
        }
    }

    /// The source, as this process reads it.
    pub fn spec(self, reading: Reading) -> SourceSpec {
        let path = PathBuf::from(OsString::from_vec(self.path));
        let began = match self.began {
            BeganThen::Unknown => Began::Unknown,
            BeganThen::At(then, clock) => (Timestamp::from_nanosecond(then))
                .map_or(Began::Unknown, |then| Began::At(then, clock)),
            BeganThen::InContainer => Began::InContainer,
        };
        SourceSpec {
            ordinal: self.ordinal,
            range: SecondRange {
                from: self.from,
                to: self.to,
            },
            began,
            ..SourceSpec::new(self.id, path, reading)
        }
    }
}

impl End {
    /// How a source ended here, as process 0 is told of it.
    pub fn of(end: &Ended) -> Self {
        let failure = |error: &SourceError| match error {
            SourceError::Stopped => Failure::Stopped,
            error => Failure::Other {
                message: error.to_string(),
                tip: error.tip().into(),
                is_of_the_recording: error.is_of_the_recording(),
            },
        };
        Self {
            ordinal: end.spec.ordinal,
            result: end.result.as_ref().copied().map_err(failure),
        }
    }

    /// How a source ended that was never begun.
    pub fn unread(ordinal: u32) -> Self {
        Self {
            ordinal,
            result: Ok(()),
        }
    }

    /// How it ended.
    pub fn result(self) -> Result<(), SourceError> {
        self.result.map_err(|failure| match failure {
            Failure::Stopped => SourceError::Stopped,
            Failure::Other {
                message,
                tip,
                is_of_the_recording,
            } => SourceError::Elsewhere {
                message,
                tip,
                is_of_the_recording,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossed<T: Serialize + for<'a> Deserialize<'a>>(message: &T) -> T {
        postcard::from_bytes(&postcard::to_allocvec(message).unwrap()).unwrap()
    }

    #[test]
    fn a_source_is_elsewhere_what_it_is_here() {
        let odd = PathBuf::from(OsString::from_vec(b"/a\xff b.mp4".to_vec()));
        let began = Timestamp::from_nanosecond(1_700_000_000_123_456_789).unwrap();
        let spec = SourceSpec {
            ordinal: 9,
            range: SecondRange { from: 3, to: 60 },
            began: Began::At(began, ClockSource::Given),
            ..SourceSpec::new(SourceId::slug("cam"), odd, Reading::default())
        };
        let there = crossed(&Errand::of(&spec)).spec(Reading::default());
        assert_eq!(format!("{there:?}"), format!("{spec:?}"));
    }

    #[test]
    fn what_went_wrong_is_told_as_it_would_be_here() {
        for error in [
            SourceError::NotMedia,
            SourceError::Missing("x".into()),
            SourceError::Stopped,
        ] {
            let told = (
                error.to_string(),
                error.tip().to_owned(),
                error.is_of_the_recording(),
            );
            let spec = SourceSpec::new(SourceId::slug("cam"), "x".into(), Reading::default());
            let is_stopped = matches!(error, SourceError::Stopped);
            let end = Ended {
                spec,
                result: Err(error),
            };
            let there = crossed(&End::of(&end)).result().unwrap_err();
            assert_eq!(matches!(there, SourceError::Stopped), is_stopped);
            let heard = (
                there.to_string(),
                there.tip().to_owned(),
                there.is_of_the_recording(),
            );
            assert_eq!(heard, told);
        }
    }
}
