//! Sets of pairs: the picture and the spectrogram of every second.

use std::mem;

use half::f16;
use serde_json::{Map, json};
use sonoscope_models::{AudioContract, FrameContract, SpectrogramContract};
use sonoscope_operators::{FrameTensor, Segment, Spectrogram, SpectrogramError};

use super::sample::{Counts, Maker, Sample, npy};

/// Pictures are kept this large, so that training can crop.
pub const FRAME_SIZE: usize = 256;

/// The pairs of one sample at most, ten minutes of them (about 180 MB): a recording of a day must
/// not be held whole.
const MOST_PAIRS: usize = 600;

/// Makes pairs by the operators that serve, keeping their tables.
///
/// A sample is `frames.npy` (u8, `[n, 256, 256, 3]`) and `spectrograms.npy` (f16,
/// `[n, bins, frames]`, as networks of the contract want them); its JSON says which `segments`
/// these are and, as in rows, how `audio` and `video` of each fared.
pub struct PairMaker {
    frame: FrameTensor,
    spectrogram: Spectrogram,
    shape: [usize; 2],
    buffer: Vec<f32>,
    clip: Clip,
}

/// What is gathered for the next sample.
#[derive(Debug, Default)]
struct Clip {
    counts: Counts,
    frames: Vec<u8>,
    spectrograms: Vec<u8>,
    about: [Vec<serde_json::Value>; 3],
}

impl PairMaker {
    /// For networks of this contract.
    ///
    /// # Errors
    /// When it asks for a spectrogram that cannot be made.
    pub fn new(
        frame: &FrameContract,
        audio: &AudioContract,
        spectrogram: &SpectrogramContract,
    ) -> Result<Self, SpectrogramError> {
        let shape = [spectrogram.bins, spectrogram.frames];
        Ok(Self {
            frame: FrameTensor::new(frame),
            spectrogram: Spectrogram::new(audio, spectrogram)?,
            shape,
            buffer: vec![0.0; shape[0] * shape[1]],
            clip: Clip::default(),
        })
    }
}

impl Maker for PairMaker {
    fn add(&mut self, segment: &Segment, samples: &mut Vec<Sample>) {
        let (Some(frame), Some(sound)) = (&segment.frame, &segment.samples) else {
            return;
        };
        let clip = &mut self.clip;
        clip.counts.count(segment);
        let about = [
            json!(segment.index),
            json!(segment.audio),
            json!(segment.video),
        ];
        for (values, value) in clip.about.iter_mut().zip(about) {
            values.push(value);
        }
        let small = (self.frame).resize_rgb(&frame.picture, FRAME_SIZE, FRAME_SIZE);
        clip.frames.extend_from_slice(&small);
        self.spectrogram.compute(sound, &mut self.buffer);
        let halves = (self.buffer.iter()).flat_map(|&v| f16::from_f32(v).to_le_bytes());
        clip.spectrograms.extend(halves);
        if clip.counts.pairs == MOST_PAIRS {
            self.end(samples);
        }
    }

    fn end(&mut self, samples: &mut Vec<Sample>) {
        let clip = mem::take(&mut self.clip);
        let pairs = clip.counts.pairs;
        if pairs == 0 {
            return;
        }
        let [bins, frames] = self.shape;
        let pictures = [pairs, FRAME_SIZE, FRAME_SIZE, 3];
        let names = ["segments", "audio", "video"].map(str::to_owned);
        samples.push(Sample {
            counts: clip.counts,
            members: vec![
                ("frames.npy", npy("|u1", &pictures, &clip.frames)),
                (
                    "spectrograms.npy",
                    npy("<f2", &[pairs, bins, frames], &clip.spectrograms),
                ),
            ],
            about: Map::from_iter(names.into_iter().zip(clip.about.map(Into::into))),
        });
    }
}
