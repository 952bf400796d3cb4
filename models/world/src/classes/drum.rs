//! A laced drum and its two sticks; a thump that falls in pitch, and a burst of noise.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "drum",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.08..0.12,
        rest_s: 0.1..0.5,
        melody: 0.04,
    },
    action: Action::Strike(0.3),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let shell = |p: Point| slab(p - at(0.0, 0.3), at(0.82, 0.5), 0.12);
    canvas.textured_part(shell, |p| {
        let zigzag = 0.3 + 0.36 * (4.0 * ((p.x / 0.55).rem_euclid(1.0) - 0.5).abs() - 1.0);
        if (p.y - zigzag).abs() < 0.09 {
            Light
        } else {
            Body
        }
    });
    canvas.part(Accent, |p| slab(p - at(0.0, 0.74), at(0.88, 0.1), 0.08));
    canvas.part(Accent, |p| ellipse(p + at(0.0, 0.2), at(0.9, 0.3)));
    canvas.part(Light, |p| ellipse(p + at(0.0, 0.24), at(0.76, 0.2)));
    let lift = 0.05 + 0.5 * (1.0 - pose);
    canvas.part(Shade, |p| {
        stroke(
            p,
            at(-0.95, -0.75 - lift * 0.2),
            at(-0.2, -0.2 - lift),
            0.13,
        )
    });
    let other = 0.05 + 0.5 * pose;
    canvas.part(Shade, |p| {
        stroke(
            p,
            at(0.95, -0.75 - other * 0.2),
            at(0.2, -0.2 - other),
            0.13,
        )
    });
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(65.0..170.0, note);
    let mut skin = Phase::default();
    let (mut fall, mut thump) = (Decay::over(0.12), Decay::over(voice.tone(0.35..0.8)));
    let (mut snap, mut snare) = (Decay::over(voice.tone(0.08..0.35)), LowPass::at(5_000.0));
    for sample in out {
        let beat = thump.step() * sine(skin.step(hz * (1.0 + 1.2 * fall.step())));
        *sample += beat + 0.6 * snap.step() * snare.step(voice.dice.white());
    }
}
