//! The truth held against what is painted and sounded.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use super::*;
use crate::Difficulty;

fn small_world() -> World {
    World {
        size: (160, 120),
        fps: 10,
        seconds: 4,
        silent_share: 0.4,
        ..World::default()
    }
}

/// The box of pixels that change when the sounding object is taken away.
fn painted_bounds(clip: &Clip, frame: u32) -> Option<[u32; 4]> {
    let mut with = vec![0; clip.frame_bytes()];
    let mut stage = clip.build_stage();
    // What stands in front would hide a part of it.
    stage.actors.truncate(stage.sounding + 1);
    let (width, height) = clip.world.size;
    let show = |rgb: &mut [u8], stage: &Stage| {
        let mut frame_of = Frame {
            width: width as usize,
            height: height as usize,
            rgb,
        };
        stage.show(clip.time_s(frame), &mut frame_of);
    };
    show(&mut with, &stage);
    stage.actors.pop();
    let mut without = vec![0; clip.frame_bytes()];
    show(&mut without, &stage);
    let mut bounds: Option<[u32; 4]> = None;
    for (index, (a, b)) in with.chunks(3).zip(without.chunks(3)).enumerate() {
        if a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > 8) {
            let (x, y) = (index as u32 % width, index as u32 / width);
            let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
            bounds = Some([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)]);
        }
    }
    bounds
}

#[test]
fn boxes_hold_the_object_tightly() {
    let world = World {
        off_screen_share: 0.0,
        ..small_world()
    };
    for index in 0..CLASSES.len() as u64 {
        let clip = world.clip(index);
        for second in clip.truth().seconds {
            let told = second.bounds.unwrap();
            let seen = painted_bounds(&clip, clip.middle_frame(second.second)).unwrap();
            // A soft shadow is seen around the object, but is not in the box.
            let shadow_px = 8;
            for (told, seen) in told.into_iter().zip(seen) {
                let class = clip.class();
                assert!(
                    told.abs_diff(seen) <= shadow_px,
                    "{class} {index}: {told} {seen}"
                );
            }
        }
    }
}

#[test]
fn the_object_is_heard_in_sounding_seconds_and_in_no_other() {
    for index in 0..2 * CLASSES.len() as u64 {
        let clip = small_world().clip(index);
        let samples = clip.object_audio();
        let seconds = samples.chunks(48_000).zip(&clip.plan.silent);
        for (second, (samples, silent)) in seconds.enumerate() {
            let peak = samples
                .iter()
                .fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
            let class = clip.class();
            assert!(
                if *silent { peak == 0.0 } else { peak > 0.03 },
                "{class}: {second} {peak}"
            );
        }
    }
}

#[test]
fn the_sounding_body_rests_in_silent_seconds() {
    for index in 0..2 * CLASSES.len() as u64 {
        let clip = small_world().clip(index);
        for (second, silent) in clip.plan.silent.iter().enumerate() {
            let poses = (0..10).map(|tenth| {
                let time_s = second as f32 + tenth as f32 / 10.0 + 0.01;
                clip.score.excitement(time_s) + clip.score.pose(clip.plan.class.action, time_s)
            });
            assert_eq!(
                poses.sum::<f32>() == 0.0,
                *silent,
                "{} {second}",
                clip.class()
            );
        }
    }
}

#[test]
fn recordings_keep_to_their_noise() {
    for index in 0..CLASSES.len() as u64 {
        let clip = small_world().clip(index);
        if !clip.plan.silent.contains(&true) {
            continue;
        }
        let audio = clip.audio();
        let loud: Vec<bool> = clip.plan.silent.iter().map(|silent| !silent).collect();
        let sounding = recording::level_of(&audio, &clip.plan.silent);
        let resting = recording::level_of(&audio, &loud);
        let ratio_db = 20.0 * (sounding / resting).log10();
        // 5 to 25 dB of signal over noise, the noise counted in both, and drifting.
        assert!(
            (3.0..28.0).contains(&ratio_db),
            "{}: {ratio_db} dB",
            clip.class()
        );
        assert!(audio.iter().all(|sample| sample.abs() <= 1.0));
    }
}

#[test]
fn objects_have_the_sizes_of_their_difficulty() {
    for difficulty in [Difficulty::Easy, Difficulty::Hard] {
        let world = World {
            difficulty,
            off_screen_share: 0.0,
            ..small_world()
        };
        let largest = difficulty.object_size().end * 120.0;
        for index in 0..2 * CLASSES.len() as u64 {
            let [left, top, right, bottom] = world.clip(index).truth().seconds[0].bounds.unwrap();
            let size = (right - left).max(bottom - top) as f32;
            // Tilted, grown and with what sticks out, at most a third larger than drawn.
            assert!(
                size < largest * 1.34 && size > 10.0,
                "{difficulty:?} {size}"
            );
        }
    }
}
