//! A sink as asked for: `scheme:rest`.

use std::{fmt, path::PathBuf, str::FromStr};

use super::{Position, Written, jsonl, parquet};
use crate::secret;

/// Which sink, and where: `scheme:rest`.
///
/// Shown without the secrets in it.
///
/// ```
/// # use sonoscope::sinks::SinkUri;
/// let uri: SinkUri = "nats://me:hush@10.0.0.7/rows".parse().unwrap();
/// assert_eq!(uri.to_string(), "nats://***@10.0.0.7/rows");
/// assert!(!format!("{uri:?}").contains("hush"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SinkUri {
    scheme: Scheme,
    text: String,
}

/// The kinds of sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// One object a line.
    Jsonl,
    /// A folder of Parquet files.
    Parquet,
    /// Requests to a web server.
    Webhook,
    /// Recordings with what was found painted over them.
    Overlay,
    /// Records of Kafka.
    Kafka,
    /// Tables of PostgreSQL.
    Postgres,
    /// Messages to a broker of MQTT.
    Mqtt,
    /// Messages to a stream of NATS.
    Nats,
    /// Nowhere.
    Null,
}

/// What a sink's URI begins with, and what it is then.
const SCHEMES: &[(&str, Scheme)] = &[
    ("jsonl", Scheme::Jsonl),
    ("parquet", Scheme::Parquet),
    ("webhook+https", Scheme::Webhook),
    ("webhook+http", Scheme::Webhook),
    ("overlay", Scheme::Overlay),
    ("kafka", Scheme::Kafka),
    ("postgres", Scheme::Postgres),
    ("postgresql", Scheme::Postgres),
    ("mqtt", Scheme::Mqtt),
    ("mqtts", Scheme::Mqtt),
    ("nats", Scheme::Nats),
    ("tls", Scheme::Nats),
    ("null", Scheme::Null),
];

/// A sink that this program does not have, or that is not named in full.
#[derive(Debug, thiserror::Error)]
pub enum UriError {
    /// Of no kind that is known.
    #[error(
        "`{0}` names no sink that is built in (tip: jsonl:PATH, jsonl:- for stdout, parquet:DIR; \
         `sonoscope sinks` lists all)"
    )]
    Scheme(String),
    /// It does not say where.
    #[error("`{0}:` does not say where to (tip: `sonoscope sinks` has an example of each)")]
    Nowhere(&'static str),
}

impl FromStr for SinkUri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let found = SCHEMES.iter().find(|(scheme, _)| *scheme == name);
        let unknown = || UriError::Scheme(secret::hide_uri(text));
        let (name, scheme) = *found.filter(|_| text.contains(':')).ok_or_else(unknown)?;
        if rest.trim_matches('/').is_empty() && scheme != Scheme::Null && rest != "/" {
            return Err(UriError::Nowhere(name));
        }
        let text = text.to_owned();
        Ok(Self { scheme, text })
    }
}

impl fmt::Display for SinkUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_delivered() {
            true => f.write_str(&secret::hide_uri(&self.text)),
            false => f.write_str(&self.text),
        }
    }
}

impl fmt::Debug for SinkUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SinkUri({self})")
    }
}

impl SinkUri {
    /// Its kind.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What stands behind the scheme: a path.
    pub fn rest(&self) -> &str {
        self.text.split_once(':').map_or("", |(_, rest)| rest)
    }

    /// The URI with all secrets in it: for whoever connects, and for nobody else.
    pub fn exposed(&self) -> &str {
        &self.text
    }

    /// Whether it is opened only where that costs no rows that are there already.
    pub fn may_refuse(&self) -> bool {
        self.scheme == Scheme::Parquet
    }

    /// Whether rows go to somebody else's hands, by way of a buffer.
    pub fn is_delivered(&self) -> bool {
        !matches!(
            self.scheme,
            Scheme::Jsonl | Scheme::Parquet | Scheme::Overlay | Scheme::Null
        )
    }

    /// Whether it has a use for changes of views.
    pub fn takes_changes(&self) -> bool {
        self.is_delivered() || self.scheme == Scheme::Jsonl
    }

    /// Where its rows can be read again, up to a position; nothing if they cannot.
    pub fn written(&self, at: &Position) -> Option<Written> {
        let path = PathBuf::from(self.rest());
        match self.scheme {
            Scheme::Jsonl => jsonl::files_at(&path, at).map(Written::Lines),
            Scheme::Parquet if parquet::is_remote(self.rest()) => None,
            Scheme::Parquet => Some(Written::Parquet(path)),
            _ => None,
        }
    }

    /// Whether it writes to the program's standard output.
    pub fn is_stdout(&self) -> bool {
        self.scheme == Scheme::Jsonl && self.rest() == "-"
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
        for wrong in [
            "jsonl",
            "jsonl:",
            "parquet:",
            "carrier-pigeon:home",
            "",
            "webhook+https://",
        ] {
            let error = wrong.parse::<SinkUri>().unwrap_err().to_string();
            assert!(error.contains("tip:"), "{error}");
        }
        let unknown = "amqp://me:hush@host/x".parse::<SinkUri>().unwrap_err();
        assert!(!unknown.to_string().contains("hush"), "{unknown}");
    }
}
