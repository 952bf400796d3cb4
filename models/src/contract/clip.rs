//! Networks that look and listen for longer than a second: several pictures, and the waveform.

use serde::{Deserialize, Serialize};

use super::{
    Contract, Family,
    check::{Problem, ensure, positive},
};

/// Whole seconds that a window may reach over: the one it is for, two before it, two behind it.
pub const WINDOW_SECONDS: usize = 5;

/// The pictures of a window, which is centred on the middle of a second.
///
/// Every second has `rate_hz` of them, those on show at `k + (j + 0.5) / rate_hz` for j = 0, 1, 2
/// and so on. Of these a window holds the `frames` that lie nearest to `k + 0.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipContract {
    /// Pictures in a window, an even number.
    pub frames: usize,
    /// Pictures a second, an even number.
    pub rate_hz: usize,
}

impl Contract {
    /// A network looks at one picture and hears a spectrogram, or at several and the waveform.
    pub(super) fn check_clip(&self) -> Result<(), Problem> {
        let (clip, spectrogram) = (&self.frame.clip, &self.spectrogram);
        if self.family != Family::Multisensory {
            let family = self.family;
            ensure(clip.is_none(), "frame.clip", || {
                format!("is there, but {family} looks at one picture")
            })?;
            ensure(spectrogram.is_none() || self.mel.is_none(), "mel", || {
                "is there beside `spectrogram`: a network hears one of them".into()
            })?;
            return ensure(self.spectrogram_shape().is_some(), "spectrogram", || {
                format!("is missing, but {family} hears spectrograms")
            });
        }
        let hears_waveform = || "is there, but Multisensory hears the waveform".into();
        ensure(spectrogram.is_none(), "spectrogram", hears_waveform)?;
        ensure(self.mel.is_none(), "mel", hears_waveform)?;
        ensure(
            self.frame.shorter_side.is_none(),
            "frame.shorter_side",
            || "is there, but Multisensory looks at whole pictures".into(),
        )?;
        let Some(clip) = clip else {
            let problem = "is missing, but Multisensory looks at several pictures";
            return Err(("frame.clip", problem.into()));
        };
        let most = WINDOW_SECONDS * clip.rate_hz;
        even("frame.clip.rate_hz", clip.rate_hz)?;
        even("frame.clip.frames", clip.frames)?;
        ensure(clip.frames <= most, "frame.clip.frames", || {
            beyond(clip.frames, most)
        })
    }

    /// The waveform of a window: as many samples before the middle of its second as behind.
    pub(super) fn check_waveform(&self) -> Result<(), Problem> {
        let audio = &self.audio;
        let (rate_hz, samples) = (audio.rate_hz as usize, audio.window_samples);
        let most = WINDOW_SECONDS * rate_hz;
        positive("audio.window_samples", samples)?;
        ensure((1_000..=48_000).contains(&rate_hz), "audio.rate_hz", || {
            format!("is {rate_hz}, must lie in 1000..48000 for a waveform")
        })?;
        ensure(samples <= most, "audio.window_samples", || {
            beyond(samples, most)
        })?;
        ensure(samples % 2 == rate_hz % 2, "audio.window_samples", || {
            format!("is {samples}, which cannot be centred on half a second of {rate_hz} Hz")
        })
    }
}

fn even(field: &'static str, found: usize) -> Result<(), Problem> {
    positive(field, found)?;
    ensure(found.is_multiple_of(2), field, || {
        format!("is {found}, must be even, to be centred")
    })
}

fn beyond(found: usize, most: usize) -> String {
    format!("is {found}, but {WINDOW_SECONDS} seconds have only {most}")
}
