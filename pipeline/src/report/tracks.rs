//! Lines gathered: what is known of each second of each source.

use std::collections::BTreeMap;

use sonoscope_operators::Status;

use super::line::{Line, Network};

/// All seconds of all sources.
#[derive(Debug, Default)]
pub struct Tracks {
    /// The networks, in the order in which they were met.
    pub networks: Vec<Network>,
    /// The sources, by id.
    pub sources: BTreeMap<String, Track>,
}

/// The seconds of one source.
#[derive(Debug, Default)]
pub struct Track {
    /// What is known of each.
    pub seconds: BTreeMap<i64, Second>,
    /// RFC 3339 time of the first of them, where it is known.
    pub began: Option<String>,
}

/// What is known of a second.
#[derive(Clone, Debug)]
pub struct Second {
    /// How the sound fared.
    pub audio: Status,
    /// How the picture fared.
    pub video: Status,
    /// Level of the sound, in dB below full scale.
    pub audio_dbfs: Option<f32>,
    /// What the networks say, by their place; nothing of those that say nothing.
    pub scores: Vec<Option<f32>>,
}

impl Tracks {
    /// Takes a line in. A later line of the same second and network counts instead of an earlier
    /// one. Gives the place of its network.
    pub fn add(&mut self, line: &Line) -> usize {
        let known = self.networks.iter().position(|n| *n == line.network);
        let network = known.unwrap_or_else(|| {
            self.networks.push(line.network.clone());
            self.networks.len() - 1
        });
        if !self.sources.contains_key(&line.source) {
            self.sources.insert(line.source.clone(), Track::default());
        }
        if let Some(track) = self.sources.get_mut(&line.source) {
            track.add(line, network);
        }
        network
    }

    /// Puts networks in another order: the places that they had.
    pub fn reorder(&mut self, order: &[usize]) {
        self.networks = (order.iter())
            .map(|place| self.networks[*place].clone())
            .collect();
        for second in self
            .sources
            .values_mut()
            .flat_map(|track| track.seconds.values_mut())
        {
            let said = |place: &usize| second.scores.get(*place).copied().flatten();
            second.scores = order.iter().map(said).collect();
        }
    }
}

impl Track {
    fn add(&mut self, line: &Line, network: usize) {
        let is_first = (self.seconds.first_key_value()).is_none_or(|(at, _)| line.segment <= *at);
        if is_first {
            self.began.clone_from(&line.wall_clock);
        }
        let second = self.seconds.entry(line.segment).or_insert_with(|| Second {
            audio: line.audio,
            video: line.video,
            audio_dbfs: None,
            scores: Vec::new(),
        });
        (second.audio, second.video) = (line.audio, line.video);
        second.audio_dbfs = line.audio_dbfs;
        if second.scores.len() <= network {
            second.scores.resize(network + 1, None);
        }
        second.scores[network] = line.correspondence;
    }
}

impl Second {
    /// Whether there is sound to speak of.
    pub fn is_heard(&self) -> bool {
        self.audio.usable() && self.audio != Status::Silent
    }

    /// What a network says, where there is sound to speak of.
    pub fn score(&self, network: usize) -> Option<f32> {
        let said = self.scores.get(network).copied().flatten();
        said.filter(|_| self.is_heard())
    }
}
