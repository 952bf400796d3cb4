//! A cricket that rubs its wings behind a tall hind leg; bursts of a high tone, cut up fast.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "cricket",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.18..0.7,
        rest_s: 0.1..0.4,
        melody: 0.02,
    },
    action: Action::Cycle(7.0),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let rub = (pose * std::f32::consts::TAU).sin();
    for (hip, knee, foot) in [
        (at(0.42, 0.4), at(0.72, 0.58), at(0.62, 0.98)),
        (at(0.2, 0.4), at(0.24, 0.62), at(0.1, 0.98)),
    ] {
        canvas.mark(Dark, move |p| {
            either(stroke(p, hip, knee, 0.1), stroke(p, knee, foot, 0.08))
        });
    }
    for tip in [at(0.78, -0.95), at(1.05, -0.72)] {
        canvas.mark(Dark, move |p| stroke(p, at(0.72, 0.1), tip, 0.07));
    }
    canvas.mark(Dark, |p| stroke(p, at(-0.6, 0.36), at(-1.05, 0.2), 0.08));
    canvas.part(Body, |p| ellipse(p - at(-0.12, 0.36), at(0.74, 0.22)));
    let wing = move |p: Point| (p - at(0.42, 0.18)).turned(-0.05 - 0.07 * rub);
    canvas.textured_part(
        move |p| ellipse(wing(p) + at(0.55, 0.0), at(0.62, 0.17)),
        move |p| {
            let Point { x, y } = wing(p);
            if on_stripe(x + y, 0.2, 0.3) || on_stripe(x - y, 0.2, 0.3) {
                Dark
            } else {
                Light
            }
        },
    );
    canvas.part(Accent, |p| slab(p - at(0.44, 0.26), at(0.2, 0.24), 0.1));
    canvas.part(Body, |p| ellipse(p - at(0.76, 0.26), at(0.22, 0.28)));
    canvas.mark(Light, |p| disc(p - at(0.82, 0.18), 0.1));
    canvas.mark(Dark, |p| disc(p - at(0.84, 0.18), 0.06));
    let knee = at(-0.5 - 0.14 * rub, -0.85 + 0.1 * rub);
    canvas.part(Shade, move |p| stroke(p, knee, at(-0.95, 0.95), 0.13));
    canvas.part(Accent, move |p| {
        let thigh = stroke(p, at(0.08, 0.42), knee, 0.16);
        melted(thigh, stroke(p, at(0.08, 0.42), at(-0.2, -0.2), 0.3), 0.1)
    });
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let (hz, strokes_hz) = (voice.hz(3_900.0..5_300.0, note), voice.tone(24.0..38.0));
    let (mut tone, mut wing) = (Phase::default(), Phase::default());
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.1, 0.03);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let within = wing.step(strokes_hz);
        let stroke = (1.7 * sine(within / 2.0) - 0.7).max(0.0);
        let turns = tone.step(hz * (1.01 - 0.02 * within));
        *sample += loudness * stroke * (sine(turns) + 0.12 * sine(2.0 * turns));
    }
}
