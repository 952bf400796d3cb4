//! What views take in: of each row, what they look at.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Embedding, Real};
use crate::{ClockSource, Provenance, Row, SECOND_NS, SourceId, Status};

/// How much of a network's hash stands in the keys of answers.
const HASH_DIGITS: usize = 12;

/// A network as views know it: what is of one network never meets what is of another, and the same
/// name with other files is another network. Copies share the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Network(Arc<Named>);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Named {
    name: String,
    hash: String,
}

impl Network {
    /// A network by its name and the hash of its files.
    pub fn new(name: &str, hash: &str) -> Self {
        let (name, hash) = (name.into(), hash.into());
        Self(Arc::new(Named { name, hash }))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// SHA-256 over the hashes of its files.
    pub fn hash(&self) -> &str {
        &self.0.hash
    }
}

impl From<&Provenance> for Network {
    fn from(provenance: &Provenance) -> Self {
        Self::new(&provenance.network, &provenance.network_hash)
    }
}

impl fmt::Display for Network {
    /// Its name and the beginning of its hash: `ave-small@0f1e2d3c4b5a`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = self.hash();
        let short = hash.get(..HASH_DIGITS).unwrap_or(hash);
        write!(f, "{}@{short}", self.name())
    }
}

/// A place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// From the left edge, 0..1.
    pub x: Real,
    /// From the top edge, 0..1.
    pub y: Real,
}

/// One second of one source as one network sees it: what views look at of a [`Row`].
///
/// Of each second of a source there is at most one at a time and network; a correction withdraws
/// the old one and brings the new one at the same time. Where there are several all the same, the
/// greatest in the order of what a view looks at counts, however they came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Observation {
    /// Whose second this is.
    pub source: SourceId,
    /// Who looked at it.
    pub network: Network,
    /// Which second: since the start of a recording, of a live source since 1970 (UTC).
    pub segment: i64,
    /// How many seconds it stands for: one, but for a long outage of a live source.
    pub seconds: u32,
    /// Whether the source is live, so that its seconds are those of the clock on the wall.
    pub live: bool,
    /// How the sound fared.
    pub audio: Status,
    /// How the picture fared.
    pub video: Status,
    /// Level of the sound in dB below full scale.
    pub audio_dbfs: Option<Real>,
    /// Seconds right before it that were let go.
    pub dropped: u32,
    /// Probability that sound and picture belong together, 0..1.
    pub correspondence: Option<Real>,
    /// Where the sound comes from, where that may be believed.
    pub place: Option<Place>,
    /// The picture in the network's space.
    pub frame_embedding: Option<Embedding>,
    /// The sound in the network's space.
    pub audio_embedding: Option<Embedding>,
}

impl Observation {
    /// Whether there is something to hear.
    pub fn sounding(&self) -> bool {
        self.audio.usable() && self.audio != Status::Silent
    }

    /// The probability that what is heard belongs to what is seen; none of a silent second, of
    /// which a network can say nothing.
    pub fn heard_correspondence(&self) -> Option<Real> {
        self.correspondence.filter(|_| self.sounding())
    }
}

impl From<&Row> for Observation {
    fn from(row: &Row) -> Self {
        let score = row.score.as_ref();
        let embedding =
            |values: Option<&Vec<f32>>| values.map(|values| Embedding::from(&values[..]));
        let place = row.peak().filter(|_| row.localizable);
        let seconds = (row.end_ns - row.start_ns) / SECOND_NS;
        Self {
            source: row.source.clone(),
            network: Network::from(&*row.provenance),
            segment: row.segment,
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX).max(1),
            live: matches!(row.clock_source, ClockSource::RtcpSr | ClockSource::Host),
            audio: row.audio,
            video: row.video,
            audio_dbfs: row.audio_dbfs.map(Real::from),
            dropped: row.dropped,
            correspondence: score.and_then(|score| score.correspondence).map(Real::from),
            place: place.map(|peak| Place {
                x: peak.x.into(),
                y: peak.y.into(),
            }),
            frame_embedding: embedding(score.and_then(|score| score.frame_embedding.as_ref())),
            audio_embedding: embedding(score.and_then(|score| score.audio_embedding.as_ref())),
        }
    }
}
