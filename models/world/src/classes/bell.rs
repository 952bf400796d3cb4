//! A bell that swings, its clapper behind it; frequency modulation makes it ring.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "bell",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.1..0.15,
        rest_s: 0.35..0.75,
        melody: 0.03,
    },
    action: Action::Strike(0.5),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let hung = move |p: Point| (p + at(0.0, 0.85)).turned(pose * 0.06);
    canvas.part(Shade, |p| ring(p + at(0.0, 0.82), 0.14, 0.1));
    canvas.part(Accent, |p| {
        let p = (p + at(0.0, 0.85)).turned(-pose * 0.07);
        disc(p - at(0.0, 1.6), 0.17)
    });
    let bell = move |p: Point| {
        let p = hung(p);
        let dome = both(ellipse(p - at(0.0, 0.75), at(0.56, 0.66)), p.y - 0.85);
        let flare = trapezoid(p - at(0.0, 1.13), 0.53, 0.8, 0.35);
        melted(dome, flare, 0.12)
    };
    canvas.textured_part(bell, |p| {
        if on_stripe(hung(p).y - 0.08, 0.52, 0.22) {
            Accent
        } else {
            Body
        }
    });
    canvas.part(Shade, |p| slab(hung(p) - at(0.0, 1.48), at(0.86, 0.1), 0.1));
    canvas.mark(Light, |p| {
        stroke(hung(p), at(-0.3, 0.6), at(-0.42, 1.05), 0.08)
    });
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(320.0..1_300.0, note);
    let (mut carrier, mut modulator) = (Phase::default(), Phase::default());
    let ratio = voice.tone(1.35..1.48);
    let (mut ring, mut bite) = (Decay::over(voice.tone(1.8..3.2)), Decay::over(0.7));
    for sample in out {
        let bend = 0.5 * bite.step() * sine(modulator.step(hz * ratio));
        *sample += ring.step() * sine(carrier.step(hz) + bend);
    }
}
