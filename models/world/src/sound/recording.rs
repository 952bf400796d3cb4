//! The recording: an object's sound at some level, in some noise, as a microphone had it.

use crate::{
    random::{Dice, Throw},
    sound::{
        RATE, RATE_HZ,
        blocks::{LowPass, sine},
    },
};

/// How far above the noise the object is while it sounds.
const SNR_DB: std::ops::Range<f32> = 5.0..25.0;

/// How loud the object is recorded while it sounds, relative to full scale.
const LEVEL_DB: std::ops::Range<f32> = -34.0..-16.0;

/// From here on, peaks are rounded off.
const KNEE: f32 = 0.7;

/// Records an object's sound: sets its level, adds noise, and keeps it under full scale. Level and
/// noise come from the dice alone, so they tell nothing of the class.
pub(crate) fn record(mut samples: Vec<f32>, silent: &[bool], dice: &mut Dice) -> Vec<f32> {
    let level = gain_from_db(dice.between(LEVEL_DB));
    let noise_level = level * gain_from_db(-dice.between(SNR_DB));
    scale_to(&mut samples, level, silent);
    let mut noise = room_noise(samples.len(), dice);
    scale_to(&mut noise, noise_level, &[]);
    for (sample, noise) in samples.iter_mut().zip(noise) {
        *sample = limited(*sample + noise);
    }
    samples
}

/// The root of the mean square over seconds that are not silent.
pub(crate) fn level_of(samples: &[f32], silent: &[bool]) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for (second, samples) in samples.chunks(RATE_HZ as usize).enumerate() {
        if !silent.get(second).copied().unwrap_or(false) {
            sum += samples.iter().map(|s| f64::from(s * s)).sum::<f64>();
            count += samples.len();
        }
    }
    (sum / count.max(1) as f64).sqrt() as f32
}

fn scale_to(samples: &mut [f32], level: f32, silent: &[bool]) {
    let present = level_of(samples, silent);
    if present > 0.0 {
        let gain = level / present;
        samples.iter_mut().for_each(|sample| *sample *= gain);
    }
}

/// Noise between a rumble and a hiss, that comes and goes a little.
fn room_noise(length: usize, dice: &mut Dice) -> Vec<f32> {
    let mut rumble = LowPass::at(dice.between_log(80.0..1_500.0));
    let (hiss, depth) = (dice.between(0.0..0.5), dice.between(0.0..0.4));
    let (hz, turns) = (dice.between(0.1..0.8), dice.between(0.0..1.0));
    let noise = |index: usize| {
        let white = dice.white();
        let drift = 1.0 + depth * sine(index as f32 / RATE * hz + turns);
        drift * (4.0 * rumble.step(white) + hiss * white)
    };
    (0..length).map(noise).collect()
}

fn limited(sample: f32) -> f32 {
    let over = sample.abs() - KNEE;
    if over <= 0.0 {
        return sample;
    }
    let room = 1.0 - KNEE;
    sample.signum() * (KNEE + room * over / (over + room))
}

fn gain_from_db(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}
