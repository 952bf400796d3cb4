//! The networks of one thread: what they see, hear and say.

use std::sync::Arc;

use sonoscope_models::{Features, Network, NetworkError, Runtime};
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

/// One thread's networks, and the tables that make their tensors.
pub struct Engine {
    networks: Vec<Network>,
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
        let preparation = Preparation::new(networks.iter().map(Network::contract));
        let maker = FeatureMaker::new(&preparation).map_err(Fault::environment)?;
        let windows = (preparation.windows.iter())
            .map(WindowMaker::new)
            .collect::<Result<_, _>>()
            .map_err(Fault::environment)?;
        Ok(Self {
            networks,
            preparation,
            maker,
            windows,
        })
    }

    /// What each network makes of a second that has both picture and sound; nothing of one that
    /// had not all that it looks at.
    ///
    /// # Errors
    /// When a network fails.
    pub fn look(&mut self, segment: Segment) -> Result<Vec<Option<View>>, NetworkError> {
        let window = segment.window.clone();
        let made = self.maker.make(segment);
        let places = self.preparation.networks.iter();
        (self.networks.iter_mut().zip(places))
            .map(|(network, place)| match *place {
                Inputs::Second { frame, sound } => {
                    view(network, &made.frames[frame], &made.spectrograms[sound]).map(Some)
                }
                Inputs::Window(place) => (window.as_deref())
                    .map(|window| {
                        let (pictures, waveform) = self.windows[place].make(window);
                        view(network, pictures, waveform)
                    })
                    .transpose(),
            })
            .collect()
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

/// What a network makes of these tensors.
fn view(network: &mut Network, seen: &[f32], heard: &[f32]) -> Result<View, NetworkError> {
    let frame = network.frame_features(seen, 1)?;
    let audio = network.audio_features(heard, 1)?;
    let score = network.score(&frame, &audio)?.swap_remove(0);
    let columns = (network.contract().outputs.heatmap).map(|[_, columns]| columns);
    Ok(View {
        correspondence: score.correspondence,
        heatmap: (score.heatmap.zip(columns)).map(|(cells, columns)| Heatmap { columns, cells }),
        features: Some(Pair {
            frame: Arc::new(frame),
            audio: Arc::new(audio),
        }),
    })
}

/// Single items as a batch; nothing of no items.
fn join(items: &[&Features]) -> Option<Features> {
    let values: Vec<&[f32]> = items.iter().map(|item| item.values()).collect();
    let shape = items.first()?.item_shape().to_vec();
    Some(Features::new(shape, values.concat()))
}
