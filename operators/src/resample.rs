//! Sound of any rate and any number of channels to mono, at 48 kHz unless told otherwise.

mod convert;
mod filter;

use convert::Converter;

/// The rate of what comes out unless told otherwise, in Hz.
const OUT_HZ: u32 = 48_000;

/// Sound that cannot be resampled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResampleError {
    /// Too few samples a second, or too many.
    #[error("the sound has {0} samples a second; only 1 000 to 768 000 can be resampled")]
    Rate(u32),
    /// Sound without a channel.
    #[error("the sound has no channel")]
    NoChannel,
}

/// Mixes sound down to mono and brings it to 48 kHz or another rate, as a stream.
///
/// Mono is the mean of the channels. Sample `i` of the output is the sound at `i / 48 000` s after
/// the first sample of the input: the filter's delay is taken off. What is before the first sample
/// and behind the last counts as silence. The output does not depend on how the input is cut into
/// pieces, to the last bit; sound that has the wanted rate already keeps its samples as they are.
///
/// The filter is a Kaiser-windowed sinc over 128 samples of the lower of both rates: flat within
/// 0.01 dB up to 0.9 of the lower Nyquist frequency, and 99 dB down from that frequency on.
///
/// ```
/// use sonoscope_operators::MonoResampler;
///
/// let mut resampler = MonoResampler::new(44_100, 2)?;
/// let stereo: Vec<f32> = (0..44_100)
///     .flat_map(|i| [1.0, 0.5].map(|gain| gain * (i as f32 * 440.0 * std::f32::consts::TAU / 44_100.0).sin()))
///     .collect();
/// let mut mono = Vec::new();
/// for piece in stereo.chunks(2_048) {
///     resampler.push(piece, &mut mono);
/// }
/// resampler.finish(&mut mono);
/// assert_eq!(mono.len(), 48_000);
/// let wanted = 0.75 * (24_000.0 * 440.0 * std::f32::consts::TAU / 48_000.0).sin();
/// assert!((mono[24_000] - wanted).abs() < 1e-3);
/// # Ok::<(), sonoscope_operators::ResampleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MonoResampler {
    mixer: Mixer,
    /// None where the rate is right already.
    converter: Option<Converter>,
}

impl MonoResampler {
    /// For interleaved sound of `rate_hz` samples a second and so many channels.
    ///
    /// # Errors
    /// If there is no channel, or the rate is not within 1 kHz to 768 kHz.
    pub fn new(rate_hz: u32, channels: usize) -> Result<Self, ResampleError> {
        Self::to_rate(OUT_HZ, rate_hz, channels)
    }

    /// The same to a rate other than 48 kHz.
    ///
    /// # Errors
    /// If there is no channel, or one of the rates is not within 1 kHz to 768 kHz.
    pub fn to_rate(out_hz: u32, rate_hz: u32, channels: usize) -> Result<Self, ResampleError> {
        let possible = 1_000..=768_000;
        if let Some(wrong) = [rate_hz, out_hz]
            .into_iter()
            .find(|hz| !possible.contains(hz))
        {
            return Err(ResampleError::Rate(wrong));
        }
        if channels == 0 {
            return Err(ResampleError::NoChannel);
        }
        Ok(Self {
            mixer: Mixer::new(channels),
            converter: (rate_hz != out_hz).then(|| Converter::new(rate_hz, out_hz)),
        })
    }

    /// Takes more of the input, which may end in the midst of a frame of channels, and appends
    /// what can be said of the output to `out`.
    pub fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) {
        match &mut self.converter {
            None => self.mixer.mix(interleaved, out),
            Some(converter) => {
                self.mixer.mix(interleaved, converter.input());
                converter.convert(out);
            }
        }
    }

    /// Appends the rest, as nothing more will come: in all there are
    /// `round(frames * out_hz / rate_hz)` samples. Then it is ready for another sound.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        self.mixer.unfinished.clear();
        if let Some(converter) = &mut self.converter {
            converter.finish(out);
        }
    }
}

/// Interleaved channels to their mean.
#[derive(Clone, Debug)]
struct Mixer {
    channels: usize,
    /// The beginning of a frame of which the rest has not come yet.
    unfinished: Vec<f32>,
}

impl Mixer {
    fn new(channels: usize) -> Self {
        Self {
            channels,
            unfinished: Vec::with_capacity(channels),
        }
    }

    fn mix(&mut self, mut interleaved: &[f32], mono: &mut Vec<f32>) {
        if !self.unfinished.is_empty() {
            let missing = (self.channels - self.unfinished.len()).min(interleaved.len());
            let (end, rest) = interleaved.split_at(missing);
            self.unfinished.extend_from_slice(end);
            interleaved = rest;
            if self.unfinished.len() < self.channels {
                return;
            }
            mono.push(mean(&self.unfinished));
            self.unfinished.clear();
        }
        let frames = interleaved.chunks_exact(self.channels);
        self.unfinished.extend_from_slice(frames.remainder());
        match self.channels {
            1 => mono.extend_from_slice(interleaved),
            2 => mono.extend(
                interleaved
                    .as_chunks::<2>()
                    .0
                    .iter()
                    .map(|frame| mean(frame)),
            ),
            _ => mono.extend(frames.map(mean)),
        }
    }
}

fn mean(frame: &[f32]) -> f32 {
    frame.iter().sum::<f32>() / frame.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_without_vectors_give_the_same() {
        let sound: Vec<f32> = (0..3_000).map(|i| (i as f32 * 0.37).sin()).collect();
        for rate_hz in [8_000, 44_100, 44_101, 96_000] {
            let mut vectors = MonoResampler::new(rate_hz, 1).unwrap();
            let mut scalars = vectors.clone();
            scalars.converter.as_mut().unwrap().without_vectors();
            let [mut ours, mut theirs] = [(); 2].map(|()| Vec::new());
            vectors.push(&sound, &mut ours);
            scalars.push(&sound, &mut theirs);
            assert!(ours.len() > 1_000 && ours.len() == theirs.len());
            assert!(
                ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-6),
                "{rate_hz} Hz"
            );
        }
    }
}
