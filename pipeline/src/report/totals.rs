//! Numbers at a glance.

use std::collections::BTreeMap;

use serde::Serialize;
use sonoscope_operators::{CORRESPONDS, Status};

use super::tracks::Tracks;

/// What all seconds come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Sources of which there are rows.
    pub sources: usize,
    /// Seconds of all of them.
    pub seconds: usize,
    /// Seconds with sound that is not silent.
    pub heard: usize,
    /// Seconds by how their sound fared.
    pub audio: BTreeMap<String, usize>,
    /// Seconds by how their picture fared.
    pub video: BTreeMap<String, usize>,
    /// By the place of the network.
    pub networks: Vec<NetworkTotals>,
}

/// What a network says of all seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NetworkTotals {
    /// Seconds with sound that is not silent, of which it says something.
    pub scored: usize,
    /// Those of them whose sound belongs to the picture.
    pub corresponding: usize,
    /// The middle one of its scores.
    pub median: Option<f32>,
}

impl Totals {
    /// Counts.
    pub fn of(tracks: &Tracks) -> Self {
        let mut totals = Self {
            sources: tracks.sources.len(),
            ..Self::default()
        };
        let mut scores: Vec<Vec<f32>> = vec![Vec::new(); tracks.networks.len()];
        for second in tracks
            .sources
            .values()
            .flat_map(|track| track.seconds.values())
        {
            totals.seconds += 1;
            totals.heard += usize::from(second.is_heard());
            *totals.audio.entry(word(second.audio)).or_default() += 1;
            *totals.video.entry(word(second.video)).or_default() += 1;
            for (network, scores) in scores.iter_mut().enumerate() {
                scores.extend(second.score(network));
            }
        }
        totals.networks = scores.into_iter().map(NetworkTotals::of).collect();
        totals
    }
}

impl NetworkTotals {
    fn of(mut scores: Vec<f32>) -> Self {
        scores.sort_by(f32::total_cmp);
        Self {
            scored: scores.len(),
            corresponding: scores.iter().filter(|score| **score >= CORRESPONDS).count(),
            median: scores.get(scores.len() / 2).copied(),
        }
    }
}

/// A status as rows write it.
pub fn word(status: Status) -> String {
    let word = match status {
        Status::Present => "present",
        Status::Silent => "silent",
        Status::Frozen => "frozen",
        Status::Partial => "partial",
        Status::Gap => "gap",
        Status::Absent => "absent",
    };
    word.to_owned()
}

/// A part of a whole, as people say it.
pub fn percent(part: usize, whole: usize) -> String {
    match whole {
        0 => "\u{2013}".to_owned(),
        _ => format!("{:.0} %", 100.0 * part as f64 / whole as f64),
    }
}

/// Seconds as hours, minutes and seconds.
pub fn duration(seconds: usize) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (h, m) {
        (0, 0) => format!("{s} s"),
        (0, _) => format!("{m} min {s:02} s"),
        _ => format!("{h} h {m:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_it() {
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(61), "1 min 01 s");
        assert_eq!(duration(36_060), "10 h 01 min");
        assert_eq!(percent(1, 3), "33 %");
        assert_eq!(percent(0, 0), "\u{2013}");
    }
}
