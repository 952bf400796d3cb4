//! Whoever takes rows beyond a network: brokers, databases, web servers.

use super::letter::Letter;

/// One who takes letters. It lives on a thread of its own, which may wait.
///
/// A receiver is made without being asked anything yet; `connect` comes first, and again after
/// every [`SendError::Lost`].
pub trait Receiver: Send {
    /// Connects, and sees to it that letters can be taken: who asks is let in, the place for them
    /// is there. Returns the number of the last letter that it has for sure, if it remembers.
    ///
    /// # Errors
    /// When it is not there, or does not let anybody in.
    fn connect(&mut self) -> Result<Option<u64>, SendError>;

    /// Sees whether it could connect, and leaves everything as it is.
    ///
    /// # Errors
    /// When it could not.
    fn check(&mut self) -> Result<(), SendError> {
        self.connect().map(drop)
    }

    /// Hands letters over, in order, and says how many of them are taken, from the first on:
    /// acknowledged, committed. That is one at least. The others come again with the next call, at
    /// its beginning: they may be on their way already, and a receiver need not wait for its last
    /// acknowledgement before it sends more.
    ///
    /// # Errors
    /// When one is not taken, or none can be.
    fn send(&mut self, letters: &[Letter]) -> Result<usize, SendError>;

    /// Nothing more comes. Takes leave in good order.
    fn close(&mut self) {}
}

/// Why letters were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The receiver is out of reach, or asks to be left alone: it is tried again.
    #[error("{reason}")]
    Lost {
        /// How many of the letters were taken, from the first on.
        taken: usize,
        /// What happened.
        reason: String,
    },
    /// It does not let anybody in, or has no place for letters: tried again, though somebody has to
    /// mend something first. At the start of a run it ends the run.
    #[error("{reason}")]
    Denied {
        /// What happened, and what to do.
        reason: String,
    },
    /// It will never take this one letter.
    #[error("{reason}")]
    Refused {
        /// Which of the letters; those before it were taken.
        index: usize,
        /// What it said.
        reason: String,
    },
}

impl SendError {
    /// Out of reach, with nothing taken.
    pub fn lost(reason: impl ToString) -> Self {
        Self::Lost {
            taken: 0,
            reason: reason.to_string(),
        }
    }

    /// Not let in.
    pub fn denied(reason: impl ToString) -> Self {
        Self::Denied {
            reason: reason.to_string(),
        }
    }

    /// The same, where so many letters were taken before it.
    #[must_use]
    pub fn behind(self, count: usize) -> Self {
        match self {
            Self::Lost { reason, .. } => Self::Lost {
                taken: count,
                reason,
            },
            Self::Denied { reason } if count > 0 => Self::Lost {
                taken: count,
                reason,
            },
            other => other,
        }
    }

    /// The same, told with these secrets hidden.
    #[must_use]
    pub fn without(self, secrets: &[String]) -> Self {
        let hide = |reason: String| crate::secret::hide_in(&reason, secrets);
        match self {
            Self::Lost { taken, reason } => Self::Lost {
                taken,
                reason: hide(reason),
            },
            Self::Denied { reason } => Self::Denied {
                reason: hide(reason),
            },
            Self::Refused { index, reason } => Self::Refused {
                index,
                reason: hide(reason),
            },
        }
    }
}
