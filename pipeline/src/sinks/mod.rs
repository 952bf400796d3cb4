//! Where rows go. One file a sink, all of one outline.

mod form;
mod jsonl;
mod null;
mod parquet;

use std::{fmt, io, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};
use sonoscope_operators::{Row, SourceId};

pub use form::{Form, NetworkForm};

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

    /// All rows of this source have been taken, for now at least. Durable with the next commit.
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

    /// The run is over, whether or not all sources have ended, and the last position is kept: what
    /// is still held back comes out. Nothing else is called afterwards.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }
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

/// Where the rows of a sink can be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// A file of lines, of which so many bytes count: what is behind them is not committed.
    Lines {
        /// The file.
        path: PathBuf,
        /// How much of it counts.
        bytes: u64,
    },
    /// A folder of Parquet files.
    Parquet(PathBuf),
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
    Parquet,
    Null,
}

/// A sink that this program does not have.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` names no sink that is built in (tip: jsonl:PATH, jsonl:- for stdout, parquet:DIR, null:)"
)]
pub struct UnknownSink(String);

impl FromStr for SinkUri {
    type Err = UnknownSink;

    fn from_str(uri: &str) -> Result<Self, UnknownSink> {
        let unknown = || UnknownSink(uri.to_owned());
        let (scheme, rest) = uri.split_once(':').ok_or_else(unknown)?;
        let scheme = match scheme {
            "jsonl" if !rest.is_empty() => Scheme::Jsonl,
            "parquet" if !rest.is_empty() => Scheme::Parquet,
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
            Scheme::Parquet => "parquet",
            Scheme::Null => "null",
        };
        write!(f, "{scheme}:{}", self.rest)
    }
}

impl SinkUri {
    /// Opens the sink, begun anew or as it was at a position, without what came behind it. A
    /// folder that holds rows is not begun anew, but refused.
    ///
    /// # Errors
    /// When it cannot be written to, or is not what it was at that position.
    pub fn open(&self, form: &Form, at: Option<&Position>) -> io::Result<Box<dyn Sink>> {
        Ok(match self.scheme {
            Scheme::Jsonl => Box::new(jsonl::Jsonl::open(&self.rest, form.include, at)?),
            Scheme::Parquet => Box::new(parquet::Parquet::open(&self.rest, form.clone(), at)?),
            Scheme::Null => Box::new(null::Null),
        })
    }

    /// Whether it is opened only where that costs no rows that are there already.
    pub fn may_refuse(&self) -> bool {
        self.scheme == Scheme::Parquet
    }

    /// Where its rows can be read again, up to a position; nothing if they cannot.
    pub fn written(&self, at: &Position) -> Option<Written> {
        let path = PathBuf::from(&self.rest);
        match self.scheme {
            Scheme::Jsonl => Some(Written::Lines {
                path,
                bytes: jsonl::bytes_at(at)?,
            }),
            Scheme::Parquet => Some(Written::Parquet(path)),
            Scheme::Null => None,
        }
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
        for uri in ["jsonl:-", "jsonl:out/rows.jsonl", "parquet:out", "null:"] {
            assert_eq!(uri.parse::<SinkUri>().unwrap().to_string(), uri);
        }
        for wrong in ["jsonl", "jsonl:", "parquet:", "carrier-pigeon:home", ""] {
            let error = wrong.parse::<SinkUri>().unwrap_err().to_string();
            assert!(error.contains("tip:"), "{error}");
        }
    }
}
