//! Pairs of pictures and sounds that are the same on every machine.

use sonoscope_models::{Contract, Family, Features, Network, NetworkError, Score};

/// Pictures and sounds of a batch.
pub struct Batch {
    pub items: usize,
    /// `[height, width, 3]` each; of networks that look at windows, nothing.
    pixels: Vec<u8>,
    /// The same as numbers, channels first and normalised.
    frames: Vec<f32>,
    sounds: Vec<f32>,
}

/// What a network makes of a batch.
pub struct Answers {
    pub seen: Features,
    pub heard: Features,
    /// Empty from a network of embeddings alone.
    pub scores: Vec<Score>,
}

impl Batch {
    /// `items` pairs as a network of this contract wants them.
    pub fn new(contract: &Contract, items: usize) -> Self {
        let frame = &contract.frame;
        let cells = frame.width * frame.height;
        let pictures = frame.clip.map_or(1, |clip| clip.frames);
        let mut dice = Dice(2_463_534_242);
        let (mut pixels, mut frames) = (Vec::new(), Vec::new());
        for _ in 0..items {
            let picture = picture(&mut dice, pictures * cells);
            for colour in 0..3 {
                let values = picture.iter().skip(colour).step_by(3);
                let (mean, std) = (frame.mean[colour], frame.std[colour]);
                frames.extend(values.map(|byte| (f32::from(*byte) / 255.0 - mean) / std));
            }
            if frame.clip.is_none() {
                pixels.extend(picture);
            }
        }
        let values = match contract.spectrogram_shape() {
            Some([bins, frames]) => bins * frames,
            None => contract.audio.window_samples,
        };
        let sounds = (0..items).flat_map(|_| sound(&mut dice, values)).collect();
        Self {
            items,
            pixels,
            frames,
            sounds,
        }
    }

    /// Asks a network about all pairs.
    pub fn ask(&self, network: &mut Network) -> Result<Answers, NetworkError> {
        let seen = match network.wants_bytes() {
            true => network.frame_features_of_bytes(&self.pixels, self.items)?,
            false => network.frame_features(&self.frames, self.items)?,
        };
        let heard = network.audio_features(&self.sounds, self.items)?;
        let scores = match network.contract().outputs.compares() {
            true => network.score(&seen, &heard)?,
            false => Vec::new(),
        };
        Ok(Answers {
            seen,
            heard,
            scores,
        })
    }
}

/// Work for a pair of pictures and sound, in billions of operations, where it has been counted:
/// AVE-Net at full width.
pub fn gflop_a_pair(contract: &Contract) -> Option<f64> {
    let is_full = contract.family == Family::Ave && contract.provenance.width == 1.0;
    is_full.then_some(10.4)
}

/// Patches of colour, which no two pictures share.
fn picture(dice: &mut Dice, cells: usize) -> Vec<u8> {
    let mut colour = [0; 3];
    let pixels = (0..cells).flat_map(|cell| {
        if cell % 61 == 0 {
            colour = std::array::from_fn(|_| (dice.next() >> 24) as u8);
        }
        colour
    });
    pixels.collect()
}

/// A level that walks, within what logarithms of spectra and waveforms have.
fn sound(dice: &mut Dice, values: usize) -> Vec<f32> {
    let mut level = 0.0_f32;
    let mut walk = || {
        let step = (dice.next() >> 8) as f32 / f32::from_bits(0x4b80_0000) - 0.5;
        level = (level + 0.2 * step) * 0.99;
        level
    };
    (0..values).map(|_| walk()).collect()
}

/// Marsaglia's xorshift.
struct Dice(u32);

impl Dice {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}
