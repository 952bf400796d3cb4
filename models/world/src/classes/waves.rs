//! Waves that rise and roll on; noise that swells from a roar to foam, and runs out.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "waves",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 1.0..3.0,
        rest_s: 0.05..0.25,
        melody: 0.15,
    },
    action: Action::Once,
};

/// From one crest to the next.
const CREST_TO_CREST: f32 = 0.8;

fn look(canvas: &mut Canvas, pose: f32) {
    let height = 0.2 + 0.3 * (pose * std::f32::consts::PI).sin();
    for (ink, level, way) in [(Shade, -0.25, 1.0), (Body, 0.15, -1.0), (Accent, 0.55, 1.0)] {
        let depth = move |p: Point| {
            let leaning = 0.5 * way * (p.y - level);
            let along = (p.x + leaning - way * pose * CREST_TO_CREST) / CREST_TO_CREST;
            let trough = (along * std::f32::consts::PI).sin().abs();
            p.y - (level - height * (1.0 - trough))
        };
        canvas.textured_part(
            move |p| {
                let block = slab(p - at(0.0, 0.1), at(1.0, 0.85), 0.15);
                both(block, -0.7 * depth(p))
            },
            move |p| {
                if on_stripe(depth(p), 0.24, 0.4) {
                    Light
                } else {
                    ink
                }
            },
        );
    }
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let bright = voice.hz(1_600.0..3_200.0, note);
    let (mut roar, mut foam) = (
        LowPass::at(voice.tone(250.0..600.0)),
        Resonance::at(bright, bright),
    );
    let mut fizz = Resonance::at(7_500.0, 4_000.0);
    for (index, sample) in out.iter_mut().enumerate() {
        let share = index as f32 / RATE / note.length_s;
        if share >= 1.0 {
            break;
        }
        let white = voice.dice.white();
        let rising = sine(share / 2.0);
        let breaking = sine((share - 0.25).max(0.0) / 1.5).powi(3);
        let running_out = share * share * (1.0 - share);
        *sample += 1.5 * rising * rising * roar.step(white)
            + breaking * foam.step(white)
            + running_out * fizz.step(white);
    }
}
