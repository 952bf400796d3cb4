//! The sound of a window to the waveform that a network hears.

use std::fmt;

use sonoscope_models::{AudioContract, WINDOW_SECONDS};

use crate::{MonoResampler, ResampleError, SEGMENT_SAMPLES, Window};

/// Makes the waveform that a contract asks for of the sound of a window: brought to `rate_hz`,
/// the `window_samples` in the middle, full scale counting `full_scale`.
///
/// A second of sound is a whole number of samples at either rate, so a sample of the output is
/// the same to the bit whichever window it is cut from: that of the whole sound resampled at once.
/// Only what lies nearer to the ends of the five seconds than the filter reaches would differ.
///
/// ```
/// # use std::{f32::consts::TAU, sync::Arc};
/// use sonoscope_models::AudioContract;
/// use sonoscope_operators::{Grid, Waveform, Window, WindowSecond};
///
/// let audio = AudioContract { rate_hz: 21_000, window_samples: 88_200, full_scale: 1.0 };
/// let mut waveform = Waveform::new(&audio)?;
/// let tone_1_khz = |i: usize| (i as f32 * TAU / 48.0).sin();
/// let samples: Arc<[f32]> = (0..48_000).map(tone_1_khz).collect();
/// let grid = Arc::new(Grid { pictures: Vec::new(), permit: None });
/// let second = WindowSecond { samples, grid };
/// let window = Window { seconds: std::array::from_fn(|_| second.clone()) };
/// let mut out = vec![0.0; 88_200];
/// waveform.compute(&window, &mut out);
/// // It begins 0.4 s into the five seconds, with a whole period.
/// let wanted = |i: usize| (i as f32 * TAU / 21.0).sin();
/// assert!((0..88_200).all(|i| (out[i] - wanted(i % 21)).abs() < 1e-3));
/// # Ok::<(), sonoscope_operators::ResampleError>(())
/// ```
#[derive(Clone)]
pub struct Waveform {
    resampler: MonoResampler,
    first: usize,
    window_samples: usize,
    full_scale: f32,
    resampled: Vec<f32>,
}

impl Waveform {
    /// Prepares for a contract.
    ///
    /// # Errors
    /// If it asks for a rate that sound cannot be brought to.
    ///
    /// # Panics
    /// If its window is longer than five seconds.
    pub fn new(audio: &AudioContract) -> Result<Self, ResampleError> {
        let resampled_samples = WINDOW_SECONDS * audio.rate_hz as usize;
        let around = resampled_samples.checked_sub(audio.window_samples);
        Ok(Self {
            resampler: MonoResampler::to_rate(audio.rate_hz, SEGMENT_SAMPLES as u32, 1)?,
            first: around.expect("a contract's window fits into five seconds") / 2,
            window_samples: audio.window_samples,
            full_scale: audio.full_scale,
            resampled: Vec::with_capacity(resampled_samples),
        })
    }

    /// How many samples a waveform has.
    #[expect(clippy::len_without_is_empty, reason = "no window is empty")]
    pub fn len(&self) -> usize {
        self.window_samples
    }

    /// Writes the waveform of a window.
    ///
    /// # Panics
    /// If `out` is not [`len`](Self::len) long.
    pub fn compute(&mut self, window: &Window, out: &mut [f32]) {
        assert_eq!(out.len(), self.window_samples, "length of the waveform");
        self.resampled.clear();
        for second in &window.seconds {
            self.resampler.push(&second.samples, &mut self.resampled);
        }
        self.resampler.finish(&mut self.resampled);
        let middle = &self.resampled[self.first..][..self.window_samples];
        for (out, sample) in out.iter_mut().zip(middle) {
            *out = sample * self.full_scale;
        }
    }
}

impl fmt::Debug for Waveform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waveform({} samples)", self.window_samples)
    }
}
