//! A sink with all that is asked of it: `--sink URI`, or a `[[sink]]` table.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use serde::{Deserialize, Deserializer, de::Error as _};
use sonoscope_operators::Include;

use super::{Filter, SinkUri};
use crate::views::ViewName;

/// A sink as asked for.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SinkSpec {
    /// Which, and where.
    #[serde(deserialize_with = "from_text")]
    pub uri: SinkUri,
    /// What its rows carry besides; what the run's rows carry, if nothing is said.
    #[serde(default)]
    pub include: Option<Vec<Extra>>,
    /// Which rows it takes.
    #[serde(default)]
    pub filter: Filter,
    /// How rows wait for a receiver.
    #[serde(default)]
    pub buffer: BufferSpec,
    /// When a receiver is tried again.
    #[serde(default)]
    pub retry: RetrySpec,
    /// Where rows go that the receiver refuses.
    #[serde(default)]
    pub dead_letters: Option<PathBuf>,
    /// Whether each row is a CloudEvent.
    #[serde(default)]
    pub cloudevents: bool,
    /// The views whose changes it takes besides rows.
    #[serde(default)]
    pub views: Vec<ViewName>,
    /// What the sink itself wants to know; the same as in the query of its URI.
    #[serde(default)]
    pub options: BTreeMap<String, OptionValue>,
}

/// A part of a row that is written only on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Extra {
    /// The heatmap, row by row.
    Heatmap,
    /// The embeddings of picture and sound.
    Embeddings,
}

/// How rows wait for a receiver.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct BufferSpec {
    /// Where; on disk if the run keeps a state, else in memory.
    pub kind: Option<BufferKind>,
    /// How much waits at most.
    #[serde(deserialize_with = "size")]
    pub bytes: Option<u64>,
    /// What happens then; recordings wait, and of live sources what is newest is left out.
    pub when_full: Option<WhenFull>,
}

/// Where rows wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BufferKind {
    /// In memory; what waits is lost with the program.
    Memory,
    /// In the state folder; the next run sends what waits.
    Disk,
}

/// What happens to a row for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// It waits, and with it the run.
    Block,
    /// It is left out and counted.
    DropNewest,
}

/// When a receiver is tried again that does not answer.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RetrySpec {
    /// Seconds to wait after the first failure; doubled after each further one.
    #[serde(deserialize_with = "seconds")]
    pub first: Duration,
    /// Seconds to wait at most.
    #[serde(deserialize_with = "seconds")]
    pub most: Duration,
    /// Seconds after which an attempt has failed.
    #[serde(deserialize_with = "seconds")]
    pub timeout: Duration,
}

/// The value of an option: text, number or yes and no.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum OptionValue {
    /// A text.
    Text(String),
    /// A number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Boolean(bool),
}

impl Default for RetrySpec {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            most: Duration::from_secs(30),
            timeout: Duration::from_secs(10),
        }
    }
}

impl From<SinkUri> for SinkSpec {
    fn from(uri: SinkUri) -> Self {
        Self {
            uri,
            include: None,
            filter: Filter::default(),
            buffer: BufferSpec::default(),
            retry: RetrySpec::default(),
            dead_letters: None,
            cloudevents: false,
            views: Vec::new(),
            options: BTreeMap::new(),
        }
    }
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
            Self::Boolean(is) => is.fmt(f),
        }
    }
}

impl SinkSpec {
    /// What its rows carry besides, in a run whose rows carry `run`.
    pub fn include(&self, run: Include) -> Include {
        match &self.include {
            Some(extras) => Include::from_iter(extras.iter().copied()),
            None => run,
        }
    }

    /// Its options as they would stand in a URI.
    pub fn options(&self) -> BTreeMap<String, String> {
        let options = self.options.iter();
        options
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect()
    }

    /// What cannot be meant.
    ///
    /// # Errors
    /// The key, and what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        self.filter
            .check()
            .map_err(|wrong| format!("filter.{wrong}"))?;
        if self.buffer.bytes == Some(0) {
            return Err("buffer.bytes: 0 holds no row".into());
        }
        if self.retry.first.is_zero() || self.retry.timeout.is_zero() {
            return Err("retry: 0 is not a time to wait for".into());
        }
        if self.retry.first > self.retry.most {
            return Err("retry.first: it is longer than retry.most".into());
        }
        let is_delivered = self.uri.is_delivered();
        let is_idle = |is_said: bool| is_said && !is_delivered;
        let idle = [
            ("buffer", is_idle(self.buffer != BufferSpec::default())),
            ("retry", is_idle(self.retry != RetrySpec::default())),
            ("dead-letters", is_idle(self.dead_letters.is_some())),
            ("cloudevents", is_idle(self.cloudevents)),
            ("views", !self.views.is_empty() && !self.uri.takes_changes()),
        ];
        match idle.iter().find(|(_, is_idle)| *is_idle) {
            Some((key, _)) => Err(format!("{key}: {} has no use for it", self.uri)),
            None => Ok(()),
        }
    }
}

impl FromIterator<Extra> for Include {
    fn from_iter<I: IntoIterator<Item = Extra>>(extras: I) -> Self {
        let mut include = Self::default();
        for extra in extras {
            match extra {
                Extra::Heatmap => include.heatmap = true,
                Extra::Embeddings => include.embeddings = true,
            }
        }
        include
    }
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SinkUri, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)
}

/// A number of bytes, or a text such as `64MiB`.
fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let bytes = match OptionValue::deserialize(deserializer)? {
        OptionValue::Integer(bytes) => u64::try_from(bytes).ok(),
        OptionValue::Text(text) => parse_size(&text),
        OptionValue::Float(_) | OptionValue::Boolean(_) => None,
    };
    let wrong = || D::Error::custom("it is no size; write bytes, or as 64MiB, 2GB");
    bytes.map(Some).ok_or_else(wrong)
}

/// The bytes of a size such as `64MiB`, `2GB` or `1000`.
pub fn parse_size(text: &str) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_everything() {
        let spec: SinkSpec = toml::from_str(
            "uri = 'webhook+http://127.0.0.1:1/x'\ninclude = ['embeddings']\ncloudevents = true\n\
             dead-letters = 'dead.jsonl'\n[filter]\nsource = ['a*']\n\
             [buffer]\nkind = 'disk'\nbytes = '2MiB'\nwhen-full = 'drop-newest'\n\
             [retry]\nfirst = 1\nmost = 9.5\n[options]\nsecret = '${HOOK}'\nbatch = 7\n",
        )
        .unwrap();
        spec.check().unwrap();
        let include = spec.include(Include::default());
        assert_eq!((include.heatmap, include.embeddings), (false, true));
        assert_eq!(spec.buffer.bytes, Some(2 << 20));
        assert_eq!(spec.retry.most, Duration::from_millis(9500));
        assert_eq!(spec.options()["batch"], "7");
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let hook = "uri = 'webhook+http://h/'\n";
        for (text, told) in [
            ("uri = 'null:'\ncloudevents = true", "cloudevents"),
            ("uri = 'null:'\nviews = ['rolling']", "views"),
            (&format!("{hook}[buffer]\nbytes = 0"), "buffer.bytes"),
            (&format!("{hook}[retry]\nfirst = 60"), "retry.first"),
            (
                &format!("{hook}[filter]\ncorrespondence-to = 7"),
                "filter.correspondence-to",
            ),
        ] {
            let spec: SinkSpec = toml::from_str(text).unwrap();
            assert!(spec.check().unwrap_err().contains(told), "{text}");
        }
        for text in [
            "uri = 'x:y'",
            "uri = 7",
            &format!("{hook}[buffer]\nbytes = 'much'"),
        ] {
            assert!(toml::from_str::<SinkSpec>(text).is_err(), "{text}");
        }
    }
}
