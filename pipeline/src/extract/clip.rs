//! The pairs of one clip, ready for training.

use half::f16;
use sonoscope_models::Contract;
use sonoscope_operators::{FrameTensor, Segment, Spectrogram, SpectrogramError};

/// Pictures are kept this large, so that training can crop.
pub const FRAME_SIZE: usize = 256;

/// The pairs of one clip.
#[derive(Debug, Default)]
pub struct Clip {
    /// Which seconds.
    pub segments: Vec<i64>,
    /// Their pictures, RGB, [`FRAME_SIZE`] square, one after the other.
    pub frames: Vec<u8>,
    /// Their spectrograms, little-endian halves, one after the other.
    pub spectrograms: Vec<u8>,
    /// Bins and frames of a spectrogram.
    pub spectrogram_shape: [usize; 2],
}

/// Makes pairs by the operators that serve, keeping their tables.
pub struct ClipMaker {
    frame: FrameTensor,
    spectrogram: Spectrogram,
    shape: [usize; 2],
    buffer: Vec<f32>,
}

impl ClipMaker {
    /// For networks of this contract.
    ///
    /// # Errors
    /// When it asks for a spectrogram that cannot be made.
    pub fn new(contract: &Contract) -> Result<Self, SpectrogramError> {
        let shape = [contract.spectrogram.bins, contract.spectrogram.frames];
        Ok(Self {
            frame: FrameTensor::new(&contract.frame),
            spectrogram: Spectrogram::new(&contract.audio, &contract.spectrogram)?,
            shape,
            buffer: vec![0.0; shape[0] * shape[1]],
        })
    }

    /// Adds a segment that has both picture and sound.
    pub fn add(&mut self, segment: &Segment, clip: &mut Clip) {
        let (Some(frame), Some(samples)) = (&segment.frame, &segment.samples) else {
            return;
        };
        clip.segments.push(segment.index);
        clip.spectrogram_shape = self.shape;
        let small = (self.frame).resize_rgb(&frame.picture, FRAME_SIZE, FRAME_SIZE);
        clip.frames.extend_from_slice(&small);
        self.spectrogram.compute(samples, &mut self.buffer);
        let halves = self
            .buffer
            .iter()
            .flat_map(|&v| f16::from_f32(v).to_le_bytes());
        clip.spectrograms.extend(halves);
    }
}
