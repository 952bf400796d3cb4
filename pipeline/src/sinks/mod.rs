//! Where rows go. One file a sink, all of one outline.

mod jsonl;
mod null;

use std::{fmt, io, str::FromStr};

use serde::{Deserialize, Serialize};
use sonoscope_operators::{Include, Row, SourceId};

/// A receiver of rows.
///
/// Rows come epoch by epoch, those of a source in order. `flush` lets people see them; `commit`
/// makes them outlast a crash, and is what the ledger waits for.
pub trait Sink: Send {
    /// Takes the rows of an epoch.
    ///
    /// # Errors
    /// When they cannot be taken; what was flushed before stays whole.
    fn write(&mut self, rows: &[Row]) -> io::Result<()>;

    /// Lets everything taken go out.
    ///
    /// # Errors
    /// When it cannot.
    fn flush(&mut self) -> io::Result<()>;

    /// Makes everything taken durable, and says where the sink then stands: opened at this
    /// position, it is as it is now, whatever was written behind it.
    ///
    /// # Errors
    /// When it cannot be made durable.
    fn commit(&mut self) -> io::Result<Position>;

    /// All rows of this source have been taken. Durable with the next commit.
    ///
    /// # Errors
    /// When what was waiting for the end of the source cannot be written.
    fn close_source(&mut self, _source: &SourceId) -> io::Result<()> {
        Ok(())
    }

    /// Rows of this source that an earlier run committed hold no longer, since the source has
    /// changed; its new ones follow.
    ///
    /// # Errors
    /// When they cannot be taken back.
    fn withdraw(&mut self, source: &SourceId) -> io::Result<Withdrawal>;
}

/// Where a sink stands: what it needs to be opened there again, in its own words. The ledger keeps
/// it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub serde_json::Value);

/// What became of rows that no longer hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// They are gone, or never were.
    Removed,
    /// They are still there, before those that hold: whoever reads them must be told.
    Left,
}

/// A sink as asked for: `scheme:rest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkUri {
    scheme: Scheme,
    rest: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Jsonl,
    Null,
}

/// A sink that this program does not have.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` names no sink that is built in (tip: jsonl:PATH, jsonl:- for stdout, null:)")]
pub struct UnknownSink(String);

impl FromStr for SinkUri {
    type Err = UnknownSink;

    fn from_str(uri: &str) -> Result<Self, UnknownSink> {
        let unknown = || UnknownSink(uri.to_owned());
        let (scheme, rest) = uri.split_once(':').ok_or_else(unknown)?;
        let scheme = match scheme {
            "jsonl" if !rest.is_empty() => Scheme::Jsonl,
            "null" => Scheme::Null,
            _ => return Err(unknown()),
        };
        let rest = rest.to_owned();
        Ok(Self { scheme, rest })
    }
}

impl fmt::Display for SinkUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Jsonl => "jsonl",
            Scheme::Null => "null",
        };
        write!(f, "{scheme}:{}", self.rest)
    }
}

impl SinkUri {
    /// Opens the sink, begun anew or as it was at a position, without what came behind it.
    ///
    /// # Errors
    /// When it cannot be written to, or is not what it was at that position.
    pub fn open(&self, include: Include, at: Option<&Position>) -> io::Result<Box<dyn Sink>> {
        Ok(match self.scheme {
            Scheme::Jsonl => Box::new(jsonl::Jsonl::open(&self.rest, include, at)?),
            Scheme::Null => Box::new(null::Null),
        })
    }

    /// Whether it writes to the program's standard output.
    pub fn is_stdout(&self) -> bool {
        self.scheme == Scheme::Jsonl && self.rest == "-"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_and_written() {
        for uri in ["jsonl:-", "jsonl:out/rows.jsonl", "null:"] {
            assert_eq!(uri.parse::<SinkUri>().unwrap().to_string(), uri);
        }
        for wrong in ["jsonl", "jsonl:", "carrier-pigeon:home", ""] {
            let error = wrong.parse::<SinkUri>().unwrap_err().to_string();
            assert!(error.contains("tip:"), "{error}");
        }
    }
}
