//! One thread's networks.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    time::Instant,
};

use sonoscope_models::{Features as Seen, Network, NetworkError, OutputContract, Runtime};
use sonoscope_operators::{Features, Heatmap, Inputs, Preparation, Provenance, Score, WindowMaker};

use super::{InferJob, Member, Scored, openings::Opening, relay::Relay, stills::Stills};
use crate::{metrics::Metrics, sources::Stop};

/// The networks of a thread, and what it shares with the others.
pub(super) struct Engine {
    networks: Vec<Relay<Network>>,
    said_by: Arc<[Arc<Provenance>]>,
    inputs: Vec<Inputs>,
    windows: Vec<WindowMaker>,
    metrics: Option<Metrics>,
    stills: Stills,
}

/// What a network is given of some segments.
#[derive(Default)]
struct Given<'a> {
    /// Places of the segments in their batch.
    places: Vec<usize>,
    pictures: Vec<Cow<'a, [f32]>>,
    pixels: Vec<&'a [u8]>,
    sounds: Vec<Cow<'a, [f32]>>,
    /// What is known of a picture that has not changed.
    known: Vec<Option<Seen>>,
}

impl Engine {
    pub(super) fn open(
        runtime: &Runtime,
        members: &[Member],
        openings: Vec<Opening>,
        metrics: Option<Metrics>,
        stills: Stills,
    ) -> Result<Self, NetworkError> {
        let mut networks = Vec::with_capacity(members.len());
        for (member, opening) in members.iter().zip(openings) {
            let network = Network::with_setting(runtime, &member.files, &opening.setting)?;
            tell_strays(&network);
            networks.push(Relay::new(network, opening.successor));
        }
        let contracts = members.iter().map(|member| member.files.contract());
        let preparation = Preparation::new(contracts);
        let windows = (preparation.windows.iter())
            .map(|window| WindowMaker::new(window).expect("Graph::check was asked before"));
        Ok(Self {
            windows: windows.collect(),
            inputs: preparation.networks,
            said_by: said_by(&mut networks),
            networks,
            metrics,
            stills,
        })
    }

    pub(super) fn serve(
        mut self,
        queue: &Mutex<mpsc::Receiver<InferJob>>,
        failure: &OnceLock<NetworkError>,
        stop: &Stop,
    ) {
        loop {
            let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = job else {
                return;
            };
            self.change_over();
            job.run(|batch| {
                if let Some(metrics) = &self.metrics {
                    metrics.batch(batch.len());
                }
                let length = batch.len();
                let none = || (0..length).map(|_| None).collect();
                if failure.get().is_some() {
                    return none();
                }
                match self.score(batch) {
                    Ok(scored) => scored.into_iter().map(Some).collect(),
                    Err(error) => {
                        let _ = failure.set(error);
                        stop.raise();
                        none()
                    }
                }
            });
        }
    }

    /// Between two batches: whoever is ready takes over.
    fn change_over(&mut self) {
        let mut has_changed = false;
        for network in &mut self.networks {
            if network.change_over() {
                has_changed = true;
                tell_strays(network.now());
            }
        }
        if has_changed {
            self.said_by = said_by(&mut self.networks);
        }
    }

    /// What all networks say of a batch.
    pub(super) fn score(&mut self, batch: Vec<Features>) -> Result<Vec<Scored>, NetworkError> {
        let mut scores: Vec<Vec<Option<Score>>> = batch.iter().map(|_| Vec::new()).collect();
        for ordinal in 0..self.networks.len() {
            let said = self.ask(ordinal, &batch)?;
            for (scores, said) in scores.iter_mut().zip(said) {
                scores.push(said);
            }
        }
        Ok((batch.into_iter().zip(scores))
            .map(|(features, scores)| Scored {
                segment: features.segment,
                scores,
                said_by: Some(self.said_by.clone()),
            })
            .collect())
    }

    /// What one network says of the segments of a batch; nothing of those of which it is not asked.
    fn ask(
        &mut self,
        ordinal: usize,
        batch: &[Features],
    ) -> Result<Vec<Option<Score>>, NetworkError> {
        let mut answers: Vec<Option<Score>> = batch.iter().map(|_| None).collect();
        let given = self.given(ordinal, batch);
        if given.places.is_empty() {
            return Ok(answers);
        }
        let begun = Instant::now();
        let network = self.networks[ordinal].now();
        let seen = look(network, &given)?;
        for (place, picture) in given.places.iter().zip(seen.items()) {
            let picture = Seen::new(seen.item_shape().to_vec(), picture.to_vec());
            self.stills
                .remember(&batch[*place].segment, ordinal, picture);
        }
        let sounds = joined(given.sounds.iter().map(|sound| &**sound));
        let heard = network.audio_features(&sounds, given.places.len())?;
        let said = compare(network, &seen, &heard)?;
        if let Some(metrics) = &self.metrics {
            let each = begun.elapsed() / u32::try_from(given.places.len()).unwrap_or(u32::MAX);
            for _ in &given.places {
                metrics.inferred(&network.contract().network, each);
            }
        }
        for (place, score) in given.places.iter().zip(said) {
            answers[*place] = Some(score);
        }
        Ok(answers)
    }

    /// Gathers what a network is given of those segments that have all that it looks at.
    fn given<'a>(&mut self, ordinal: usize, batch: &'a [Features]) -> Given<'a> {
        let wants_bytes = self.networks[ordinal].now().wants_bytes();
        let mut given = Given::default();
        for (place, features) in batch.iter().enumerate() {
            let segment = &features.segment;
            if !segment.source.wishes.wants(ordinal) {
                continue;
            }
            match self.inputs[ordinal] {
                Inputs::Second { frame, sound } if wants_bytes => {
                    let Some((pixels, sound)) = features.pair_of_bytes(frame, sound) else {
                        continue;
                    };
                    given.pixels.push(pixels);
                    given.sounds.push(sound.into());
                    given.known.push(self.stills.known(segment, ordinal));
                }
                Inputs::Second { frame, sound } => {
                    let Some((picture, sound)) = features.pair(frame, sound) else {
                        continue;
                    };
                    given.pictures.push(picture.into());
                    given.sounds.push(sound.into());
                    given.known.push(self.stills.known(segment, ordinal));
                }
                Inputs::Window(window) => {
                    let Some(pictures) = segment.window.as_deref() else {
                        continue;
                    };
                    let (pictures, waveform) = self.windows[window].make(pictures);
                    given.pictures.push(pictures.to_vec().into());
                    given.sounds.push(waveform.to_vec().into());
                    given.known.push(None);
                }
            }
            given.places.push(place);
        }
        given
    }
}

/// The features of all pictures, in their order; what is known is not looked at.
fn look(network: &mut Network, given: &Given<'_>) -> Result<Seen, NetworkError> {
    let is_new = |place: &usize| given.known[*place].is_none();
    let new: Vec<usize> = (0..given.known.len()).filter(is_new).collect();
    let looked = match given.pixels.is_empty() {
        true => {
            let pictures = joined(new.iter().map(|place| &*given.pictures[*place]));
            network.frame_features(&pictures, new.len())?
        }
        false => {
            let pixels = joined(new.iter().map(|place| given.pixels[*place]));
            network.frame_features_of_bytes(&pixels, new.len())?
        }
    };
    if new.len() == given.known.len() {
        return Ok(looked);
    }
    let mut fresh = looked.items();
    let items = given.known.iter().map(|known| match known {
        Some(known) => known.values(),
        None => fresh.next().unwrap_or_default(),
    });
    let values = joined(items).into_owned();
    Ok(Seen::new(looked.item_shape().to_vec(), values))
}

/// What a network says of pictures and sounds of which its towers made these.
fn compare(network: &mut Network, seen: &Seen, heard: &Seen) -> Result<Vec<Score>, NetworkError> {
    let outputs: OutputContract = network.contract().outputs.clone();
    let embedding = |values: &[f32]| outputs.embedding.map(|_| values.to_vec());
    let embeddings = seen.items().zip(heard.items()).map(|(seen, heard)| Score {
        frame_embedding: embedding(seen),
        audio_embedding: embedding(heard),
        ..Score::default()
    });
    if !outputs.compares() {
        return Ok(embeddings.collect());
    }
    let scores = network.score(seen, heard)?;
    Ok((embeddings.zip(scores))
        .map(|(embeddings, score)| Score {
            correspondence: Some(score.correspondence),
            distance: score.distance,
            heatmap: (score.heatmap.zip(outputs.heatmap))
                .map(|(cells, [_, columns])| Heatmap { columns, cells }),
            ..embeddings
        })
        .collect())
}

/// Slices one after the other; one alone is not copied.
fn joined<'a, T: Clone>(parts: impl Iterator<Item = &'a [T]>) -> Cow<'a, [T]> {
    let parts: Vec<&[T]> = parts.collect();
    match parts[..] {
        [one] => one.into(),
        _ => parts.concat().into(),
    }
}

/// Who speaks now, as rows say it.
fn said_by(networks: &mut [Relay<Network>]) -> Arc<[Arc<Provenance>]> {
    let provenances = networks.iter_mut().map(|network| {
        let network = network.now();
        Arc::new(Provenance {
            network: network.contract().network.clone(),
            network_hash: network.hash().to_owned(),
            provider: network.provider().to_string(),
            precision: network.precision().to_string(),
        })
    });
    provenances.collect()
}

/// Says of a network on a card which of its nodes ran on the processor.
fn tell_strays(network: &Network) {
    for (part, placement) in network.strays() {
        let name = &network.contract().network;
        let provider = network.provider();
        tracing::warn!("{name} on {provider}, {part}: {placement}");
    }
}

#[cfg(test)]
mod tests;
