//! Matching pictures and sounds without looking or listening: whoever knows only how bright,
//! rich in contrast and colourful a picture is, and how loud, shrill and uneven a sound, must
//! guess.

use sonoscope_world::{Clip, World};

const CLIPS: usize = 12 * 60;

type Statistics = Vec<f32>;

fn picture_statistics(clip: &Clip) -> Statistics {
    let mut rgb = vec![0; clip.frame_bytes()];
    clip.frame(clip.middle_frame(0), &mut rgb);
    let mean_of = |channel: usize| {
        let values = rgb
            .iter()
            .skip(channel)
            .step_by(3)
            .map(|value| f32::from(*value));
        values.sum::<f32>() * 3.0 / rgb.len() as f32
    };
    let [red, green, blue] = [mean_of(0), mean_of(1), mean_of(2)];
    let brightness = (red + green + blue) / 3.0;
    let variance = rgb
        .iter()
        .map(|value| (f32::from(*value) - brightness).powi(2))
        .sum::<f32>();
    vec![
        brightness,
        (variance / rgb.len() as f32).sqrt(),
        red - green,
        blue - green,
    ]
}

fn sound_statistics(clip: &Clip) -> Statistics {
    let audio = clip.audio();
    let rms = (audio.iter().map(|s| s * s).sum::<f32>() / audio.len() as f32).sqrt();
    let peak = audio
        .iter()
        .fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
    let crossings = audio
        .windows(2)
        .filter(|pair| pair[0] * pair[1] < 0.0)
        .count() as f32;
    vec![rms.ln(), (peak / rms).ln(), (crossings + 1.0).ln()]
}

/// Brings each statistic to mean 0 and deviation 1.
fn standardise(items: &mut [Statistics]) {
    for k in 0..items[0].len() {
        let count = items.len() as f32;
        let mean = items.iter().map(|item| item[k]).sum::<f32>() / count;
        let variance = items
            .iter()
            .map(|item| (item[k] - mean).powi(2))
            .sum::<f32>()
            / count;
        items
            .iter_mut()
            .for_each(|item| item[k] = (item[k] - mean) / variance.sqrt());
    }
}

/// A linear probe on all products of a picture's and a sound's statistics, fitted on one half of
/// the clips: how often, in the other half, it prefers the sound of the clip to another clip's.
fn matching_accuracy(pictures: &[Statistics], sounds: &[Statistics]) -> f32 {
    let (half, all) = (pictures.len() / 2, pictures.len());
    let weight = |k: usize, l: usize| {
        (0..half)
            .map(|i| pictures[i][k] * sounds[i][l])
            .sum::<f32>()
            / half as f32
    };
    let weights: Vec<Vec<f32>> = (0..pictures[0].len())
        .map(|k| (0..sounds[0].len()).map(|l| weight(k, l)).collect())
        .collect();
    let score = |picture: &Statistics, sound: &Statistics| {
        let of = |k: usize| (0..sound.len()).map(move |l| (k, l));
        let pairs = (0..picture.len()).flat_map(of);
        pairs
            .map(|(k, l)| weights[k][l] * picture[k] * sound[l])
            .sum::<f32>()
    };
    let (mut right, mut asked) = (0, 0);
    for i in half..all {
        for step in 1..30 {
            let other = half + (i - half + step * 11) % (all - half);
            right +=
                i32::from(score(&pictures[i], &sounds[i]) > score(&pictures[i], &sounds[other]));
            asked += 1;
        }
    }
    right as f32 / asked as f32
}

#[test]
fn trivial_statistics_cannot_match_picture_to_sound() {
    let world = World {
        size: (64, 48),
        fps: 2,
        seconds: 1,
        ..World::default()
    };
    let clips: Vec<Clip> = (0..CLIPS as u64).map(|index| world.clip(index)).collect();
    let mut pictures: Vec<_> = clips.iter().map(picture_statistics).collect();
    let mut sounds: Vec<_> = clips.iter().map(sound_statistics).collect();
    standardise(&mut pictures);
    standardise(&mut sounds);
    let accuracy = matching_accuracy(&pictures, &sounds);
    assert!(
        (accuracy - 0.5).abs() < 0.06,
        "matched {accuracy} by statistics alone"
    );

    // The probe would see a leak: loud clips that are a little brighter.
    for (picture, sound) in pictures.iter_mut().zip(&sounds) {
        picture[0] += 2.0 * sound[0];
    }
    let accuracy = matching_accuracy(&pictures, &sounds);
    assert!(accuracy > 0.7, "missed a planted leak: {accuracy}");
}
