//! What the spool remembers of the rows of the sink.

use std::{borrow::Cow, io};

use serde::{Deserialize, Serialize};
use sonoscope_operators::{Row, SourceId};

use super::place::Part;

/// Something that happened to the rows of the sink.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub enum Record<'a> {
    /// A row came.
    Row(Cow<'a, Row>),
    /// A part is complete, and about to be written: its rows are needed here no longer.
    Complete(Cow<'a, Part>),
    /// What there is of a part is about to be written, while more of its rows may follow.
    Begun(Cow<'a, Part>),
    /// The rows of a source hold no longer.
    Withdrawn(Cow<'a, SourceId>),
}

impl Record<'_> {
    /// The record as the spool keeps it.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        postcard::to_stdvec(self).map_err(invalid)
    }

    /// The record that was written down so.
    ///
    /// # Errors
    /// When it is none that this version knows.
    pub fn of(bytes: &[u8]) -> io::Result<Record<'static>> {
        postcard::from_bytes(bytes).map_err(invalid)
    }
}

fn invalid(error: postcard::Error) -> io::Error {
    let message = format!("a record of the spool: {error}");
    io::Error::new(io::ErrorKind::InvalidData, message)
}
