//! A siren under a lamp that goes round; a tone that wails up and down.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "siren",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 1.5..4.0,
        rest_s: 0.05..0.2,
        melody: 0.0,
    },
    action: Action::Cycle(1.3),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let hazard = |p: Point| {
        if on_stripe(p.x + p.y, 0.4, 0.5) {
            Dark
        } else {
            Light
        }
    };
    canvas.textured_part(|p| trapezoid(p - at(0.0, 0.72), 0.72, 0.9, 0.24), hazard);
    canvas.part(Shade, |p| slab(p - at(0.0, 0.42), at(0.66, 0.09), 0.05));
    let dome = |p: Point| {
        both(
            slab(p - at(0.0, 0.1), at(0.55, 1.0), 0.53),
            (p.y - 0.36).max(-0.95 - p.y),
        )
    };
    let swing = (pose * std::f32::consts::TAU).cos();
    canvas.textured_part(dome, move |p| {
        let middle = 0.34 * swing;
        let beam = (p.x - middle).abs() - 0.17;
        if beam < 0.0 {
            Light
        } else if on_stripe(p.y + 0.95, 0.3, 0.2) {
            Shade
        } else {
            Body
        }
    });
    let lamp = 0.22 * swing;
    canvas.part(Accent, move |p| {
        slab(p - at(lamp, 0.0), at(0.14, 0.22), 0.08)
    });
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let (low, high) = (voice.hz(420.0..700.0, note), voice.tone(1.7..2.6));
    let wail_hz = voice.tone(0.9..0.35) * if voice.tone(0.0..1.0) > 0.7 { 4.0 } else { 1.0 };
    let (mut tone, mut wail) = (Phase::default(), Phase::default());
    for (index, sample) in out.iter_mut().enumerate() {
        let height = 0.5 - 0.5 * sine(wail.step(wail_hz) + 0.25);
        let turns = tone.step(low * (1.0 + (high - 1.0) * height));
        let horn = sine(turns) + 0.5 * sine(2.0 * turns) + 0.35 * sine(3.0 * turns);
        *sample += swell(index, note.length_s, 0.05, 0.05) * horn;
    }
}
