//! Contracts that contradict themselves, refused.

use sonoscope_models::{AudioContract, MelContract, SpectrogramContract};

/// A contract asks for a spectrogram that cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpectrogramError {
    /// The transform's length is no power of two, or is too short.
    #[error("the contract's fft_samples is {0}; it must be a power of two, 4 or more")]
    FftLength(usize),
    /// A frame that is empty, or longer than the transform, or than the sound.
    #[error(
        "the contract's frame of {window_samples} samples (window_samples of its spectrogram) must \
         hold at least 1 and no more than fft_samples ({fft_samples}) or the sound ({sound_samples})"
    )]
    Window {
        /// Length of a frame.
        window_samples: usize,
        /// Length of the transform.
        fft_samples: usize,
        /// Length of the sound.
        sound_samples: usize,
    },
    /// The contract's shape is not the one that its lengths give.
    #[error(
        "the contract says that a spectrogram has {said:?} bins and frames, \
         but its lengths give {given:?}; correct bins and frames, or the lengths"
    )]
    Shape {
        /// Bins and frames in the contract.
        said: [usize; 2],
        /// Bins and frames that follow from its lengths.
        given: [usize; 2],
    },
    /// A number out of its range.
    #[error("the contract's {name} is {value}; it must be {wanted}")]
    Range {
        /// The field.
        name: &'static str,
        /// What it holds.
        value: f64,
        /// What it may hold.
        wanted: &'static str,
    },
}

/// Whether a spectrogram can be made as the contract says.
pub(super) fn check(
    audio: &AudioContract,
    contract: &SpectrogramContract,
) -> Result<(), SpectrogramError> {
    check_lengths(audio, contract)?;
    check_ranges(audio, contract)
}

/// Whether a spectrogram in bands can be made as the contract says.
pub(super) fn check_mel(
    audio: &AudioContract,
    contract: &MelContract,
) -> Result<(), SpectrogramError> {
    let fft_samples = contract.fft_samples;
    let sound_samples = audio.window_samples + contract.pad_samples.iter().sum::<usize>();
    if !fft_samples.is_power_of_two() || fft_samples < 4 {
        return Err(SpectrogramError::FftLength(fft_samples));
    }
    if fft_samples > sound_samples {
        return Err(SpectrogramError::Window {
            window_samples: fft_samples,
            fft_samples,
            sound_samples,
        });
    }
    let hop_samples = contract.hop_samples as f64;
    check_range("hop_samples", hop_samples, "1 or more", |hop| hop >= 1.0)?;
    let bins = match contract.filters {
        Some(_) => contract.bins.max(1),
        None => fft_samples / 2 + 1,
    };
    let said = [contract.bins, contract.frames];
    let given = [
        bins,
        (sound_samples - fft_samples) / contract.hop_samples + 1,
    ];
    if said != given {
        return Err(SpectrogramError::Shape { said, given });
    }
    let positive = |value: f64| value.is_finite() && value > 0.0;
    check_range("floor", contract.floor, "more than 0", positive)?;
    check_range("range_db", contract.range_db, "more than 0", positive)
}

fn check_lengths(
    audio: &AudioContract,
    contract: &SpectrogramContract,
) -> Result<(), SpectrogramError> {
    let (fft_samples, window_samples) = (contract.fft_samples, contract.window_samples);
    let sound_samples = audio.window_samples;
    if !fft_samples.is_power_of_two() || fft_samples < 4 {
        return Err(SpectrogramError::FftLength(fft_samples));
    }
    if !(1..=fft_samples.min(sound_samples)).contains(&window_samples) {
        return Err(SpectrogramError::Window {
            window_samples,
            fft_samples,
            sound_samples,
        });
    }
    check_range(
        "hop_samples",
        contract.hop_samples as f64,
        "1 or more",
        |hop| hop >= 1.0,
    )?;
    let said = [contract.bins, contract.frames];
    let hops = (sound_samples - window_samples) / contract.hop_samples;
    let given = [fft_samples / 2 + 1, hops + 1];
    if said == given {
        Ok(())
    } else {
        Err(SpectrogramError::Shape { said, given })
    }
}

fn check_ranges(
    audio: &AudioContract,
    contract: &SpectrogramContract,
) -> Result<(), SpectrogramError> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    // Below this, silence would have no logarithm in f32.
    let least_floor = f64::from(f32::MIN_POSITIVE);
    check_range("rate_hz", audio.rate_hz.into(), "more than 0", positive)?;
    check_range(
        "full_scale",
        audio.full_scale.into(),
        "more than 0",
        positive,
    )?;
    check_range("divisor", contract.divisor.into(), "more than 0", positive)?;
    check_range(
        "tukey_alpha",
        contract.tukey_alpha,
        "from 0 to 1",
        |alpha| (0.0..=1.0).contains(&alpha),
    )?;
    check_range(
        "floor",
        contract.floor,
        "1.2e-38 or more, and finite",
        |floor| positive(floor) && floor >= least_floor,
    )
}

fn check_range(
    name: &'static str,
    value: f64,
    wanted: &'static str,
    holds: impl Fn(f64) -> bool,
) -> Result<(), SpectrogramError> {
    if holds(value) {
        Ok(())
    } else {
        Err(SpectrogramError::Range {
            name,
            value,
            wanted,
        })
    }
}
