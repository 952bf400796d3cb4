//! Bands of pitch against NumPy's account of what OpenL3 hears, and against a plain loop over the
//! definition.

#[path = "golden/sounds.rs"]
mod sounds;

use std::f64::consts::TAU;

use sonoscope_models::{AudioContract, MelContract, MelFilters, MelNorm, MelScale, Reference};
use sonoscope_operators::{MelSpectrogram, SpectrogramError};

const GOLDEN: &[u8] = include_bytes!("golden/mel.npy");
const FRAMES: [usize; 12] = [0, 1, 2, 3, 7, 8, 98, 150, 191, 192, 195, 196];
const ROW_STEP: usize = 5;
const SOUNDS: [&str; 4] = ["silence", "noise", "full-scale tone between bins", "chirp"];

fn audio() -> AudioContract {
    AudioContract {
        rate_hz: 48_000,
        window_samples: 48_000,
        full_scale: 1.0,
    }
}

/// With 256 bands, as OpenL3 was trained.
fn trained() -> MelContract {
    MelContract {
        fft_samples: 2_048,
        hop_samples: 242,
        pad_samples: [982, 982],
        power: 2,
        filters: Some(MelFilters {
            scale: MelScale::Htk,
            norm: MelNorm::Slaney,
            min_hz: 0.0,
            max_hz: 24_000.0,
        }),
        root: true,
        bins: 256,
        frames: 199,
        floor: 1e-10,
        reference: Reference::Loudest,
        range_db: 80.0,
    }
}

/// As OpenL3 0.4 has it: Slaney's scale, magnitudes, zeros only behind.
fn newer() -> MelContract {
    let filters = trained().filters.map(|filters| MelFilters {
        scale: MelScale::Slaney,
        ..filters
    });
    MelContract {
        pad_samples: [0, 1_964],
        power: 1,
        filters,
        root: false,
        ..trained()
    }
}

fn linear() -> MelContract {
    MelContract {
        fft_samples: 512,
        pad_samples: [0, 0],
        power: 1,
        filters: None,
        root: false,
        bins: 257,
        frames: 197,
        ..trained()
    }
}

fn levels_db(audio: &AudioContract, contract: &MelContract, sound: &[f32]) -> Vec<f32> {
    let mut out = vec![f32::NAN; contract.bins * contract.frames];
    let mut mel = MelSpectrogram::new(audio, contract).expect("a contract in order");
    mel.compute(sound, &mut out);
    out
}

#[test]
fn levels_are_numpys_to_a_thousandth_of_a_decibel() {
    let bands_128 = MelContract {
        bins: 128,
        ..trained()
    };
    let mut golden = npy_f32(GOLDEN).into_iter();
    let sounds = sounds::sounds();
    for contract in [trained(), bands_128, newer(), linear()] {
        for name in SOUNDS {
            let (_, sound) = (sounds.iter().find(|sound| sound.0 == name)).expect("is made");
            let levels = levels_db(&audio(), &contract, sound);
            for frame in FRAMES {
                for row in (0..contract.bins).step_by(ROW_STEP) {
                    let numpys = golden.next().expect("a level for each");
                    let ours = levels[row * contract.frames + frame];
                    assert!(
                        (ours - numpys).abs() < 1e-3,
                        "{name}, frame {frame}, row {row}: {ours}, not {numpys}"
                    );
                }
            }
        }
    }
    assert_eq!(golden.next(), None);
}

/// The numbers of an array that `numpy.save` wrote: a line of text that ends its header, then data.
fn npy_f32(file: &[u8]) -> Vec<f32> {
    let header = file.iter().position(|byte| *byte == b'\n');
    let (numbers, rest) = file[header.expect("a header") + 1..].as_chunks::<4>();
    assert!(rest.is_empty());
    numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect()
}

/// A contract of another shape: few bands of a part of the spectrum, one high, above 1.
fn small() -> (AudioContract, MelContract) {
    let audio = AudioContract {
        rate_hz: 1_000,
        window_samples: 1_000,
        full_scale: 100.0,
    };
    let contract = MelContract {
        fft_samples: 64,
        hop_samples: 31,
        pad_samples: [5, 40],
        power: 2,
        filters: Some(MelFilters {
            scale: MelScale::Htk,
            norm: MelNorm::None,
            min_hz: 50.0,
            max_hz: 400.0,
        }),
        root: false,
        bins: 7,
        frames: 32,
        floor: 1e-3,
        reference: Reference::One,
        range_db: 30.0,
    };
    (audio, contract)
}

/// The definition of [`small`], word for word.
fn plain_db(audio: &AudioContract, contract: &MelContract, sound: &[f32]) -> Vec<f64> {
    let n = contract.fft_samples;
    let [before, behind] = contract.pad_samples;
    let scaled = |sample: &f32| f64::from(*sample) * f64::from(audio.full_scale);
    let mut padded = vec![0.0; before];
    padded.extend(sound.iter().map(scaled));
    padded.extend(vec![0.0; behind]);
    let filters = contract.filters.as_ref().expect("bands");
    let mel = |hz: f64| 2_595.0 * (1.0 + hz / 700.0).log10();
    let step = (mel(filters.max_hz) - mel(filters.min_hz)) / (contract.bins + 1) as f64;
    let mut levels = vec![0.0; contract.bins * contract.frames];
    for frame in 0..contract.frames {
        for band in 0..contract.bins {
            let corner = |k: usize| {
                let pitch = mel(filters.min_hz) + step * (band + k) as f64;
                700.0 * (10_f64.powf(pitch / 2_595.0) - 1.0)
            };
            let mut sum = 0.0;
            for bin in 0..=n / 2 {
                let hz = bin as f64 * f64::from(audio.rate_hz) / n as f64;
                let weight = if hz <= corner(0) || hz >= corner(2) {
                    0.0
                } else if hz <= corner(1) {
                    (hz - corner(0)) / (corner(1) - corner(0))
                } else {
                    (corner(2) - hz) / (corner(2) - corner(1))
                };
                let (mut re, mut im) = (0.0, 0.0);
                for i in 0..n {
                    let angle = TAU * ((bin * i) % n) as f64 / n as f64;
                    let hann = (TAU / 2.0 * i as f64 / n as f64).sin().powi(2);
                    let sample = padded[frame * contract.hop_samples + i] * hann;
                    re += sample * angle.cos();
                    im -= sample * angle.sin();
                }
                sum += weight * (re * re + im * im);
            }
            let level = 10.0 * sum.max(contract.floor).log10();
            levels[band * contract.frames + frame] = level;
        }
    }
    let loudest = levels.iter().copied().fold(f64::MIN, f64::max);
    levels
        .iter()
        .map(|level| level.max(loudest - contract.range_db))
        .collect()
}

#[test]
fn another_shape_is_as_the_plain_loop_has_it() {
    let (audio, contract) = small();
    let sound: Vec<f32> = (0..1_000)
        .map(|i| (i as f32 * i as f32 * 4e-4).sin() * (i as f32 / 500.0).min(1.0))
        .collect();
    let plain = plain_db(&audio, &contract, &sound);
    for (ours, plain) in levels_db(&audio, &contract, &sound).iter().zip(&plain) {
        assert!(
            (f64::from(*ours) - plain).abs() < 1e-3,
            "{ours}, not {plain}"
        );
    }
    let loudest = plain.iter().copied().fold(f64::MIN, f64::max);
    assert!(loudest > 10.0, "above 1");
    assert!(plain.contains(&(loudest - 30.0)), "the range is met");
}

#[test]
fn a_second_sound_leaves_no_trace_of_the_first_and_no_number_stays_none() {
    let (audio, contract) = small();
    let mut mel = MelSpectrogram::new(&audio, &contract).expect("in order");
    let loud: Vec<f32> = (0..1_000).map(|i| (i as f32 * 0.7).sin()).collect();
    let quiet: Vec<f32> = loud.iter().map(|sample| 0.1 * sample).collect();
    let [mut after, mut alone] = [(); 2].map(|()| vec![0.0; 7 * 32]);
    mel.clone().compute(&quiet, &mut alone);
    mel.compute(&loud, &mut after);
    mel.compute(&quiet, &mut after);
    assert_eq!(after, alone);

    let mut broken = loud;
    broken[500] = f32::NAN;
    mel.compute(&broken, &mut after);
    // Frame 16 begins 16 * 31 - 5 samples into the sound, frame 0 before it.
    assert!(after[16].is_nan());
    assert!(after[0].is_finite());
}

#[test]
fn a_contract_that_contradicts_itself_is_refused() {
    let refused = |change: fn(&mut MelContract)| {
        let (audio, mut contract) = small();
        change(&mut contract);
        MelSpectrogram::new(&audio, &contract).expect_err("a contradiction")
    };
    let error = refused(|c| c.fft_samples = 60);
    assert_eq!(error, SpectrogramError::FftLength(60));
    let error = refused(|c| c.fft_samples = 2_048);
    assert!(matches!(error, SpectrogramError::Window { .. }), "{error}");
    let (said, given) = ([7, 31], [7, 32]);
    let error = refused(|c| c.frames = 31);
    assert_eq!(error, SpectrogramError::Shape { said, given });
    let error = refused(|c| c.filters = None);
    assert!(
        matches!(
            error,
            SpectrogramError::Shape {
                given: [33, 32],
                ..
            }
        ),
        "{error}"
    );
    for (field, change) in [
        (
            "hop_samples",
            (|c| c.hop_samples = 0) as fn(&mut MelContract),
        ),
        ("floor", |c| c.floor = 0.0),
        ("range_db", |c| c.range_db = -1.0),
    ] {
        let error = refused(change);
        assert!(
            matches!(error, SpectrogramError::Range { name, .. } if name == field),
            "{error}"
        );
    }
}
