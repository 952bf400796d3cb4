//! A striped bee with beating wings; a buzz that wavers.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "bee",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.7..2.5,
        rest_s: 0.06..0.25,
        melody: 0.12,
    },
    action: Action::Cycle(8.0),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let beat = 0.12 * (pose * std::f32::consts::TAU).sin();
    for (lean, half) in [(-0.07, at(0.3, 0.56)), (0.06, at(0.26, 0.5))] {
        canvas.textured_part(
            move |p| {
                ellipse(
                    (p - at(-0.05, -0.15)).turned(lean + beat) + at(0.0, 0.48),
                    half,
                )
            },
            |p| {
                if on_stripe(p.x - 0.6 * p.y, 0.24, 0.22) {
                    Shade
                } else {
                    Light
                }
            },
        );
    }
    canvas.part(Dark, |p| {
        convex(p, &[at(-1.05, 0.3), at(-0.72, 0.14), at(-0.72, 0.44)])
    });
    canvas.textured_part(
        |p| ellipse(p - at(-0.18, 0.28), at(0.68, 0.42)),
        |p| {
            if on_stripe(p.x + 0.1 * (p.y - 0.28).powi(2), 0.36, 0.5) {
                Dark
            } else {
                Body
            }
        },
    );
    for tip in [at(0.78, -0.42), at(1.0, -0.3)] {
        canvas.mark(Dark, move |p| stroke(p, at(0.6, 0.05), tip, 0.06));
        canvas.mark(Dark, move |p| disc(p - tip, 0.07));
    }
    canvas.part(Body, |p| disc(p - at(0.58, 0.22), 0.3));
    canvas.mark(Light, |p| disc(p - at(0.68, 0.14), 0.11));
    canvas.mark(Dark, |p| disc(p - at(0.71, 0.14), 0.065));
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(150.0..320.0, note);
    let (mut wings, mut waver) = (Phase::default(), LowPass::at(6.0));
    let mut body = Resonance::at(hz * voice.tone(3.0..6.0), 900.0);
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.12, 0.12);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let drift = waver.step(voice.dice.white());
        let buzz = saw(wings.step(hz * (1.0 + 3.0 * drift)));
        *sample += loudness * (1.0 + 8.0 * drift) * (0.3 * buzz + body.step(buzz));
    }
}
