//! A telephone with a dial, its receiver jumping; two tones in quick turns.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "telephone",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.35..0.9,
        rest_s: 0.15..0.4,
        melody: 0.0,
    },
    action: Action::Cycle(5.0),
};

fn look(canvas: &mut Canvas, pose: f32) {
    canvas.part(Body, |p| trapezoid(p - at(0.0, 0.4), 0.5, 0.92, 0.5));
    canvas.part(Shade, |p| slab(p - at(0.0, 0.86), at(0.95, 0.1), 0.06));
    let dial = at(0.0, 0.34);
    canvas.part(Light, move |p| disc(p - dial, 0.42));
    canvas.mark(Dark, move |p| {
        disc(in_sector(p - dial, 9.0) - at(0.3, 0.0), 0.075)
    });
    canvas.part(Accent, move |p| disc(p - dial, 0.17));
    let jump = (pose * std::f32::consts::TAU).sin();
    let held = move |p: Point| (p + at(0.0, 0.42 + 0.16 * jump.abs())).turned(0.025 * jump);
    canvas.part(Accent, move |p| {
        let p = held(p).folded();
        let grip = both(ring(p - at(0.0, 0.62), 0.82, 0.24), p.y);
        melted(grip, slab(p - at(0.72, 0.06), at(0.24, 0.2), 0.08), 0.1)
    });
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(650.0..1_500.0, note);
    let (other, turns_hz) = (voice.tone(1.18..1.36), voice.tone(14.0..26.0));
    let (mut tone, mut turn) = (Phase::default(), Phase::default());
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.01, 0.03);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let factor = if turn.step(turns_hz) < 0.5 {
            1.0
        } else {
            other
        };
        let turns = tone.step(hz * factor);
        *sample += loudness * (sine(turns) + 0.4 * sine(2.0 * turns) + 0.2 * sine(4.0 * turns));
    }
}
