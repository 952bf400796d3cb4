//! The sounds of `make_golden.py`, made by the same formulas, in the same order of operations: a
//! sample that is rounded differently is heard in the far side lobes.

use std::f64::consts::PI;

const RATE_HZ: usize = 48_000;

/// One second of each sound, with its name.
pub fn sounds() -> Vec<(&'static str, Vec<f32>)> {
    let quiet_noise = noise().map(|sample| sample / 32_768.0).collect();
    let clipped = sine(440.0)
        .zip(sine(3_217.0))
        .map(|(a, b)| (3.0 * a + 0.5 * b).clamp(-1.0, 1.0));
    [
        ("silence", vec![0.0; RATE_HZ]),
        ("noise", noise().collect()),
        ("noise of one step of 16 bits", quiet_noise),
        ("full-scale tone", sine(1_000.0).collect()),
        ("full-scale tone between bins", sine(997.3).collect()),
        ("clipping", clipped.collect()),
        (
            "hum on an offset",
            sine(60.0).map(|sample| 0.5 + 0.25 * sample).collect(),
        ),
        ("chirp", chirp().collect()),
        ("speech", speech_like().collect()),
    ]
    .map(|(name, sound)| {
        (
            name,
            sound.into_iter().map(|sample: f64| sample as f32).collect(),
        )
    })
    .into()
}

fn times_s() -> impl Iterator<Item = f64> {
    (0..RATE_HZ).map(|i| i as f64 / RATE_HZ as f64)
}

fn sine(frequency_hz: f64) -> impl Iterator<Item = f64> {
    times_s().map(move |t| (2.0 * PI * frequency_hz * t).sin())
}

fn noise() -> impl Iterator<Item = f64> {
    let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let states = std::iter::successors(next(&1), next);
    states
        .take(RATE_HZ)
        .map(|state| f64::from(state >> 8) / 8_388_608.0 - 1.0)
}

fn chirp() -> impl Iterator<Item = f64> {
    times_s().map(|t| (2.0 * PI * (50.0 * t + 11_950.0 * (t * t))).sin())
}

fn speech_like() -> impl Iterator<Item = f64> {
    times_s().zip(noise()).map(|(t, breath)| {
        let phase = 2.0 * PI * (120.0 * t + 20.0 * (t * t));
        let bell = |f_hz: f64, width_hz: f64| (-(f_hz / width_hz).powi(2)).exp();
        let formants = |f_hz| bell(f_hz - 700.0, 400.0) + 0.5 * bell(f_hz - 2_400.0, 600.0);
        let harmonic = |k| formants(140.0 * f64::from(k)) * (f64::from(k) * phase).sin();
        let syllable = (2.0 * PI * 3.0 * t).sin().max(0.0).powi(2);
        0.2 * (1..=30).map(harmonic).sum::<f64>() * syllable + 0.001 * breath
    })
}
