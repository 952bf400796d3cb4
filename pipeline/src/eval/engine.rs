//! The networks of one thread: what they see, hear and say.

use std::sync::Arc;

use sonoscope_models::{Features, Network, NetworkError, Provider, Runtime, Score};
use sonoscope_operators::{FeatureMaker, Heatmap, Inputs, Preparation, Segment, WindowMaker};

use crate::{fault::Fault, pool::Member};

/// What one network made of one second.
#[derive(Clone, Debug)]
pub struct View {
    /// Whether sound and picture belong together.
    pub correspondence: f32,
    /// Where the sound comes from, where the network tells.
    pub heatmap: Option<Heatmap>,
    /// What its towers gave, while it is kept.
    pub features: Option<Pair>,
}

/// The features of one second, one item each.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Of the picture.
    pub frame: Arc<Features>,
    /// Of the sound.
    pub audio: Arc<Features>,
}

impl Pair {
    /// Both as vectors of one space, from networks whose towers give such: embeddings, or pooled
    /// features of equal length.
    pub fn vectors(&self) -> Option<[&[f32]; 2]> {
        let is_vector = |features: &Features| features.item_shape().len() == 1;
        let same = self.frame.item_shape() == self.audio.item_shape();
        (same && is_vector(&self.frame)).then(|| [self.frame.values(), self.audio.values()])
    }
}

/// Seconds about which a card is asked at once: a few megabytes of tensors.
const CARD_BATCH: usize = 32;

/// What the networks see and hear of a second about which they have yet to be asked.
pub struct Prepared {
    /// In the order of [`Preparation::frames`].
    frames: Vec<Arc<[f32]>>,
    /// In the order of [`Preparation::sounds`].
    sounds: Vec<Arc<[f32]>>,
    /// What networks of windows have said already; in the places of the others, nothing.
    views: Vec<Option<View>>,
}

/// One thread's networks, and the tables that make their tensors.
pub struct Engine {
    networks: Vec<Network>,
    batch: usize,
    preparation: Preparation,
    maker: FeatureMaker,
    windows: Vec<WindowMaker>,
}

impl Engine {
    /// Opens the networks for the thread of this number.
    ///
    /// # Errors
    /// What keeps one of them from being opened.
    pub fn open(runtime: &Runtime, members: &[Member], thread: usize) -> Result<Self, Fault> {
        let networks = (members.iter())
            .map(|member| {
                let provider = member.provider_of(thread);
                Network::from_files(runtime, &member.files, provider, 1)
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(Fault::environment)?;
        let is_on_card = |network: &Network| network.provider() != Provider::Cpu;
        let batch = match networks.iter().any(is_on_card) {
            true => CARD_BATCH,
            false => 1,
        };
        let preparation = Preparation::new(networks.iter().map(Network::contract));
        let maker = FeatureMaker::new(&preparation).map_err(Fault::environment)?;
        let windows = (preparation.windows.iter())
            .map(WindowMaker::new)
            .collect::<Result<_, _>>()
            .map_err(Fault::environment)?;
        Ok(Self {
            networks,
            batch,
            preparation,
            maker,
            windows,
        })
    }

    /// The same, asked about so many seconds at once.
    #[cfg(test)]
    pub fn in_batches_of(self, batch: usize) -> Self {
        Self { batch, ..self }
    }

    /// About how many seconds at once [`look`](Self::look) is best asked.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Makes the tensors of a second that has both picture and sound, and lets go of these: whoever
    /// waits for others to ask about holds up no source. Windows, whose tensors are large, are
    /// looked at now; of one that had not all that it looks at, nothing is said.
    ///
    /// # Errors
    /// When a network fails.
    pub fn prepare(&mut self, segment: Segment) -> Result<Prepared, NetworkError> {
        let window = segment.window.clone();
        let made = self.maker.make(segment);
        let places = self.preparation.networks.iter();
        let views = (self.networks.iter_mut().zip(places))
            .map(|(network, place)| match (place, window.as_deref()) {
                (Inputs::Window(place), Some(window)) => {
                    let (pictures, waveform) = self.windows[*place].make(window);
                    Ok(views(network, pictures, waveform, 1)?.pop())
                }
                _ => Ok(None),
            })
            .collect::<Result<_, NetworkError>>()?;
        Ok(Prepared {
            frames: made.frames,
            sounds: made.spectrograms,
            views,
        })
    }

    /// What each network makes of these seconds.
    ///
    /// # Errors
    /// When a network fails.
    pub fn look(&mut self, seconds: Vec<Prepared>) -> Result<Vec<Vec<Option<View>>>, NetworkError> {
        let places = self.preparation.networks.iter();
        let mut said: Vec<Vec<View>> = Vec::with_capacity(self.networks.len());
        for (network, place) in self.networks.iter_mut().zip(places) {
            said.push(match *place {
                Inputs::Second { frame, sound } => {
                    let seen: Vec<&[f32]> = seconds.iter().map(|s| &*s.frames[frame]).collect();
                    let heard: Vec<&[f32]> = seconds.iter().map(|s| &*s.sounds[sound]).collect();
                    views(network, &seen.concat(), &heard.concat(), seconds.len())?
                }
                Inputs::Window(_) => Vec::new(),
            });
        }
        let mut said: Vec<_> = said.into_iter().map(Vec::into_iter).collect();
        let all = seconds.into_iter().map(|second| {
            let own = second.views.into_iter().zip(&mut said);
            own.map(|(view, said)| view.or_else(|| said.next()))
                .collect()
        });
        Ok(all.collect())
    }

    /// What a network says of pictures, each with the sound beside it.
    ///
    /// # Errors
    /// When it fails.
    pub fn score(
        &mut self,
        network: usize,
        pairs: &[(&Features, &Features)],
    ) -> Result<Vec<f32>, NetworkError> {
        let (frames, sounds): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
        let (Some(frames), Some(sounds)) = (join(&frames), join(&sounds)) else {
            return Ok(Vec::new());
        };
        let scores = self.networks[network].score(&frames, &sounds)?;
        Ok(scores.iter().map(|score| score.correspondence).collect())
    }
}

/// What a network makes of so many pairs of tensors, which lie one after the other.
fn views(
    network: &mut Network,
    seen: &[f32],
    heard: &[f32],
    items: usize,
) -> Result<Vec<View>, NetworkError> {
    let frames = network.frame_features(seen, items)?;
    let sounds = network.audio_features(heard, items)?;
    let scores = network.score(&frames, &sounds)?;
    let columns = (network.contract().outputs.heatmap).map(|[_, columns]| columns);
    let alone = |all: &Features, item| {
        let shape = all.item_shape().to_vec();
        Arc::new(Features::new(shape, all.item(item).to_vec()))
    };
    let view = |(item, score): (usize, Score)| View {
        correspondence: score.correspondence,
        heatmap: (score.heatmap.zip(columns)).map(|(cells, columns)| Heatmap { columns, cells }),
        features: Some(Pair {
            frame: alone(&frames, item),
            audio: alone(&sounds, item),
        }),
    };
    Ok(scores.into_iter().enumerate().map(view).collect())
}

/// Single items as a batch; nothing of no items.
fn join(items: &[&Features]) -> Option<Features> {
    let values: Vec<&[f32]> = items.iter().map(|item| item.values()).collect();
    let shape = items.first()?.item_shape().to_vec();
    Some(Features::new(shape, values.concat()))
}
