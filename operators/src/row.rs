//! What a network says of a segment, and how a sink writes it.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

use crate::{ClockSource, Segment, SourceId, Status};

/// Version of the form of rows, their field `schema`.
pub const ROW_SCHEMA: u32 = 1;

/// From here on, sound and picture belong together.
pub const CORRESPONDS: f32 = 0.5;

/// What a network says of a pair of picture and sound.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Probability that they belong together, 0..1; none from a network of embeddings alone.
    pub correspondence: Option<f32>,
    /// Euclidean distance of the embeddings, where the network has them.
    pub distance: Option<f32>,
    /// Where the sound comes from, where the network tells.
    pub heatmap: Option<Heatmap>,
    /// The picture in the network's space.
    pub frame_embedding: Option<Vec<f32>>,
    /// The sound in the network's space.
    pub audio_embedding: Option<Vec<f32>>,
}

/// A map over the picture, row by row from the top; high is sounding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heatmap {
    /// Cells across.
    pub columns: usize,
    /// `rows * columns` values in 0..1.
    pub cells: Vec<f32>,
}

/// The place in the picture where the sound most likely comes from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// From the left edge, 0..1.
    pub x: f32,
    /// From the top edge, 0..1.
    pub y: f32,
    /// What the heatmap says there.
    pub value: f32,
}

impl Heatmap {
    /// The middle of the highest cell, the first of equals.
    pub fn peak(&self) -> Option<Peak> {
        let highest = |best: (usize, f32), (i, &value): (usize, &f32)| {
            if value > best.1 { (i, value) } else { best }
        };
        let (cell, value) = (self.cells.iter().enumerate()).fold((0, f32::MIN), highest);
        let rows = self.cells.len().checked_div(self.columns)?;
        let middle = |cell: usize, of: usize| (cell as f32 + 0.5) / of as f32;
        (rows > 0).then(|| Peak {
            x: middle(cell % self.columns, self.columns),
            y: middle(cell / self.columns, rows),
            value,
        })
    }
}

/// The network that a row speaks for, and what it ran on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Its name.
    pub network: String,
    /// SHA-256 over the hashes of its files.
    pub network_hash: String,
    /// The execution provider that ran it.
    pub provider: String,
    /// The precision in which it ran.
    pub precision: String,
}

/// One segment as one network sees it: a pure function of the input and the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Place of the source among those of the run. Orders rows; not written.
    pub ordinal: u32,
    /// Place of the network among those of the run. Orders rows; not written.
    pub network_ordinal: u32,
    /// Whose second this is.
    pub source: SourceId,
    /// Which second.
    pub segment: i64,
    /// Which uninterrupted connection to the source.
    pub session: u32,
    /// Start, since the start of the source; of a live one, since 1970 (UTC).
    pub start_ns: i64,
    /// End, likewise.
    pub end_ns: i64,
    /// RFC 3339 time of the start, where it is known.
    pub wall_clock: Option<String>,
    /// Where the times come from.
    pub clock_source: ClockSource,
    /// When the picture came on show.
    pub frame_pts_ns: Option<i64>,
    /// How the sound fared.
    pub audio: Status,
    /// How the picture fared.
    pub video: Status,
    /// Level of the sound in dB below full scale.
    pub audio_dbfs: Option<f32>,
    /// Seconds right before it that a live source let go, since there was too much to do.
    pub dropped: u32,
    /// The network.
    pub provenance: Arc<Provenance>,
    /// What it said; nothing where picture or sound is missing.
    pub score: Option<Score>,
    /// Whether the heatmap may be believed: the sound is heard and belongs to the picture.
    pub localizable: bool,
}

/// The parts of a row that are written only on request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// `heatmap`.
    pub heatmap: bool,
    /// `frame_embedding` and `audio_embedding`.
    pub embeddings: bool,
}

impl Row {
    /// The row of a segment and what a network said of it.
    pub fn new(
        segment: &Segment,
        network_ordinal: u32,
        provenance: Arc<Provenance>,
        score: Option<Score>,
    ) -> Self {
        let heard = segment.audio.usable() && segment.audio != Status::Silent;
        let localizable = heard
            && (score.as_ref())
                .is_some_and(|s| s.heatmap.is_some() && s.correspondence >= Some(CORRESPONDS));
        Self {
            ordinal: segment.source.ordinal,
            network_ordinal,
            source: segment.source.id.clone(),
            segment: segment.index,
            session: segment.source.session,
            start_ns: segment.start_ns(),
            end_ns: segment.end_ns(),
            wall_clock: segment.wall_clock().map(|time| time.to_string()),
            clock_source: segment.source.clock_source,
            frame_pts_ns: segment.frame.as_ref().map(|frame| frame.pts_ns),
            audio: segment.audio,
            video: segment.video,
            audio_dbfs: segment.audio_dbfs,
            dropped: segment.dropped,
            provenance,
            score,
            localizable,
        }
    }

    /// What orders rows within an epoch.
    pub fn key(&self) -> (u32, i64, u32) {
        (self.ordinal, self.segment, self.network_ordinal)
    }

    /// Where the sound most likely comes from, where the network tells.
    pub fn peak(&self) -> Option<Peak> {
        self.score.as_ref()?.heatmap.as_ref()?.peak()
    }

    /// The row as sinks write it, with what was asked for.
    pub fn json(&self, include: Include) -> impl Serialize + '_ {
        RowJson { row: self, include }
    }
}

struct RowJson<'a> {
    row: &'a Row,
    include: Include,
}

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = self.row;
        let score = row.score.as_ref();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &ROW_SCHEMA)?;
        map.serialize_entry("source", &row.source)?;
        map.serialize_entry("segment", &row.segment)?;
        map.serialize_entry("session", &row.session)?;
        map.serialize_entry("start_ns", &row.start_ns)?;
        map.serialize_entry("end_ns", &row.end_ns)?;
        map.serialize_entry("wall_clock", &row.wall_clock)?;
        map.serialize_entry("clock_source", &row.clock_source)?;
        map.serialize_entry("frame_pts_ns", &row.frame_pts_ns)?;
        map.serialize_entry("audio", &row.audio)?;
        map.serialize_entry("video", &row.video)?;
        map.serialize_entry("audio_dbfs", &row.audio_dbfs)?;
        map.serialize_entry("dropped", &row.dropped)?;
        map.serialize_entry("network", &row.provenance.network)?;
        map.serialize_entry("network_hash", &row.provenance.network_hash)?;
        map.serialize_entry("provider", &row.provenance.provider)?;
        map.serialize_entry("precision", &row.provenance.precision)?;
        map.serialize_entry("correspondence", &score.and_then(|s| s.correspondence))?;
        map.serialize_entry("distance", &score.and_then(|s| s.distance))?;
        map.serialize_entry("localizable", &row.localizable)?;
        map.serialize_entry("peak", &row.peak())?;
        if self.include.heatmap {
            let heatmap = score.and_then(|s| s.heatmap.as_ref());
            let rows = heatmap.map(|h| h.cells.chunks(h.columns.max(1)).collect::<Vec<_>>());
            map.serialize_entry("heatmap", &rows)?;
        }
        if self.include.embeddings {
            let frame = score.and_then(|s| s.frame_embedding.as_ref());
            let audio = score.and_then(|s| s.audio_embedding.as_ref());
            map.serialize_entry("frame_embedding", &frame)?;
            map.serialize_entry("audio_embedding", &audio)?;
        }
        map.end()
    }
}
