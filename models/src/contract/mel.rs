//! Sound in bands of pitch, in decibels below its loudest: what OpenL3 hears.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    Contract,
    check::{Problem, ensure, equal, positive},
};

/// A short-time spectrum, in bands of pitch or bin by bin, in decibels.
///
/// The second of sound gets zeros before and behind it. Frames of `fft_samples` are weighted with a
/// periodic Hann window and transformed. The magnitude of each bin to the power of `power` goes
/// into the bands; of a band's sum the square root is taken if `root` says so. A value `x` becomes
/// `10 log10(max(x, floor))`, less the `reference`, and no less than `range_db` below the loudest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MelContract {
    /// Length of a frame, of its window and of its transform.
    pub fft_samples: usize,
    /// From frame to frame.
    pub hop_samples: usize,
    /// Zeros before the sound, and behind it.
    pub pad_samples: [usize; 2],
    /// 1 for the magnitude of a bin, 2 for its power.
    pub power: u8,
    /// How bins make bands. Without, they stay bins.
    pub filters: Option<MelFilters>,
    /// Whether of each band the square root is taken.
    pub root: bool,
    /// Bands, or `fft_samples / 2 + 1` bins.
    pub bins: usize,
    /// Frames in a window of sound.
    pub frames: usize,
    /// What is less counts as this much.
    pub floor: f64,
    /// What 0 dB is.
    pub reference: Reference,
    /// How far below the loudest a level can be, in decibels.
    pub range_db: f64,
}

/// Triangles over frequency, evenly spaced in pitch, each from the middle of the one before to the
/// middle of the one behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MelFilters {
    /// What pitch is.
    pub scale: MelScale,
    /// How high the triangles are.
    pub norm: MelNorm,
    /// Where the first begins.
    pub min_hz: f64,
    /// Where the last ends.
    pub max_hz: f64,
}

/// A scale of pitch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MelScale {
    /// `2595 log10(1 + f / 700)`.
    Htk,
    /// Linear up to 1 kHz, then 27 steps for a factor of 6.4.
    Slaney,
}

/// A height of triangles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MelNorm {
    /// Every triangle is 1 high.
    None,
    /// Every triangle has the same area: it is 2 over its width in Hz high.
    Slaney,
}

/// What 0 dB is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reference {
    /// A value of 1.
    One,
    /// The loudest value of the second.
    Loudest,
}

impl Contract {
    /// Bins and frames of the spectrogram that the network hears; none if it hears the waveform.
    pub fn spectrogram_shape(&self) -> Option<[usize; 2]> {
        let spectrogram = (self.spectrogram.as_ref()).map(|s| [s.bins, s.frames]);
        spectrogram.or_else(|| self.mel.as_ref().map(|mel| [mel.bins, mel.frames]))
    }

    pub(super) fn check_mel(&self, mel: &MelContract) -> Result<(), Problem> {
        self.check_second()?;
        let fft = mel.fft_samples;
        ensure(fft.is_power_of_two() && fft >= 4, "mel.fft_samples", || {
            format!("is {fft}, must be a power of two, 4 or more")
        })?;
        positive("mel.hop_samples", mel.hop_samples)?;
        let seconds_of_padding = mel.pad_samples.map(|pad| pad <= self.audio.window_samples);
        ensure(seconds_of_padding == [true; 2], "mel.pad_samples", || {
            format!("is {:?}, more than there is sound", mel.pad_samples)
        })?;
        let padded = self.audio.window_samples + mel.pad_samples.iter().sum::<usize>();
        ensure(fft <= padded, "mel.fft_samples", || {
            format!("is {fft}, but the padded sound has {padded} samples")
        })?;
        equal(
            "mel.frames",
            mel.frames,
            (padded - fft) / mel.hop_samples + 1,
        )?;
        ensure(matches!(mel.power, 1 | 2), "mel.power", || {
            format!("is {}, must be 1 or 2", mel.power)
        })?;
        match &mel.filters {
            Some(filters) => {
                positive("mel.bins", mel.bins)?;
                filters.check(self.audio.rate_hz)?;
            }
            None => equal("mel.bins", mel.bins, fft / 2 + 1)?,
        }
        mel.check_levels()
    }
}

impl MelContract {
    fn check_levels(&self) -> Result<(), Problem> {
        let above_zero = |value: f64| value.is_normal() && value > 0.0;
        ensure(above_zero(self.floor), "mel.floor", || {
            format!(
                "is {}, must be above 0: silence has a logarithm",
                self.floor
            )
        })?;
        ensure(above_zero(self.range_db), "mel.range_db", || {
            format!("is {}, must be above 0", self.range_db)
        })
    }
}

impl MelFilters {
    fn check(&self, rate_hz: u32) -> Result<(), Problem> {
        let (min_hz, max_hz) = (self.min_hz, self.max_hz);
        let highest_hz = f64::from(rate_hz) / 2.0;
        ensure(min_hz >= 0.0, "mel.filters.min_hz", || {
            format!("is {min_hz}, must be 0 or more")
        })?;
        ensure(
            max_hz > min_hz && max_hz <= highest_hz,
            "mel.filters.max_hz",
            || format!("is {max_hz}, must lie above min_hz and not above {highest_hz}"),
        )
    }
}

impl fmt::Display for MelContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bins, frames) = (self.bins, self.frames);
        match &self.filters {
            Some(MelFilters {
                scale,
                norm,
                min_hz,
                max_hz,
            }) => write!(
                f,
                "{bins} mel bands ({scale:?}, norm {norm:?}, {min_hz}..{max_hz} Hz) x {frames} frames"
            )?,
            None => write!(f, "{bins} bins x {frames} frames")?,
        }
        let [before, behind] = self.pad_samples;
        let root = if self.root { ", root" } else { "" };
        write!(
            f,
            "; FFT {} (Hann), hop {}, padded {before} + {behind}; |X|^{}{root}; dB of {:e} or more \
             below {:?}, range {}",
            self.fft_samples,
            self.hop_samples,
            self.power,
            self.floor,
            self.reference,
            self.range_db
        )
    }
}
