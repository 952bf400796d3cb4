//! What the server said, and what that means for letters.

use tokio_postgres::{Error, error::DbError};

use crate::sinks::{delivery::receiver::SendError, tls};

/// Why something could not be done.
#[derive(Debug)]
pub enum Failure {
    /// What was to be written is not taken, now or ever.
    Data(String),
    /// Everything else.
    Other(SendError),
}

impl Failure {
    /// What an error of the client means.
    pub fn of(error: &Error) -> Self {
        if let Some(said) = error.as_db_error() {
            return Self::said(said);
        }
        if let Some(denied) = tls::denied(error) {
            return Self::Other(denied);
        }
        let reason = chain(error);
        // The client has no other words for these.
        let denied = |tip: &str| Self::Other(SendError::denied(format!("{reason} (tip: {tip})")));
        if reason.contains("does not support TLS") {
            return denied("sslmode=disable, if it need not be secret");
        }
        if reason.starts_with("authentication error") || reason.contains("password missing") {
            return denied("check user and password in the URI");
        }
        Self::Other(SendError::lost(reason))
    }

    fn said(said: &DbError) -> Self {
        let code = said.code().code();
        let reason = format!("{} (SQLSTATE {code})", said.message());
        let denied = |tip: &str| Self::Other(SendError::denied(format!("{reason}; tip: {tip}")));
        match code {
            "3D000" => denied("make it with CREATE DATABASE, or name another in the URI"),
            "42501" => denied("GRANT what is missing, or let its owner make the tables first"),
            "25006" => Self::Other(SendError::lost(reason)),
            _ => match code.get(..2).unwrap_or_default() {
                // Not to be had as data, against a constraint, or too large.
                "22" | "23" | "54" => Self::Data(reason),
                "28" => denied("check user and password in the URI, and pg_hba.conf"),
                "42" | "3F" => {
                    denied("its tables are not as sonoscope made them; give it another `schema`")
                }
                _ => Self::Other(SendError::lost(reason)),
            },
        }
    }

    /// As it is told where no letter can be the cause of it.
    pub fn outside(self) -> SendError {
        match self {
            Self::Data(reason) => SendError::lost(reason),
            Self::Other(error) => error,
        }
    }
}

/// An error with those that it comes from.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text += &format!(": {source}");
        next = source.source();
    }
    text
}
