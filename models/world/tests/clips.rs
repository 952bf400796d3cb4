//! What holds of every clip.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;

use sonoscope_world::{Clip, Difficulty, Truth, World, class_names};

fn small_world() -> World {
    World {
        size: (96, 64),
        fps: 5,
        seconds: 3,
        ..World::default()
    }
}

fn picture(clip: &Clip, frame: u32) -> Vec<u8> {
    let mut rgb = vec![0; clip.frame_bytes()];
    clip.frame(frame, &mut rgb);
    rgb
}

#[test]
fn a_clip_is_a_function_of_seed_and_index() {
    for index in 0..class_names().count() as u64 {
        let (one, same) = (small_world().clip(index), small_world().clip(index));
        // In another order: nothing may depend on what was asked for before.
        let (audio, last) = (one.audio(), picture(&one, 14));
        assert_eq!(picture(&same, 14), last);
        assert_eq!(same.audio(), audio);
        assert_eq!(same.truth(), one.truth());
    }
}

#[test]
fn other_seeds_and_indices_give_other_clips() {
    let clip = small_world().clip(5);
    let other_seed = World {
        seed: 1,
        ..small_world()
    }
    .clip(5);
    for other in [other_seed, small_world().clip(6), small_world().clip(17)] {
        assert_ne!(picture(&clip, 0), picture(&other, 0));
        assert_ne!(clip.audio(), other.audio());
    }
}

#[test]
fn pictures_move() {
    for index in 0..class_names().count() as u64 {
        let clip = small_world().clip(index);
        assert_ne!(picture(&clip, 0), picture(&clip, 12), "{}", clip.class());
    }
}

#[test]
fn classes_come_equally_often_and_in_no_fixed_order() {
    let names: Vec<_> = class_names().collect();
    let runs: Vec<Vec<_>> = (0..4)
        .map(|run| {
            let start = run * names.len() as u64;
            (start..start + names.len() as u64).map(|index| small_world().clip(index).class())
        })
        .map(Iterator::collect)
        .collect();
    for run in &runs {
        let mut sorted = run.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, names);
    }
    assert_ne!(runs[0], runs[1]);
}

#[test]
fn shares_are_kept() {
    let world = World {
        off_screen_share: 0.3,
        silent_share: 0.2,
        ..small_world()
    };
    let truths: Vec<Truth> = (0..300).map(|index| world.clip(index).truth()).collect();
    let seconds: Vec<_> = truths.iter().flat_map(|truth| &truth.seconds).collect();
    let off_screen = seconds.iter().filter(|second| second.off_screen).count() as f32;
    assert!(
        (off_screen / seconds.len() as f32 - 0.3).abs() < 0.08,
        "{off_screen}"
    );
    // One second of three is never silent.
    let silent = seconds.iter().filter(|second| second.silent).count() as f32;
    assert!(
        (silent / seconds.len() as f32 - 0.2 * 2.0 / 3.0).abs() < 0.04,
        "{silent}"
    );
    for second in seconds {
        assert_eq!(second.bounds.is_none(), second.off_screen);
    }
}

#[test]
fn boxes_lie_in_the_picture() {
    let world = World {
        difficulty: Difficulty::Hard,
        ..small_world()
    };
    for index in 0..60 {
        for second in world.clip(index).truth().seconds {
            if let Some([left, top, right, bottom]) = second.bounds {
                assert!(left < right && right <= 96 && top < bottom && bottom <= 64);
            }
        }
    }
}

#[test]
fn silent_objects_have_boxes_of_their_own() {
    let world = World {
        difficulty: Difficulty::Hard,
        off_screen_share: 0.5,
        ..small_world()
    };
    let mut counts = [0; 4];
    for index in 0..60 {
        for second in world.clip(index).truth().seconds {
            counts[second.others.len()] += 1;
            assert!(!(second.off_screen && second.others.is_empty()), "{index}");
            assert!((second.others.iter()).all(|other| Some(*other) != second.bounds));
            for [left, top, right, bottom] in second.others {
                assert!(left < right && right <= 96 && top < bottom && bottom <= 64);
            }
        }
    }
    // None to two beside what sounds; one more where what sounds is off screen.
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}

#[test]
fn truth_survives_json() {
    let truth = small_world().clip(3).truth();
    let json = serde_json::to_string(&truth).unwrap();
    assert!(json.contains("\"box\":"));
    assert_eq!(serde_json::from_str::<Truth>(&json).unwrap(), truth);
}

#[test]
fn single_second_clips_always_sound() {
    let world = World {
        seconds: 1,
        silent_share: 1.0,
        ..small_world()
    };
    for index in 0..20 {
        assert!(!world.clip(index).truth().seconds[0].silent);
    }
}

#[test]
fn levels_do_not_tell_the_class() {
    let mut levels: HashMap<&str, Vec<f32>> = HashMap::new();
    for index in 0..20 * class_names().count() as u64 {
        let clip = World {
            seconds: 1,
            ..small_world()
        }
        .clip(index);
        let audio = clip.audio();
        let power = audio.iter().map(|s| s * s).sum::<f32>() / audio.len() as f32;
        levels
            .entry(clip.class())
            .or_default()
            .push(10.0 * power.log10());
    }
    for (class, levels) in levels {
        let mean_db = levels.iter().sum::<f32>() / levels.len() as f32;
        // Drawn evenly from 18 dB around -25: the mean of 20 has a deviation of 1.2 dB.
        assert!((mean_db + 25.0).abs() < 5.0, "{class}: {mean_db} dB");
    }
}
