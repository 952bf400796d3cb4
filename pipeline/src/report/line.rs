//! A row, as far as the page needs it, wherever it comes from.

use serde::Deserialize;
use sonoscope_operators::{Heatmap, Peak, Status};

/// One second of one source as one network sees it.
#[derive(Clone, Debug, Deserialize)]
pub struct Line {
    /// Whose second.
    pub source: String,
    /// Which second.
    pub segment: i64,
    /// RFC 3339 time of its start, where it is known.
    #[serde(default)]
    pub wall_clock: Option<String>,
    /// How the sound fared.
    pub audio: Status,
    /// How the picture fared.
    pub video: Status,
    /// Level of the sound, in dB below full scale.
    pub audio_dbfs: Option<f32>,
    /// The network.
    #[serde(flatten)]
    pub network: Network,
    /// Probability that sound and picture belong together.
    pub correspondence: Option<f32>,
    /// Whether the sound's place is known.
    pub localizable: bool,
    /// Where the sound most likely comes from.
    pub peak: Option<Peak>,
    /// The heatmap, row by row, if it was asked for.
    #[serde(default)]
    pub heatmap: Option<Vec<Vec<f32>>>,
}

/// A network and what it ran on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Network {
    /// Its name.
    #[serde(rename = "network")]
    pub name: String,
    /// SHA-256 over the hashes of its files.
    #[serde(rename = "network_hash")]
    pub hash: String,
    /// The execution provider that ran it.
    pub provider: String,
    /// In which numbers.
    pub precision: String,
}

impl Line {
    /// The score, where there is sound to speak of: of silence it means nothing.
    pub fn score(&self) -> Option<f32> {
        let is_heard = self.audio.usable() && self.audio != Status::Silent;
        self.correspondence.filter(|_| is_heard)
    }

    /// The heatmap in one piece.
    pub fn heatmap(&self) -> Option<Heatmap> {
        let rows = self.heatmap.as_ref()?;
        Some(Heatmap {
            columns: rows.first()?.len(),
            cells: rows.concat(),
        })
    }
}
