//! A cloud and the rain that falls from it; a hiss full of drops.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "rain",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 1.0..4.0,
        rest_s: 0.1..0.3,
        melody: 0.0,
    },
    action: Action::Cycle(2.5),
};

fn look(canvas: &mut Canvas, pose: f32) {
    for (ink, thickness) in [(Dark, 0.16), (Light, 0.08)] {
        canvas.mark(ink, move |p| {
            let below = both(0.08 - p.y, both(p.y - 1.0, p.x.abs() - 0.8));
            both(falling_drop(p, pose, thickness), below)
        });
    }
    canvas.textured_part(
        |p| {
            let puffs = [
                disc(p - at(-0.5, -0.28), 0.4),
                disc(p - at(0.05, -0.5), 0.48),
                disc(p - at(0.55, -0.25), 0.38),
            ];
            let puffs = puffs
                .into_iter()
                .reduce(|a, b| melted(a, b, 0.1))
                .unwrap_or(1.0);
            melted(puffs, slab(p - at(0.0, -0.08), at(0.92, 0.22), 0.2), 0.1)
        },
        |p| {
            let curl = ring(in_cell(p + at(0.1, 0.04), 0.46), 0.14, 0.05);
            if curl < 0.0 { Shade } else { Body }
        },
    );
}

/// Drops in columns, each column a little lower than the one before.
fn falling_drop(p: Point, pose: f32, thickness: f32) -> f32 {
    let column = (p.x / 0.32).floor();
    let fallen = 0.4 * pose + 0.17 * column;
    let drop = at(
        (p.x / 0.32 - column - 0.5) * 0.32,
        in_cell(at(0.0, p.y - fallen), 0.4).y,
    );
    stroke(drop, at(0.0, -0.08), at(0.0, 0.08), thickness)
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let mut hiss = Resonance::at(voice.tone(4_000.0..7_500.0), 5_000.0);
    let mut puddle = Resonance::at(voice.tone(900.0..2_200.0), 350.0);
    let drops_per_sample = voice.tone(60.0..250.0) / RATE;
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.1, 0.1);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let white = voice.dice.white();
        let falls = voice.dice.between(0.0..1.0) < drops_per_sample;
        let drop = if falls { 30.0 * white } else { 0.0 };
        *sample += loudness * (hiss.step(white) + puddle.step(drop));
    }
}
