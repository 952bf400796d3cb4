//! Sound to decibels in bands of pitch, as librosa and kapre have it.

mod filters;

use pulp::{Arch, Simd, WithSimd};
use sonoscope_models::{AudioContract, MelContract, Reference};

use super::{
    check::{SpectrogramError, check_mel},
    fft::Fft,
    lanes::{Cell, LANES, Row},
    window::tukey_periodic,
};
use filters::Filters;

/// Makes the spectrogram in bands that a contract asks for; [`MelContract`] says what that is.
///
/// The transform and all sums are done in `f64`.
///
/// ```
/// use sonoscope_models::{AudioContract, MelContract, MelFilters, MelNorm, MelScale, Reference};
/// use sonoscope_operators::MelSpectrogram;
///
/// let audio = AudioContract { rate_hz: 48_000, window_samples: 48_000, full_scale: 1.0 };
/// let contract = MelContract {
///     fft_samples: 2_048,
///     hop_samples: 242,
///     pad_samples: [982, 982],
///     power: 2,
///     filters: Some(MelFilters {
///         scale: MelScale::Htk,
///         norm: MelNorm::Slaney,
///         min_hz: 0.0,
///         max_hz: 24_000.0,
///     }),
///     root: true,
///     bins: 256,
///     frames: 199,
///     floor: 1e-10,
///     reference: Reference::Loudest,
///     range_db: 80.0,
/// };
/// let mut mel = MelSpectrogram::new(&audio, &contract)?;
/// let mut out = vec![0.0; 256 * 199];
/// let tone_1_khz = |i| (i as f32 * std::f32::consts::TAU / 48.0).sin();
/// mel.compute(&(0..48_000).map(tone_1_khz).collect::<Vec<_>>(), &mut out);
/// assert_eq!(out.iter().copied().fold(f32::MIN, f32::max), 0.0);
/// let loudest = (0..256).max_by(|a, b| out[a * 199 + 99].total_cmp(&out[b * 199 + 99]));
/// assert_eq!(loudest, Some(63)); // 1000 mel of 4016, in steps of 15.6
/// # Ok::<(), sonoscope_operators::SpectrogramError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MelSpectrogram {
    samples: usize,
    frames: usize,
    pad_samples: [usize; 2],
    kernel: Kernel,
    levels: Levels,
    arch: Arch,
}

/// The tables, and the buffers for [`LANES`] frames.
#[derive(Clone, Debug)]
struct Kernel {
    window: Vec<f64>,
    hop_samples: usize,
    fft: Fft,
    is_magnitude: bool,
    filters: Option<Filters>,
    /// The sound with its zeros, at the contract's scale.
    padded: Vec<f64>,
    cells: Vec<Cell>,
    powers: Vec<Row>,
    bands: Vec<Row>,
}

impl MelSpectrogram {
    /// Prepares the tables for a contract.
    ///
    /// # Errors
    /// If the contract's figures contradict each other, or its transform is no power of two.
    pub fn new(audio: &AudioContract, contract: &MelContract) -> Result<Self, SpectrogramError> {
        check_mel(audio, contract)?;
        let fft_samples = contract.fft_samples;
        let bins = fft_samples / 2 + 1;
        let full_scale = f64::from(audio.full_scale);
        let filters = (contract.filters.as_ref())
            .map(|filters| Filters::new(filters, contract.bins, fft_samples, audio.rate_hz));
        let window = tukey_periodic(fft_samples, 1.0);
        let kernel = Kernel {
            window: window
                .into_iter()
                .map(|weight| weight * full_scale)
                .collect(),
            hop_samples: contract.hop_samples,
            // Half, since the transform counts the bins that stand for two frequencies twice.
            fft: Fft::new(fft_samples, 0.5, 0.0),
            is_magnitude: contract.power == 1,
            bands: vec![Row::default(); filters.as_ref().map_or(0, Filters::len)],
            filters,
            padded: Vec::new(),
            cells: vec![Cell::default(); fft_samples / 2],
            powers: vec![Row::default(); bins],
        };
        Ok(Self {
            samples: audio.window_samples,
            frames: contract.frames,
            pad_samples: contract.pad_samples,
            kernel,
            levels: Levels::new(contract),
            arch: Arch::new(),
        })
    }

    /// The spectrogram of mono `samples` (full scale is 1.0), one second of them, as `bins` rows of
    /// `frames`.
    ///
    /// # Panics
    /// If `samples` or `out` have another length than the contract says.
    pub fn compute(&mut self, samples: &[f32], out: &mut [f32]) {
        assert_eq!(samples.len(), self.samples, "length of the sound");
        let rows = self.kernel.rows().len();
        assert_eq!(out.len(), self.frames * rows, "length of the output");
        self.kernel.pad(samples, self.pad_samples);
        self.arch.dispatch(Job {
            kernel: &mut self.kernel,
            levels: &self.levels,
            frames: self.frames,
            out,
        });
        self.levels.relate(out);
    }
}

/// One call of [`MelSpectrogram::compute`], to be compiled once for each kind of processor.
struct Job<'a> {
    kernel: &'a mut Kernel,
    levels: &'a Levels,
    frames: usize,
    out: &'a mut [f32],
}

impl WithSimd for Job<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let kernel = self.kernel;
        for first in (0..self.frames).step_by(LANES) {
            kernel.load(first, self.frames);
            kernel.fft.transform(simd, &mut kernel.cells);
            kernel.fft.power(simd, &kernel.cells, &mut kernel.powers);
            kernel.sum();
            let wanted = LANES.min(self.frames - first);
            let rows = self.out.chunks_exact_mut(self.frames).zip(kernel.rows());
            for (out, row) in rows {
                for (out, value) in out[first..][..wanted].iter_mut().zip(row.0) {
                    *out = self.levels.level(value);
                }
            }
        }
    }
}

impl Kernel {
    /// What becomes rows of the spectrogram.
    fn rows(&self) -> &[Row] {
        match self.filters {
            Some(_) => &self.bands,
            None => &self.powers,
        }
    }

    fn pad(&mut self, samples: &[f32], [before, behind]: [usize; 2]) {
        self.padded.clear();
        self.padded.resize(before, 0.0);
        self.padded.extend(samples.iter().copied().map(f64::from));
        self.padded.resize(before + samples.len() + behind, 0.0);
    }

    /// Writes the frames from `first` on as packed complex numbers, weighted: samples of even index
    /// are real parts, those of odd index imaginary parts. Behind the last frame it repeats itself.
    #[inline(always)]
    fn load(&mut self, first: usize, frames: usize) {
        let length = self.window.len();
        let sounds: [&[f64]; LANES] = std::array::from_fn(|lane| {
            let start = (first + lane).min(frames - 1) * self.hop_samples;
            &self.padded[start..][..length]
        });
        let (weights, _) = self.window.as_chunks::<2>();
        for (i, (cell, weights)) in self.cells.iter_mut().zip(weights).enumerate() {
            cell.re = Row(std::array::from_fn(|lane| sounds[lane][2 * i] * weights[0]));
            cell.im = Row(std::array::from_fn(|lane| {
                sounds[lane][2 * i + 1] * weights[1]
            }));
        }
    }

    /// Makes bands of what the transform gave.
    #[inline(always)]
    fn sum(&mut self) {
        // These two stand for one frequency each, and were counted once.
        let last = self.powers.len() - 1;
        for bin in [0, last] {
            self.powers[bin]
                .0
                .iter_mut()
                .for_each(|power| *power *= 2.0);
        }
        if self.is_magnitude {
            let values = self.powers.iter_mut().flat_map(|row| &mut row.0);
            values.for_each(|value| *value = value.sqrt());
        }
        if let Some(filters) = &self.filters {
            filters.sum(&self.powers, &mut self.bands);
        }
    }
}

/// How values become levels.
#[derive(Clone, Debug)]
struct Levels {
    floor: f64,
    root: bool,
    range_db: f32,
    reference: Reference,
}

impl Levels {
    fn new(contract: &MelContract) -> Self {
        Self {
            floor: contract.floor,
            root: contract.root,
            range_db: contract.range_db as f32,
            reference: contract.reference,
        }
    }

    /// The level of a value, in decibels above 1. What is not a number has none.
    #[inline(always)]
    fn level(&self, value: f64) -> f32 {
        let value = if self.root { value.sqrt() } else { value };
        match value.is_nan() {
            true => f32::NAN,
            false => (10.0 * value.max(self.floor).log10()) as f32,
        }
    }

    /// Relates levels to the reference and keeps them within the range below the loudest.
    fn relate(&self, levels: &mut [f32]) {
        let loudest = levels.iter().copied().fold(f32::MIN, f32::max);
        let zero = match self.reference {
            Reference::One => 0.0,
            Reference::Loudest => loudest,
        };
        let lowest = loudest - zero - self.range_db;
        for level in levels {
            let related = *level - zero;
            // Unlike `max`, this keeps what is not a number.
            *level = if related < lowest { lowest } else { related };
        }
    }
}
