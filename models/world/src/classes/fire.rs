//! Flames that leap from two logs; crackles, sparse and sharp, over a low hiss.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "fire",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.15..0.5,
        rest_s: 0.03..0.15,
        melody: 0.2,
    },
    action: Action::Strike(0.4),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let flames = move |p: Point| {
        let p = at(p.x + 0.07 * (5.0 * p.y + 8.0 * pose).sin(), p.y);
        let middle = tongue(p, at(0.0, 0.38), at(0.05, -0.45 - 0.6 * pose), 0.46);
        let left = tongue(p, at(-0.4, 0.5), at(-0.62, -0.02 - 0.45 * pose), 0.3);
        let right = tongue(
            p,
            at(0.42, 0.5),
            at(0.6, -0.2 - 0.3 * (5.0 * pose).sin()),
            0.28,
        );
        either(middle, either(left, right))
    };
    canvas.textured_part(flames, move |p| match flames(p) {
        depth if depth > -0.14 => Body,
        depth if depth > -0.27 => Accent,
        _ => Light,
    });
    for (from, to) in [
        (at(-0.86, 0.92), at(0.72, 0.6)),
        (at(0.86, 0.92), at(-0.72, 0.6)),
    ] {
        canvas.textured_part(
            move |p| stroke(p, from, to, 0.24),
            |p| {
                if on_stripe(p.y, 0.09, 0.35) {
                    Dark
                } else {
                    Shade
                }
            },
        );
        canvas.part(Light, move |p| disc(p - from, 0.11));
    }
}

/// A flame from its round foot to its pointed tip.
fn tongue(p: Point, foot: Point, tip: Point, half_width: f32) -> f32 {
    let (along, way) = (p - foot, tip - foot);
    let share = (along.dot(way) / way.dot(way)).clamp(0.0, 1.0);
    (along - way * share).length() - half_width * (1.0 - share)
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let (mut hiss, mut flare) = (LowPass::at(voice.tone(300.0..800.0)), Decay::over(1.6));
    let pop_hz = voice.hz(1_300.0..3_000.0, note);
    let mut wood = [(1.0, 500.0), (2.7, 1_500.0)].map(|(k, wide)| Resonance::at(k * pop_hz, wide));
    let crackles_per_sample = voice.tone(10.0..30.0) / RATE;
    for (index, sample) in out.iter_mut().enumerate() {
        let heat = flare.step();
        let cracks = voice.dice.between(0.0..1.0) < crackles_per_sample * heat || index == 0;
        let crackle = if cracks {
            90.0 * voice.dice.white().powi(3)
        } else {
            0.0
        };
        let pop: f32 = wood.iter_mut().map(|part| part.step(crackle)).sum();
        let breath = (index as f32 / (0.08 * RATE)).min(1.0);
        *sample += pop + 1.5 * breath * heat * hiss.step(voice.dice.white());
    }
}
