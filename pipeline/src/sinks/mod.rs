//! Where rows go. One file a sink, all of one outline.

mod jsonl;
mod null;

use std::{fmt, io, str::FromStr};

use sonoscope_operators::{Include, Row};

/// A receiver of rows.
///
/// Rows come epoch by epoch, those of a source in order. After `flush` they must be where the
/// sink's promise says that they are.
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
    /// Opens the sink.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn open(&self, include: Include) -> io::Result<Box<dyn Sink>> {
        Ok(match self.scheme {
            Scheme::Jsonl => Box::new(jsonl::Jsonl::open(&self.rest, include)?),
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
