//! The spectrogram against scipy's, and against a plain loop over the definition.

#[path = "golden/sounds.rs"]
mod sounds;

use std::f64::consts::{PI, TAU};

use proptest::prelude::*;
use sonoscope_models::{AudioContract, SpectrogramContract};
use sonoscope_operators::{Spectrogram, SpectrogramError};

const GOLDEN: &[u8] = include_bytes!("golden/spectrograms.npy");

fn default_contract() -> (AudioContract, SpectrogramContract) {
    let audio = AudioContract {
        rate_hz: 48_000,
        window_samples: 48_000,
        full_scale: 32_768.0,
    };
    let spectrogram = SpectrogramContract {
        tukey_alpha: 0.25,
        window_samples: 480,
        hop_samples: 240,
        fft_samples: 512,
        bins: 257,
        frames: 199,
        floor: 1e-7,
        divisor: 26.68,
    };
    (audio, spectrogram)
}

/// Levels in dB, before the divisor.
fn levels_db(audio: &AudioContract, contract: &SpectrogramContract, sound: &[f32]) -> Vec<f64> {
    let mut out = vec![f32::NAN; contract.bins * contract.frames];
    let mut spectrogram = Spectrogram::new(audio, contract).expect("a contract in order");
    spectrogram.compute(sound, &mut out);
    out.iter()
        .map(|level| f64::from(*level) * f64::from(contract.divisor))
        .collect()
}

#[test]
fn levels_are_scipys_to_a_thousandth_of_a_decibel() {
    let (audio, contract) = default_contract();
    let golden_frames = (0..8).chain(95..103).chain(191..199);
    let mut golden = npy_f32(GOLDEN).into_iter();
    for (name, sound) in sounds::sounds() {
        let levels = levels_db(&audio, &contract, &sound);
        let mut worst_db = 0.0;
        for frame in golden_frames.clone() {
            for bin in 0..contract.bins {
                let scipys = golden.next().expect("a level for each");
                worst_db = f64::max(
                    worst_db,
                    (levels[bin * contract.frames + frame] - scipys).abs(),
                );
            }
        }
        println!("{name}: {worst_db:.1e} dB");
        assert!(worst_db < 1e-3, "{name} is {worst_db} dB off");
    }
    assert_eq!(golden.next(), None);
}

/// The numbers of an array that `numpy.save` wrote: a line of text that ends its header, then data.
fn npy_f32(file: &[u8]) -> Vec<f64> {
    let header = file
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a header");
    let (numbers, rest) = file[header + 1..].as_chunks::<4>();
    assert!(rest.is_empty());
    numbers
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes).into())
        .collect()
}

/// The definition, word for word.
fn plain_db(audio: &AudioContract, contract: &SpectrogramContract, sound: &[f32]) -> Vec<f64> {
    let (length, n) = (contract.window_samples, contract.fft_samples);
    let taper = contract.tukey_alpha * length as f64 / 2.0;
    let window: Vec<f64> = (0..length)
        .map(|i| {
            if i as f64 <= length as f64 / 2.0 {
                i as f64
            } else {
                (length - i) as f64
            }
        })
        .map(|x| {
            if x >= taper {
                1.0
            } else {
                (PI / 2.0 * x / taper).sin().powi(2)
            }
        })
        .map(|weight| if length == 1 { 1.0 } else { weight })
        .collect();
    let density = f64::from(audio.rate_hz) * window.iter().map(|w| w * w).sum::<f64>();
    let mut levels = vec![0.0; contract.bins * contract.frames];
    for frame in 0..contract.frames {
        let stretch: Vec<f64> = sound[frame * contract.hop_samples..][..length]
            .iter()
            .map(|sample| f64::from(*sample) * f64::from(audio.full_scale))
            .collect();
        let mean = stretch.iter().sum::<f64>() / length as f64;
        for bin in 0..contract.bins {
            let (mut re, mut im) = (0.0, 0.0);
            for i in 0..length {
                let angle = TAU * ((bin * i) % n) as f64 / n as f64;
                re += (stretch[i] - mean) * window[i] * angle.cos();
                im -= (stretch[i] - mean) * window[i] * angle.sin();
            }
            let sides = if bin == 0 || bin == n / 2 { 1.0 } else { 2.0 };
            let power = sides * (re * re + im * im) / density;
            levels[bin * contract.frames + frame] = 10.0 * (power + contract.floor).log10();
        }
    }
    levels
}

prop_compose! {
    /// Contracts of any shape, odd lengths and few frames included, and a sound for each.
    fn cases()(
        fft_exponent in 2_u32..10,
        window_share in 0.0..1.0,
        hop_samples in 1_usize..40,
        hops in 0_usize..20,
        tukey_alpha in prop_oneof![Just(0.0), Just(1.0), 0.0..1.0],
        offset in -0.5..0.5_f32,
        seed in any::<u32>(),
    ) -> (AudioContract, SpectrogramContract, Vec<f32>) {
        let fft_samples = 1 << fft_exponent;
        let window_samples = 1 + (window_share * fft_samples as f64) as usize;
        let sound_samples = window_samples + hops * hop_samples + seed as usize % hop_samples;
        let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        let sound = std::iter::successors(Some(seed), next)
            .map(|state| offset + (state >> 8) as f32 / 16_777_216.0)
            .take(sound_samples)
            .collect();
        let audio =
            AudioContract { rate_hz: 16_000, window_samples: sound_samples, full_scale: 100.0 };
        let contract = SpectrogramContract {
            tukey_alpha,
            window_samples,
            hop_samples,
            fft_samples,
            bins: fft_samples / 2 + 1,
            frames: hops + 1,
            floor: 1e-6,
            divisor: 2.0,
        };
        (audio, contract, sound)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_shape_is_as_the_plain_loop_has_it((audio, contract, sound) in cases()) {
        let plain = plain_db(&audio, &contract, &sound);
        for (ours, plain) in levels_db(&audio, &contract, &sound).iter().zip(plain) {
            prop_assert!((ours - plain).abs() < 1e-3, "{ours} dB, not {plain} dB");
        }
    }
}

#[test]
fn a_sample_that_is_no_number_spoils_its_frames_only() {
    let (audio, contract) = default_contract();
    let mut sound = vec![0.25; 48_000];
    let whole = levels_db(&audio, &contract, &sound);
    for broken in [f32::NAN, f32::INFINITY] {
        sound[24_100] = broken; // in the frames from 99 * 240 and from 100 * 240 on
        for (i, level) in levels_db(&audio, &contract, &sound).iter().enumerate() {
            let frame = i % contract.frames;
            if frame == 99 || frame == 100 {
                assert!(level.is_nan(), "frame {frame}");
            } else {
                assert_eq!(*level, whole[i], "frame {frame}");
            }
        }
    }
}

#[test]
fn a_second_sound_leaves_no_trace_of_the_first() {
    let (audio, contract) = default_contract();
    let mut spectrogram = Spectrogram::new(&audio, &contract).unwrap();
    let [first, second] = [0, 1].map(|i| sounds::sounds()[i].1.clone());
    let [mut after, mut alone] = [(); 2].map(|()| vec![0.0; 257 * 199]);
    spectrogram.clone().compute(&second, &mut alone);
    spectrogram.compute(&first, &mut after);
    spectrogram.compute(&second, &mut after);
    assert_eq!(after, alone);
}

#[test]
fn a_contract_that_contradicts_itself_is_refused() {
    let refused = |change: fn(&mut AudioContract, &mut SpectrogramContract)| {
        let (mut audio, mut contract) = default_contract();
        change(&mut audio, &mut contract);
        Spectrogram::new(&audio, &contract).expect_err("a contradiction")
    };
    assert_eq!(
        refused(|_, c| c.fft_samples = 500),
        SpectrogramError::FftLength(500)
    );
    assert_eq!(
        refused(|_, c| c.fft_samples = 2),
        SpectrogramError::FftLength(2)
    );
    let window = |error| matches!(error, SpectrogramError::Window { .. });
    assert!(window(refused(|_, c| c.window_samples = 0)));
    assert!(window(refused(|_, c| c.window_samples = 513)));
    assert!(window(refused(|audio, _| audio.window_samples = 479)));
    let (said, given) = ([257, 200], [257, 199]);
    assert_eq!(
        refused(|_, c| c.frames = 200),
        SpectrogramError::Shape { said, given }
    );
    let range = |error| match error {
        SpectrogramError::Range { name, .. } => name,
        other => panic!("{other}"),
    };
    assert_eq!(range(refused(|_, c| c.hop_samples = 0)), "hop_samples");
    assert_eq!(range(refused(|_, c| c.floor = 0.0)), "floor");
    assert_eq!(range(refused(|_, c| c.divisor = f32::NAN)), "divisor");
    assert_eq!(range(refused(|_, c| c.tukey_alpha = 1.5)), "tukey_alpha");
    assert_eq!(range(refused(|audio, _| audio.rate_hz = 0)), "rate_hz");
    assert_eq!(
        range(refused(|audio, _| audio.full_scale = 0.0)),
        "full_scale"
    );
}
