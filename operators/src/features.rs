//! Segments to the tensors that networks want.

use std::sync::Arc;

use sonoscope_models::{AudioContract, Contract, FrameContract, MelContract, SpectrogramContract};
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{StreamVec, channels::pact::Pipeline, operators::generic::Operator},
    progress::Timestamp,
};

use crate::{
    ClipTensor, FrameTensor, GridSpec, MelSpectrogram, ResampleError, Segment, Spectrogram,
    SpectrogramError, Waveform, Window,
};

/// A segment and what networks see and hear of it.
#[derive(Clone, Debug)]
pub struct Features {
    /// The segment itself.
    pub segment: Segment,
    /// `[3, height, width]` for each of [`Preparation::frames`]; empty without a picture, and where
    /// pictures are wanted as bytes.
    pub frames: Vec<Arc<[f32]>>,
    /// `[height, width, 3]` in their place, where pictures are wanted as bytes.
    pub pixels: Vec<Arc<[u8]>>,
    /// `[bins, frames]` for each of [`Preparation::sounds`]; empty without sound.
    pub spectrograms: Vec<Arc<[f32]>>,
}

impl Features {
    /// The tensors of a picture and a sound by their places in the preparation, if the segment
    /// has both.
    pub fn pair(&self, frame: usize, sound: usize) -> Option<(&[f32], &[f32])> {
        Some((self.frames.get(frame)?, self.spectrograms.get(sound)?))
    }

    /// The same with the picture as bytes.
    pub fn pair_of_bytes(&self, frame: usize, sound: usize) -> Option<(&[u8], &[f32])> {
        Some((self.pixels.get(frame)?, self.spectrograms.get(sound)?))
    }
}

/// What must be prepared so that every network of a run has its tensors: networks whose
/// contracts agree share them.
#[derive(Clone, Debug, Default)]
pub struct Preparation {
    /// The different ways in which the networks want pictures.
    pub frames: Vec<FrameContract>,
    /// The different ways in which they want sound.
    pub sounds: Vec<SoundContract>,
    /// The different ways in which they want windows. These become tensors late, by a
    /// [`WindowMaker`], since a tensor is many times as large as its pictures.
    pub windows: Vec<WindowContract>,
    /// What each network is given.
    pub networks: Vec<Inputs>,
    /// Whether pictures of seconds are left bytes, to be normalised where the networks run.
    pub in_bytes: bool,
}

/// What a network looks at and listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    /// One second: its place in [`Preparation::frames`], and that in [`Preparation::sounds`].
    Second {
        /// Place of the picture.
        frame: usize,
        /// Place of the spectrogram.
        sound: usize,
    },
    /// A window: its place in [`Preparation::windows`].
    Window(usize),
}

/// How a network wants a second of sound.
#[derive(Clone, Debug, PartialEq)]
pub enum SoundContract {
    /// As a spectrogram.
    Spectrogram(AudioContract, SpectrogramContract),
    /// As one in bands of pitch.
    Mel(AudioContract, MelContract),
}

/// How a network wants its windows.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowContract {
    /// Its pictures, with a clip.
    pub frame: FrameContract,
    /// Its waveform.
    pub audio: AudioContract,
}

impl Preparation {
    /// What the networks of these contracts want, in their order.
    pub fn new<'a>(contracts: impl IntoIterator<Item = &'a Contract>) -> Self {
        let mut this = Self::default();
        for contract in contracts {
            let inputs = this.inputs(contract);
            this.networks.push(inputs);
        }
        this
    }

    /// A contract has a spectrogram or a clip: it would not have been read otherwise.
    fn inputs(&mut self, contract: &Contract) -> Inputs {
        let (frame, audio) = (contract.frame.clone(), contract.audio.clone());
        let sound = match (contract.spectrogram.clone(), contract.mel.clone()) {
            (Some(spectrogram), _) => SoundContract::Spectrogram(audio, spectrogram),
            (None, Some(mel)) => SoundContract::Mel(audio, mel),
            (None, None) => {
                let window = WindowContract { frame, audio };
                return Inputs::Window(place(&mut self.windows, window));
            }
        };
        Inputs::Second {
            frame: place(&mut self.frames, frame),
            sound: place(&mut self.sounds, sound),
        }
    }

    /// The different grids of pictures that are wanted of every second.
    pub fn grids(&self) -> Vec<GridSpec> {
        let mut grids = Vec::new();
        for window in &self.windows {
            if let Some(grid) = GridSpec::of(&window.frame) {
                place(&mut grids, grid);
            }
        }
        grids
    }
}

/// The place of an item in a list, where it is put if it is not there.
fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter()
        .position(|known| *known == item)
        .unwrap_or_else(|| {
            list.push(item);
            list.len() - 1
        })
}

/// Computes the tensors of one segment after another, keeping its tables and buffers.
pub struct FeatureMaker {
    frames: Vec<FrameTensor>,
    sounds: Vec<SoundMaker>,
    in_bytes: bool,
}

/// Makes a tensor of a second of sound.
enum SoundMaker {
    Spectrogram(Spectrogram, usize),
    Mel(MelSpectrogram, usize),
}

impl SoundMaker {
    fn new(contract: &SoundContract) -> Result<Self, SpectrogramError> {
        Ok(match contract {
            SoundContract::Spectrogram(audio, contract) => {
                let size = contract.bins * contract.frames;
                Self::Spectrogram(Spectrogram::new(audio, contract)?, size)
            }
            SoundContract::Mel(audio, contract) => {
                let size = contract.bins * contract.frames;
                Self::Mel(MelSpectrogram::new(audio, contract)?, size)
            }
        })
    }

    fn make(&mut self, samples: &[f32]) -> Arc<[f32]> {
        match self {
            Self::Spectrogram(maker, size) => filled(*size, |out| maker.compute(samples, out)),
            Self::Mel(maker, size) => filled(*size, |out| maker.compute(samples, out)),
        }
    }
}

impl FeatureMaker {
    /// Tables for all that a preparation lists.
    ///
    /// # Errors
    /// A contract that asks for a spectrogram that cannot be made.
    pub fn new(preparation: &Preparation) -> Result<Self, SpectrogramError> {
        let sounds = preparation.sounds.iter().map(SoundMaker::new);
        Ok(Self {
            frames: preparation.frames.iter().map(FrameTensor::new).collect(),
            sounds: sounds.collect::<Result<_, _>>()?,
            in_bytes: preparation.in_bytes,
        })
    }

    /// The tensors of a segment.
    pub fn make(&mut self, segment: Segment) -> Features {
        let (mut frames, mut pixels) = (Vec::new(), Vec::new());
        if let Some(frame) = &segment.frame {
            for maker in &mut self.frames {
                match self.in_bytes {
                    true => pixels.push(Arc::from(maker.resize(&frame.picture))),
                    false => frames.push(filled(maker.len(), |out| {
                        maker.compute(&frame.picture, out)
                    })),
                }
            }
        }
        let spectrograms = match &segment.samples {
            Some(samples) => (self.sounds.iter_mut())
                .map(|maker| maker.make(samples))
                .collect(),
            None => Vec::new(),
        };
        Features {
            segment,
            frames,
            pixels,
            spectrograms,
        }
    }
}

/// Computes the tensors of one window after another, in buffers of its own.
#[derive(Clone)]
pub struct WindowMaker {
    clip: ClipTensor,
    waveform: Waveform,
    pictures: Vec<f32>,
    sound: Vec<f32>,
}

impl WindowMaker {
    /// Tables and buffers for a contract.
    ///
    /// # Errors
    /// If it asks for a rate that sound cannot be brought to.
    ///
    /// # Panics
    /// If it has no clip, or one that does not fit into five seconds, or a waveform that does not.
    pub fn new(contract: &WindowContract) -> Result<Self, ResampleError> {
        let clip = ClipTensor::new(&contract.frame);
        let waveform = Waveform::new(&contract.audio)?;
        Ok(Self {
            pictures: vec![0.0; clip.len()],
            sound: vec![0.0; waveform.len()],
            clip,
            waveform,
        })
    }

    /// The tensors of a window, `[3, frames, height, width]` and `[1, window_samples]`.
    pub fn make(&mut self, window: &Window) -> (&[f32], &[f32]) {
        self.clip.compute(window, &mut self.pictures);
        self.waveform.compute(window, &mut self.sound);
        (&self.pictures, &self.sound)
    }
}

fn filled(size: usize, fill: impl FnOnce(&mut [f32])) -> Arc<[f32]> {
    let mut tensor = vec![0.0; size];
    fill(&mut tensor);
    tensor.into()
}

/// Segments to their features, one by one, in order. Holds no capability.
pub fn features<'scope, T: Timestamp>(
    segments: StreamVec<'scope, T, Segment>,
    mut maker: FeatureMaker,
) -> StreamVec<'scope, T, Features> {
    segments.unary::<CapacityContainerBuilder<Vec<Features>>, _, _, _>(
        Pipeline,
        "Features",
        move |_, _| {
            move |input, output| {
                input.for_each_stamp(|stamp, batches| {
                    let segments = batches.flat_map(|batch| batch.drain(..));
                    output
                        .session(&stamp)
                        .give_iterator(segments.map(|segment| maker.make(segment)));
                });
            }
        },
    )
}
