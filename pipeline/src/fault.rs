//! What ends the program early: cause, what to do, exit code.

use std::fmt;

/// An error that ends the program, in the form that people read: cause and `tip:`.
#[derive(Debug)]
pub struct Fault {
    /// The exit code it stands for.
    pub code: Exit,
    /// What happened, to what.
    pub cause: String,
    /// What to do.
    pub tip: Option<String>,
}

/// What the program's exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All done.
    Done = 0,
    /// Some source failed; the others are done.
    SourceFailed = 1,
    /// Asked in a way that cannot be understood.
    Usage = 2,
    /// Something that the program needs is missing or refuses: a library, a network, a sink.
    Environment = 3,
    /// Another process of the cluster is gone.
    PeerLost = 4,
}

impl Fault {
    /// The command line or configuration is wrong.
    pub fn usage(cause: impl fmt::Display) -> Self {
        Self {
            code: Exit::Usage,
            cause: cause.to_string(),
            tip: None,
        }
    }

    /// Something the program needs is not there or does not work.
    pub fn environment(cause: impl fmt::Display) -> Self {
        Self {
            code: Exit::Environment,
            cause: cause.to_string(),
            tip: None,
        }
    }

    /// With this exit code.
    pub fn of(code: Exit, cause: impl fmt::Display) -> Self {
        Self {
            code,
            cause: cause.to_string(),
            tip: None,
        }
    }

    /// With something to do about it.
    #[must_use]
    pub fn tip(mut self, tip: impl fmt::Display) -> Self {
        self.tip = Some(tip.to_string());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)?;
        match &self.tip {
            Some(tip) => write!(f, "\n  tip: {tip}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
