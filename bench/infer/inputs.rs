//! Pairs of pictures and sounds that are the same on every machine.

use std::{fs, io, path::Path};

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

impl Answers {
    /// Of each pair, whether it corresponds.
    pub fn decisions(&self) -> Vec<bool> {
        let scores = self.scores.iter();
        scores.map(|score| score.correspondence >= 0.5).collect()
    }
}

impl Batch {
    /// `items` pairs as a network of this contract wants them, made up: no two are alike, and nothing
    /// in them belongs together.
    pub fn new(contract: &Contract, items: usize) -> Self {
        let frame = &contract.frame;
        let cells = frame.width * frame.height;
        let pictures = frame.clip.map_or(1, |clip| clip.frames);
        let mut dice = Dice(2_463_534_242);
        let pixels = (0..items).map(|_| picture(&mut dice, pictures * cells));
        let pixels: Vec<u8> = pixels.flatten().collect();
        let values = sound_values(contract);
        let sounds = (0..items).flat_map(|_| sound(&mut dice, values)).collect();
        Self::of(contract, items, pixels, sounds)
    }

    /// At most `items` pairs of a folder of them: `pictures.u8`, `[height, width, 3]` each, and
    /// `sounds.f32`, the spectrogram of each. None where they are not as the network wants them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(contract: &Contract, folder: &Path, items: usize) -> io::Result<Option<Self>> {
        let read = |name: &str| {
            let path = folder.join(name);
            let told = |error| io::Error::other(format!("{}: {error}", path.display()));
            fs::read(&path).map_err(told)
        };
        let (mut pixels, sounds) = (read("pictures.u8")?, read("sounds.f32")?);
        let (floats, _) = sounds.as_chunks::<4>();
        let mut sounds: Vec<f32> = floats.iter().copied().map(f32::from_le_bytes).collect();
        let cells = 3 * contract.frame.width * contract.frame.height;
        let values = sound_values(contract);
        let stored = pixels.len() / cells;
        let fits = contract.frame.clip.is_none() && contract.spectrogram_shape().is_some();
        if !fits || stored * cells != pixels.len() || stored * values != sounds.len() {
            return Ok(None);
        }
        let items = items.min(stored);
        pixels.truncate(items * cells);
        sounds.truncate(items * values);
        Ok(Some(Self::of(contract, items, pixels, sounds)))
    }

    fn of(contract: &Contract, items: usize, pixels: Vec<u8>, sounds: Vec<f32>) -> Self {
        let frame = &contract.frame;
        let length = pixels.len() / items.max(1);
        let mut frames = Vec::with_capacity(pixels.len());
        for picture in pixels.chunks(length.max(1)) {
            for colour in 0..3 {
                let values = picture.iter().skip(colour).step_by(3);
                let (mean, std) = (frame.mean[colour], frame.std[colour]);
                frames.extend(values.map(|byte| (f32::from(*byte) / 255.0 - mean) / std));
            }
        }
        Self {
            items,
            pixels: match frame.clip {
                None => pixels,
                Some(_) => Vec::new(),
            },
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

/// Numbers of a second, or a window, of sound.
fn sound_values(contract: &Contract) -> usize {
    match contract.spectrogram_shape() {
        Some([bins, frames]) => bins * frames,
        None => contract.audio.window_samples,
    }
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

#[cfg(test)]
mod tests {
    use sonoscope_models::{NetworkFiles, Precision, zoo};

    use super::*;

    fn contract(network: &str) -> Contract {
        let dir = zoo::resolve(network).unwrap();
        let files = NetworkFiles::load(&dir, Precision::Fp32).unwrap();
        files.contract().clone()
    }

    #[test]
    fn pairs_of_a_folder_are_taken_where_they_fit() {
        let ave = contract("ave-small");
        let made = Batch::new(&ave, 3);
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("pictures.u8"), &made.pixels).unwrap();
        let sounds: Vec<u8> = made.sounds.iter().flat_map(|v| v.to_le_bytes()).collect();
        fs::write(home.path().join("sounds.f32"), &sounds).unwrap();
        let read = |contract: &Contract, items| Batch::read(contract, home.path(), items).unwrap();
        let all = read(&ave, 9).expect("fit");
        assert_eq!(all.items, 3);
        assert_eq!((all.pixels, all.sounds), (made.pixels.clone(), made.sounds));
        assert_eq!(all.frames, made.frames);
        let two = read(&ave, 2).expect("fit");
        assert_eq!(two.pixels, made.pixels[..2 * 3 * 224 * 224]);
        assert!(read(&contract("multisensory-small"), 2).is_none());
        fs::write(home.path().join("sounds.f32"), &sounds[4..]).unwrap();
        assert!(read(&ave, 2).is_none(), "cut off");
        assert!(Batch::read(&ave, Path::new("nowhere"), 2).is_err());
    }
}
