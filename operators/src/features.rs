//! Segments to the tensors that networks want.

use std::sync::Arc;

use sonoscope_models::{AudioContract, Contract, FrameContract, SpectrogramContract};
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{StreamVec, channels::pact::Pipeline, operators::generic::Operator},
    progress::Timestamp,
};

use crate::{FrameTensor, Segment, Spectrogram, SpectrogramError};

/// A segment and what networks see and hear of it.
#[derive(Clone, Debug)]
pub struct Features {
    /// The segment itself.
    pub segment: Segment,
    /// `[3, height, width]` for each of [`Preparation::frames`]; empty without a picture.
    pub frames: Vec<Arc<[f32]>>,
    /// `[bins, frames]` for each of [`Preparation::sounds`]; empty without sound.
    pub spectrograms: Vec<Arc<[f32]>>,
}

/// What must be prepared so that every network of a run has its tensors: networks whose
/// contracts agree share them.
#[derive(Clone, Debug, Default)]
pub struct Preparation {
    /// The different ways in which the networks want pictures.
    pub frames: Vec<FrameContract>,
    /// The different ways in which they want sound.
    pub sounds: Vec<(AudioContract, SpectrogramContract)>,
    /// For each network its places in `frames` and in `sounds`.
    pub networks: Vec<(usize, usize)>,
}

impl Preparation {
    /// What the networks of these contracts want, in their order.
    pub fn new<'a>(contracts: impl IntoIterator<Item = &'a Contract>) -> Self {
        let mut this = Self::default();
        for contract in contracts {
            let frame = place(&mut this.frames, contract.frame.clone());
            let sound = (contract.audio.clone(), contract.spectrogram.clone());
            let sound = place(&mut this.sounds, sound);
            this.networks.push((frame, sound));
        }
        this
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
    sounds: Vec<(Spectrogram, usize)>,
}

impl FeatureMaker {
    /// Tables for all that a preparation lists.
    ///
    /// # Errors
    /// A contract that asks for a spectrogram that cannot be made.
    pub fn new(preparation: &Preparation) -> Result<Self, SpectrogramError> {
        let sounds = preparation.sounds.iter().map(|(audio, spectrogram)| {
            let size = spectrogram.bins * spectrogram.frames;
            Ok((Spectrogram::new(audio, spectrogram)?, size))
        });
        Ok(Self {
            frames: preparation.frames.iter().map(FrameTensor::new).collect(),
            sounds: sounds.collect::<Result<_, _>>()?,
        })
    }

    /// The tensors of a segment.
    pub fn make(&mut self, segment: Segment) -> Features {
        let frames = match &segment.frame {
            Some(frame) => (self.frames.iter_mut())
                .map(|maker| filled(maker.len(), |out| maker.compute(&frame.picture, out)))
                .collect(),
            None => Vec::new(),
        };
        let spectrograms = match &segment.samples {
            Some(samples) => (self.sounds.iter_mut())
                .map(|(maker, size)| filled(*size, |out| maker.compute(samples, out)))
                .collect(),
            None => Vec::new(),
        };
        Features {
            segment,
            frames,
            spectrograms,
        }
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
