//! An engine of meshing cogs; firing that stumbles a little, and rumble.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "engine",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 1.2..4.0,
        rest_s: 0.03..0.15,
        melody: 0.15,
    },
    action: Action::Cycle(3.0),
};

const TEETH: f32 = 9.0;

fn look(canvas: &mut Canvas, pose: f32) {
    let block = |p: Point| slab(p - at(-0.15, 0.45), at(0.8, 0.48), 0.06);
    canvas.textured_part(block, |p| {
        if on_stripe(p.y, 0.2, 0.45) {
            Shade
        } else {
            Body
        }
    });
    let hop = 0.12 * (pose * std::f32::consts::TAU).sin();
    canvas.part(Accent, move |p| {
        slab(p - at(-0.72, -0.3 + hop), at(0.16, 0.3), 0.05)
    });
    for (middle, radius, turn) in [(at(0.28, -0.2), 0.62, pose), (at(-0.38, 0.5), 0.38, -pose)] {
        let seen = move |p: Point| (p - middle).turned(turn / TEETH);
        canvas.part(if radius > 0.5 { Body } else { Accent }, move |p| {
            let p = seen(p);
            let tooth = slab(in_sector(p, TEETH) - at(radius, 0.0), at(0.13, 0.1), 0.02);
            either(disc(p, radius * 0.86), tooth)
        });
        canvas.mark(Dark, move |p| {
            let hole = in_sector(seen(p), 3.0) - at(radius * 0.5, 0.0);
            disc(hole, radius * 0.2)
        });
        canvas.part(Light, move |p| disc(p - middle, radius * 0.24));
    }
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(34.0..85.0, note);
    let mut firing = Phase::default();
    let (mut exhaust, mut stumble) = (LowPass::at(voice.tone(350.0..1_100.0)), LowPass::at(9.0));
    let mut rumble = LowPass::at(160.0);
    for (index, sample) in out.iter_mut().enumerate() {
        let white = voice.dice.white();
        let pace = hz * (1.0 + 4.0 * stumble.step(white));
        let turns = firing.step(pace);
        let stroke = saw(turns) + 0.6 * saw((2.0 * turns) % 1.0) + 0.4 * white * (1.0 - turns);
        let body = exhaust.step(stroke) + 2.0 * rumble.step(white);
        *sample += swell(index, note.length_s, 0.15, 0.08) * body;
    }
}
