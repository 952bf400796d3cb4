//! What keeps a file from being fetched.

use std::io;

use thiserror::Error;
use ureq::http::StatusCode;
use url::Url;

use super::Limits;

/// Why a file could not be fetched, or not all of it.
#[derive(Debug, Error)]
pub enum FetchError {
    /// There is no connection, or no answer.
    #[error("{url} cannot be reached: {source}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What the client says.
        source: Box<ureq::Error>,
    },
    /// The answer is not the file.
    #[error("{url}: the server answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// What came instead.
        status: StatusCode,
    },
    /// It goes from one address to another for ever, or to one that is not safe.
    #[error("{url}: the server sends on to too many addresses, or to one that is not https")]
    Redirect {
        /// What was asked for.
        url: String,
    },
    /// It is no file of those that are published there.
    #[error("{url} is larger than {limit_bytes} bytes: it is not what was asked for")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// What it may have.
        limit_bytes: u64,
    },
    /// The connection broke, or fell silent.
    #[error("{url} broke off after {done_bytes} {}: {problem}", of(total))]
    Broken {
        /// What was asked for.
        url: String,
        /// What is there now.
        done_bytes: u64,
        /// What there should be.
        total: Option<u64>,
        /// What happened.
        problem: String,
    },
    /// It cannot be kept.
    #[error("what is fetched cannot be written: {0}")]
    Disk(io::Error),
}

impl FetchError {
    /// What to do.
    pub fn tip(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "see that there is a network; a proxy goes into HTTPS_PROXY. Without a network, \
                 get the file another way and give it to `sonoscope networks import`"
            }
            Self::Status { .. } | Self::Redirect { .. } => {
                "try again later, or get the file another way and give it to \
                 `sonoscope networks import`"
            }
            Self::TooLarge { .. } => "see that --from, or a proxy, gives the published files",
            Self::Broken { .. } => "try again: it goes on where it stopped",
            Self::Disk(_) => "see to free disk and permissions, or set XDG_DATA_HOME elsewhere",
        }
    }

    pub(super) fn unreachable(url: &Url, error: ureq::Error) -> Self {
        Self::Unreachable {
            url: url.to_string(),
            source: error.into(),
        }
    }

    pub(super) fn status(url: &Url, status: StatusCode) -> Self {
        Self::Status {
            url: url.to_string(),
            status,
        }
    }

    pub(super) fn redirect(url: &Url) -> Self {
        Self::Redirect {
            url: url.to_string(),
        }
    }

    pub(super) fn too_large(url: &Url, limits: &Limits) -> Self {
        Self::TooLarge {
            url: url.to_string(),
            limit_bytes: limits.size_bytes,
        }
    }
}

fn of(total: &Option<u64>) -> String {
    match total {
        Some(total) => format!("of {total} bytes"),
        None => "bytes".into(),
    }
}
