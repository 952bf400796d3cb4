//! Which part file a row belongs to, and what it is called: functions of the row alone.

use std::path::PathBuf;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sonoscope_operators::{Row, SourceId};

/// Seconds of a source in one part, at most.
const PART_SECONDS: i64 = 3600;

/// Letters of the network's hash in a part's name.
const HASH_LETTERS: usize = 8;

/// Bytes of a folder's name, at most, so that file systems take it.
const LONGEST: usize = 200;

/// The rows that one network gives of one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stream {
    /// Whose seconds.
    pub source: SourceId,
    /// Who looks and listens.
    pub network: String,
    /// The hash of its files.
    pub network_hash: String,
}

/// A part: an hour of a stream, or what of it lies on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Whose rows.
    pub stream: Stream,
    /// The day in UTC, as `2026-11-23`, where the wall clock is known.
    pub date: Option<String>,
    /// The segment of its first row.
    pub first_segment: i64,
}

/// What all rows of a part have in common beside their stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    date: Option<String>,
    hour: i64,
}

impl Stream {
    /// That of a row.
    pub fn of(row: &Row) -> Self {
        Self {
            source: row.source.clone(),
            network: row.provenance.network.clone(),
            network_hash: row.provenance.network_hash.clone(),
        }
    }
}

impl Slot {
    /// Where a row belongs.
    pub fn of(row: &Row) -> Self {
        Self {
            date: time_of(row).map(date),
            hour: row.segment.div_euclid(PART_SECONDS),
        }
    }
}

impl Part {
    /// The part that begins with a row.
    pub fn beginning_with(row: &Row) -> Self {
        Self {
            stream: Stream::of(row),
            date: Slot::of(row).date,
            first_segment: row.segment,
        }
    }

    /// Its path below the sink's folder: `[date=DATE/]source=ID/NETWORK-HASH-SEGMENT.parquet`.
    pub fn path(&self) -> PathBuf {
        let dated = self.date.as_ref().map(|date| format!("date={date}"));
        let mut path: PathBuf = dated.into_iter().collect();
        path.push(folder_of(&self.stream.source));
        let hash = &self.stream.network_hash;
        path.push(format!(
            "{}-{}-{:09}.parquet",
            escaped(&self.stream.network),
            hash.get(..HASH_LETTERS).unwrap_or(hash),
            self.first_segment
        ));
        path
    }
}

/// The folder of a source: `source=ID`. An id too long for a file system is cut, and ends with its
/// SHA-256 instead.
pub fn folder_of(source: &SourceId) -> String {
    let mut name = format!("source={}", escaped(source.as_str()));
    if name.len() > LONGEST {
        let hash = crate::weights::hashes::hex(&Sha256::digest(source.as_str()));
        name.truncate(name.floor_char_boundary(LONGEST - 1 - hash.len()));
        name = format!("{name}-{hash}");
    }
    name
}

/// When a row's second began, where that is known.
pub fn time_of(row: &Row) -> Option<Timestamp> {
    row.wall_clock.as_ref()?.parse().ok()
}

fn date(time: Timestamp) -> String {
    TimeZone::UTC.to_datetime(time).date().to_string()
}

/// A value in a path as Hive writes it: what means something to paths or shells as `%XX`.
fn escaped(value: &str) -> String {
    let mut name = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            c if c.is_ascii_control() || " \"#%'*/:=?\\{}[]^".contains(c) => {
                name.push_str(&format!("%{:02X}", c as u32));
            }
            c => name.push(c),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(source: &str, date: Option<&str>) -> Part {
        Part {
            stream: Stream {
                source: SourceId::slug(source),
                network: "own/net".into(),
                network_hash: "0123456789abcdef".into(),
            },
            date: date.map(str::to_owned),
            first_segment: 7200,
        }
    }

    #[test]
    fn paths_are_those_of_hive() {
        let of = |date| part("Über 7", date).path().display().to_string();
        let name = "own%2Fnet-01234567-000007200.parquet";
        assert_eq!(of(None), format!("source=über-7/{name}"));
        let dated = format!("date=2026-11-23/source=über-7/{name}");
        assert_eq!(of(Some("2026-11-23")), dated);
    }

    #[test]
    fn a_long_id_has_a_folder_all_the_same() {
        let long = |last: &str| folder_of(&SourceId::slug(&("ü".repeat(300) + last)));
        assert!(long("a").len() <= LONGEST);
        assert_ne!(long("a"), long("b"));
    }
}
