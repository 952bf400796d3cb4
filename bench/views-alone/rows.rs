//! Rows of sources that sound and fall silent.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use sonoscope_operators::{
    SourceId, Status,
    views::{Embedding, Network, Observation, Place},
};

/// Numbers in an embedding, as AVE-Net has.
const NUMBERS: usize = 128;

/// Embeddings that rows take turns with.
const EMBEDDINGS: usize = 4096;

/// Makes rows.
#[derive(Clone)]
pub struct Rows {
    network: Network,
    sources: Vec<SourceId>,
    embeddings: Vec<Embedding>,
}

impl Rows {
    /// With seeded embeddings.
    pub fn new() -> Self {
        let mut dice = StdRng::seed_from_u64(1);
        let embedding = |_| {
            let values: Vec<f32> = (0..NUMBERS).map(|_| dice.random_range(-1.0..1.0)).collect();
            let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
            let values: Vec<f32> = values.iter().map(|value| value / length).collect();
            Embedding::from(&values[..])
        };
        Self {
            network: Network::new("ave-small", &"0123456789abcdef".repeat(4)),
            sources: (0..crate::SOURCES)
                .map(|k| SourceId::slug(&format!("cam-{k}")))
                .collect(),
            embeddings: (0..EMBEDDINGS).map(embedding).collect(),
        }
    }

    /// The network of all rows.
    pub fn network(&self) -> Network {
        self.network.clone()
    }

    /// One of the embeddings.
    pub fn embedding(&self, number: usize) -> Embedding {
        self.embeddings[number % EMBEDDINGS].clone()
    }

    /// A second of a source: for half a minute sound and picture belong together, then they do not.
    pub fn row(&self, source: usize, second: usize) -> Observation {
        let dice = (source * 7919 + second * 104_729) % 1000;
        let likely = if (second / 30 + source).is_multiple_of(2) {
            0.6
        } else {
            0.1
        };
        let place = Place {
            x: (dice as f32 / 1000.0).into(),
            y: (second as f32 % 14.0 / 14.0).into(),
        };
        Observation {
            source: self.sources[source].clone(),
            network: self.network.clone(),
            segment: second as i64,
            seconds: 1,
            live: true,
            audio: if dice < 50 {
                Status::Silent
            } else {
                Status::Present
            },
            video: Status::Present,
            audio_dbfs: Some((-60.0 + dice as f32 / 20.0).into()),
            dropped: 0,
            correspondence: Some((likely + dice as f32 / 2500.0).into()),
            place: Some(place),
            // As from the network itself: no two rows share memory.
            frame_embedding: Some(self.embedding(source * 31 + second).values().into()),
            audio_embedding: Some(self.embedding(source * 31 + second + 1).values().into()),
        }
    }
}
