//! Resampled sound against the sines that it should be, and against a plain loop.

use std::f64::consts::{PI, TAU};

use proptest::prelude::*;
use sonoscope_operators::{MonoResampler, ResampleError};

const RATES_HZ: [u32; 14] = [
    1_000, 8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 44_101, 47_999, 48_001, 88_200, 96_000,
    192_000, 768_000,
];

fn resample(rate_hz: u32, channels: usize, interleaved: &[f32]) -> Vec<f32> {
    let mut resampler = MonoResampler::new(rate_hz, channels).expect("a rate in range");
    let mut mono = Vec::new();
    resampler.push(interleaved, &mut mono);
    resampler.finish(&mut mono);
    mono
}

fn sine(rate_hz: u32, frequency_hz: f64, samples: usize) -> Vec<f32> {
    let time_s = |i| f64::from(i) / f64::from(rate_hz);
    (0..samples as u32)
        .map(|i| (TAU * frequency_hz * time_s(i)).sin() as f32)
        .collect()
}

/// The greatest difference, in dB below full scale, with 128 samples of the lower rate left out
/// at either end.
fn error_db(rate_hz: u32, ours: &[f32], wanted: &[f32]) -> f64 {
    assert_eq!(ours.len(), wanted.len());
    let edge = 128 * 48_000 / rate_hz.min(48_000) as usize;
    let inner = edge..ours.len() - edge;
    assert!(inner.len() > 400, "nothing left to compare");
    let pairs = ours[inner.clone()].iter().zip(&wanted[inner]);
    let worst = pairs
        .map(|(a, b)| f64::from((a - b).abs()))
        .fold(1e-9, f64::max);
    20.0 * worst.log10()
}

#[test]
fn sines_stay_sines_where_they_were() {
    for rate_hz in RATES_HZ {
        let nyquist_hz = f64::from(rate_hz.min(48_000)) / 2.0;
        let seconds_of_input = if rate_hz == 1_000 { 1.0 } else { 0.1 };
        for share in [0.01, 0.3, 0.7, 0.9] {
            let input = sine(
                rate_hz,
                share * nyquist_hz,
                (f64::from(rate_hz) * seconds_of_input) as usize,
            );
            let ours = resample(rate_hz, 1, &input);
            let ideal = sine(48_000, share * nyquist_hz, ours.len());
            let error = error_db(rate_hz, &ours, &ideal);
            println!("{rate_hz} Hz, {share} of Nyquist: {error:.0} dB");
            assert!(
                error < -60.0,
                "{rate_hz} Hz, {share} of Nyquist: {error} dB"
            );
        }
    }
}

#[test]
fn what_48_khz_cannot_hold_is_gone() {
    for (rate_hz, frequency_hz) in [(96_000, 24_100.0), (96_000, 40_000.0), (192_000, 30_000.0)] {
        let ours = resample(
            rate_hz,
            1,
            &sine(rate_hz, frequency_hz, rate_hz as usize / 10),
        );
        let left = error_db(rate_hz, &ours, &vec![0.0; ours.len()]);
        println!("{frequency_hz} Hz at {rate_hz} Hz: {left:.0} dB");
        assert!(left < -80.0, "{frequency_hz} Hz at {rate_hz} Hz: {left} dB");
    }
}

/// A windowed sinc at the exact time of every output sample, in `f64`, edges and all.
fn plain(rate_hz: u32, input: &[f32]) -> Vec<f64> {
    let rate = f64::from(rate_hz);
    let stretch = (rate / 48_000.0).max(1.0);
    let bessel = |x: f64| {
        (0..60).rev().fold(1.0, |sum, k| {
            1.0 + sum * (x / 2.0 / f64::from(k + 1)).powi(2)
        })
    };
    let low_pass = |x: f64| {
        let window = bessel(10.06 * (1.0 - (x / 64.0).powi(2)).max(0.0).sqrt());
        let sinc = if x == 0.0 {
            1.0
        } else {
            (0.95 * PI * x).sin() / (0.95 * PI * x)
        };
        if x.abs() < 64.0 { window * sinc } else { 0.0 }
    };
    (0..(input.len() as f64 * 48_000.0 / rate).round() as usize)
        .map(|i| i as f64 * rate / 48_000.0)
        .map(|at| {
            let reach = (64.0 * stretch).ceil();
            let (first, last) = ((at - reach).floor() as i64, (at + reach).ceil() as i64);
            let (mut sum, mut gain) = (0.0, 0.0);
            for x in first..=last {
                let weight = low_pass((x as f64 - at) / stretch);
                let sample = usize::try_from(x).ok().and_then(|x| input.get(x));
                sum += weight * f64::from(*sample.unwrap_or(&0.0));
                gain += weight;
            }
            sum / gain
        })
        .collect()
}

/// Numbers from -1 to 1.
fn noise(seed: u32, samples: usize) -> Vec<f32> {
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let states = std::iter::successors(Some(seed), next);
    states
        .map(|state| (state >> 8) as f32 / 8_388_608.0 - 1.0)
        .take(samples)
        .collect()
}

#[test]
fn noise_is_as_the_plain_loop_has_it_to_its_edges() {
    for rate_hz in RATES_HZ {
        let input = noise(rate_hz, (rate_hz / 100) as usize);
        let (ours, plain) = (resample(rate_hz, 1, &input), plain(rate_hz, &input));
        assert_eq!(ours.len(), plain.len());
        let errors = ours
            .iter()
            .zip(plain)
            .map(|(ours, plain)| (f64::from(*ours) - plain).abs());
        let worst = errors.fold(0.0, f64::max);
        println!("{rate_hz} Hz: {worst:.1e}");
        assert!(worst < 1e-5, "{rate_hz} Hz: {worst}");
    }
}

#[test]
fn sound_at_48_khz_keeps_its_samples() {
    let sound = noise(1, 1_000);
    assert_eq!(resample(48_000, 1, &sound), sound);
}

#[test]
fn mono_is_the_mean_of_the_channels() {
    assert_eq!(resample(48_000, 2, &[1.0, 0.5, -1.0, 0.0]), [0.75, -0.5]);
    assert_eq!(
        resample(48_000, 3, &[1.0, 2.0, 6.0, 0.0, 0.0, 3.0]),
        [3.0, 1.0]
    );
    let mono = noise(2, 500);
    for channels in 1..=8 {
        let all: Vec<f32> = mono
            .iter()
            .flat_map(|sample| vec![*sample; channels])
            .collect();
        let pairs = resample(44_100, channels, &all)
            .into_iter()
            .zip(resample(44_100, 1, &mono));
        assert!(
            pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-5),
            "{channels} channels"
        );
    }
}

#[test]
fn sound_that_cannot_be_resampled_is_refused() {
    let error = |rate_hz, channels| MonoResampler::new(rate_hz, channels).map(drop);
    assert_eq!(error(999, 1), Err(ResampleError::Rate(999)));
    assert_eq!(error(768_001, 1), Err(ResampleError::Rate(768_001)));
    assert_eq!(error(48_000, 0), Err(ResampleError::NoChannel));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    /// Cuts may lie anywhere, within a frame of channels too; and a resampler can be used again.
    #[test]
    fn pieces_give_what_the_whole_gives(
        rate_hz in prop::sample::select(RATES_HZ.iter().copied().chain([48_000]).collect::<Vec<_>>()),
        channels in 1_usize..=8,
        frames in 0_usize..3_000,
        pieces in prop::collection::vec(0_usize..4_000, 1..8),
    ) {
        let input = noise(rate_hz, frames * channels);
        let whole = resample(rate_hz, channels, &input);
        let wanted = (frames as f64 * 48_000.0 / f64::from(rate_hz)).round() as usize;
        prop_assert_eq!(whole.len(), wanted);

        let mut resampler = MonoResampler::new(rate_hz, channels).unwrap();
        for _again in 0..2 {
            let (mut rest, mut cut) = (&input[..], Vec::new());
            for piece in pieces.iter().cycle().take(100) {
                let (first, others) = rest.split_at((*piece).min(rest.len()));
                resampler.push(first, &mut cut);
                rest = others;
            }
            resampler.push(rest, &mut cut);
            resampler.finish(&mut cut);
            prop_assert_eq!(&cut, &whole);
        }
    }
}
