//! What can go wrong with a state folder, and what to do about it.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;

use super::lock::Holder;
use crate::fault::Fault;

/// Why a state folder cannot be used, or not any more. Nothing in it was overwritten.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no ledger in it.
    #[error("{0:?} is no state folder: there is no ledger.sqlite in it")]
    NoState(PathBuf),
    /// Another process works with it.
    #[error("{folder:?} is in use: {holder}")]
    Held {
        /// The state folder.
        folder: PathBuf,
        /// By whom, as they have written down.
        holder: Holder,
    },
    /// A later version of this program has made it.
    #[error("{path:?} is of version {found}, and this program knows versions up to {known}")]
    Newer {
        /// The ledger.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// It does not hold what it should.
    #[error("{path:?} is damaged: {cause}")]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The folder cannot be made or written.
    #[error("cannot write {path:?}: {cause}")]
    Unwritable {
        /// Which path.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It belongs to a job that is done otherwise.
    #[error("{folder:?} is the state of another job: {}", .differences.join("; "))]
    OtherJob {
        /// The state folder.
        folder: PathBuf,
        /// What differs, each as a clause.
        differences: Vec<String>,
    },
    /// The database refuses.
    #[error("{path:?}: {cause}")]
    Database {
        /// The ledger.
        path: PathBuf,
        /// What SQLite says.
        cause: rusqlite::Error,
    },
}

impl LedgerError {
    /// What SQLite says of the ledger at this path.
    pub fn of(path: &std::path::Path, cause: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match cause.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged {
                path,
                cause: cause.to_string(),
            },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::Unwritable {
                    path,
                    cause: io::Error::other(cause),
                }
            }
            _ => Self::Database { path, cause },
        }
    }

    /// What to do about it.
    pub fn tip(&self) -> &'static str {
        match self {
            Self::NoState(_) => "name the folder that `sonoscope run --state` was given",
            Self::Held { .. } => {
                "wait for it, or end it; `sonoscope status` tells how far it is. Another job needs \
                 a state folder of its own"
            }
            Self::Newer { .. } => "use the newer sonoscope, or begin with a new state folder",
            Self::Damaged { .. } => {
                "restore it from a copy, or begin with a new state folder and new outputs"
            }
            Self::Unwritable { .. } => {
                "check its permissions, and whether the disk is mounted read-only"
            }
            Self::OtherJob { .. } => {
                "name a new state folder for this job, or give the command that began the other"
            }
            Self::Database { cause, .. } => match cause.sqlite_error_code() {
                Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure) => {
                    "make room and give the same command: it goes on where it stopped"
                }
                _ => "when this is mended, the same command goes on where it stopped",
            },
        }
    }
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::environment(&error).tip(error.tip())
    }
}
