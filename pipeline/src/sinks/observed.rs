//! A row as it was written, as far as views look at it.

use std::io;

use sonoscope_operators::{
    ClockSource, SECOND_NS, SourceId, Status,
    views::{Embedding, Network, Observation, Place},
};

/// What sinks read again of a row. It becomes the same [`Observation`] as the row itself.
pub struct Observed {
    /// Whose second it is.
    pub source: SourceId,
    /// Who looked at it.
    pub network: Network,
    /// Which second.
    pub segment: i64,
    /// From its start to its end.
    pub length_ns: i64,
    /// Where its times come from.
    pub clock_source: ClockSource,
    /// How the sound fared.
    pub audio: Status,
    /// How the picture fared.
    pub video: Status,
    /// Level of the sound in dB below full scale.
    pub audio_dbfs: Option<f32>,
    /// Seconds right before it that were let go.
    pub dropped: u32,
    /// Probability that sound and picture belong together.
    pub correspondence: Option<f32>,
    /// Where the sound comes from, from the upper left, where that may be believed.
    pub peak: Option<[f32; 2]>,
    /// The picture in the network's space.
    pub frame_embedding: Option<Embedding>,
    /// The sound in the network's space.
    pub audio_embedding: Option<Embedding>,
}

impl From<Observed> for Observation {
    fn from(row: Observed) -> Self {
        let seconds = row.length_ns / SECOND_NS;
        Self {
            source: row.source,
            network: row.network,
            segment: row.segment,
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX).max(1),
            live: matches!(row.clock_source, ClockSource::RtcpSr | ClockSource::Host),
            audio: row.audio,
            video: row.video,
            audio_dbfs: row.audio_dbfs.map(Into::into),
            dropped: row.dropped,
            correspondence: row.correspondence.map(Into::into),
            place: row.peak.map(|[x, y]| Place {
                x: x.into(),
                y: y.into(),
            }),
            frame_embedding: row.frame_embedding,
            audio_embedding: row.audio_embedding,
        }
    }
}

/// What was written is not what it should be.
pub(super) fn invalid(problem: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
