//! Sound to log-spectrogram, as `scipy.signal.spectrogram` has it.

mod check;
mod fft;
mod lanes;
mod level;
mod load;
mod mel;
mod window;

use pulp::{Arch, Simd, WithSimd};
use sonoscope_models::{AudioContract, SpectrogramContract};

pub use check::SpectrogramError;
use fft::Fft;
use lanes::{Cell, LANES, Row};
use level::Level;
use load::Loader;
pub use mel::MelSpectrogram;

/// Makes the log-spectrogram that a contract asks for.
///
/// A frame is one of `frames` stretches of sound: its mean is removed, it is weighted with a
/// Tukey window, padded with zeros and transformed; its power density `S` (doubled except at DC
/// and Nyquist, since the spectrum is one-sided) becomes `10 log10(S + floor) / divisor`.
///
/// Transforms are done in `f64`: beside a full-scale tone the far side lobes of the window lie
/// below the rounding noise of `f32`, and above the floor.
///
/// ```
/// use sonoscope_models::{AudioContract, SpectrogramContract};
/// use sonoscope_operators::Spectrogram;
///
/// let audio = AudioContract { rate_hz: 48_000, window_samples: 48_000, full_scale: 32_768.0 };
/// let contract = SpectrogramContract {
///     tukey_alpha: 0.25,
///     window_samples: 480,
///     hop_samples: 240,
///     fft_samples: 512,
///     bins: 257,
///     frames: 199,
///     floor: 1e-7,
///     divisor: 26.68,
/// };
/// let mut spectrogram = Spectrogram::new(&audio, &contract)?;
/// let mut out = vec![0.0; 257 * 199];
///
/// spectrogram.compute(&vec![0.0; 48_000], &mut out);
/// assert!(out.iter().all(|silence| (silence * 26.68 - -70.0).abs() < 1e-4));
///
/// let tone_6_khz = |i| (i as f32 * std::f32::consts::TAU / 8.0).sin();
/// spectrogram.compute(&(0..48_000).map(tone_6_khz).collect::<Vec<_>>(), &mut out);
/// let in_frame_100 = |bin: usize| out[bin * 199 + 100];
/// let loudest = (0..257).max_by(|a, b| in_frame_100(*a).total_cmp(&in_frame_100(*b)));
/// assert_eq!(loudest, Some(64)); // 64 * 48 000 Hz / 512
/// # Ok::<(), sonoscope_operators::SpectrogramError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Spectrogram {
    samples: usize,
    frames: usize,
    kernel: Kernel,
    arch: Arch,
}

/// The tables, and the buffers for [`LANES`] frames.
#[derive(Clone, Debug)]
struct Kernel {
    loader: Loader,
    fft: Fft,
    level: Level,
    cells: Vec<Cell>,
    powers: Vec<Row>,
}

impl Spectrogram {
    /// Prepares the tables for a contract.
    ///
    /// # Errors
    /// If the contract's figures contradict each other, or its transform is no power of two.
    pub fn new(
        audio: &AudioContract,
        contract: &SpectrogramContract,
    ) -> Result<Self, SpectrogramError> {
        check::check(audio, contract)?;
        let window = window::tukey_periodic(contract.window_samples, contract.tukey_alpha);
        let energy: f64 = window.iter().map(|weight| weight * weight).sum();
        let full_scale = f64::from(audio.full_scale);
        let density = full_scale * full_scale / (f64::from(audio.rate_hz) * energy);
        let kernel = Kernel {
            loader: Loader::new(window, contract.hop_samples, contract.frames),
            fft: Fft::new(contract.fft_samples, density, contract.floor),
            level: Level::new(contract.divisor, contract.bins),
            cells: vec![Cell::default(); contract.fft_samples / 2],
            powers: vec![Row::default(); contract.bins],
        };
        Ok(Self {
            samples: audio.window_samples,
            frames: contract.frames,
            kernel,
            arch: Arch::new(),
        })
    }

    /// The log-spectrogram of mono `samples` (full scale is 1.0), one second of them, as `bins`
    /// rows of `frames`.
    ///
    /// A sample that is not finite makes NaN of the frames that it lies in, and of no others.
    ///
    /// # Panics
    /// If `samples` or `out` have another length than the contract says.
    pub fn compute(&mut self, samples: &[f32], out: &mut [f32]) {
        assert_eq!(samples.len(), self.samples, "length of the sound");
        assert_eq!(
            out.len(),
            self.frames * self.kernel.powers.len(),
            "length of the output"
        );
        self.arch.dispatch(Job {
            kernel: &mut self.kernel,
            frames: self.frames,
            samples,
            out,
        });
    }
}

/// One call of [`Spectrogram::compute`], to be compiled once for each kind of processor.
struct Job<'a> {
    kernel: &'a mut Kernel,
    frames: usize,
    samples: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let kernel = self.kernel;
        kernel.loader.start(self.samples);
        for first in (0..self.frames).step_by(LANES) {
            kernel.loader.load(self.samples, first, &mut kernel.cells);
            kernel.fft.transform(simd, &mut kernel.cells);
            kernel.fft.power(simd, &kernel.cells, &mut kernel.powers);
            kernel
                .level
                .store(simd, &kernel.powers, self.frames, first, self.out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_without_vectors_give_the_same() {
        let audio = AudioContract {
            rate_hz: 8_000,
            window_samples: 1_000,
            full_scale: 1.0,
        };
        let contract = SpectrogramContract {
            tukey_alpha: 0.25,
            window_samples: 60,
            hop_samples: 30,
            fft_samples: 64,
            bins: 33,
            frames: 32,
            floor: 1e-7,
            divisor: 10.0,
        };
        let mut vectors = Spectrogram::new(&audio, &contract).unwrap();
        let mut scalars = vectors.clone();
        scalars.arch = Arch::Scalar;
        let sound: Vec<f32> = (0..1_000)
            .map(|i| (i as f32 * i as f32 * 0.001).sin())
            .collect();
        let [mut ours, mut theirs] = [(); 2].map(|()| vec![0.0; 33 * 32]);
        vectors.compute(&sound, &mut ours);
        scalars.compute(&sound, &mut theirs);
        assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}
