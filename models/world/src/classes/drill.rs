//! A power drill whose bit turns and throws chips; a rough buzz and a whine of gears, run up.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "drill",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.6..2.2,
        rest_s: 0.06..0.3,
        melody: 0.08,
    },
    action: Action::Cycle(5.0),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let judder = 0.05 * (pose * std::f32::consts::TAU).sin();
    let held = move |p: Point| p + at(0.06 + judder, -0.02);
    for chip in [
        at(0.0, -0.8),
        at(-0.25, -0.55),
        at(-0.25, 0.6),
        at(0.0, 0.85),
    ] {
        canvas.part(Light, move |p| {
            let flown = at(0.9, -0.3) + chip * (0.75 * pose);
            slab((p - flown).turned(pose), at(0.11, 0.08), 0.0)
        });
    }
    canvas.textured_part(
        move |p| {
            let p = held(p) - at(0.82, -0.3);
            both(slab(p, at(0.32, 0.12), 0.0), p.x + 2.0 * p.y.abs() - 0.34)
        },
        move |p| {
            if on_stripe(p.x + 0.9 * p.y + 0.22 * pose, 0.22, 0.5) {
                Dark
            } else {
                Light
            }
        },
    );
    canvas.textured_part(
        move |p| slab(held(p) - at(0.44, -0.3), at(0.17, 0.23), 0.05),
        move |p| {
            if on_stripe(p.y + 0.14 * pose, 0.14, 0.5) {
                Shade
            } else {
                Light
            }
        },
    );
    machine(canvas, held);
}

/// Handle, battery, trigger and housing, where they are held.
fn machine(canvas: &mut Canvas, held: impl Fn(Point) -> Point + Copy) {
    canvas.textured_part(
        move |p| {
            let p = (held(p) - at(-0.42, 0.4)).turned(-0.035);
            slab(p, at(0.21, 0.5), 0.08)
        },
        |p| {
            if on_stripe(p.y, 0.13, 0.4) {
                Dark
            } else {
                Accent
            }
        },
    );
    canvas.part(Shade, move |p| {
        slab(held(p) - at(-0.5, 0.84), at(0.4, 0.16), 0.06)
    });
    canvas.part(Dark, move |p| {
        slab(held(p) - at(-0.13, 0.14), at(0.08, 0.14), 0.05)
    });
    canvas.textured_part(
        move |p| slab(held(p) - at(-0.34, -0.3), at(0.64, 0.38), 0.2),
        |p| {
            if p.x < -0.45 && p.y.abs() < 0.5 && on_stripe(p.x, 0.15, 0.4) {
                Dark
            } else {
                Body
            }
        },
    );
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let (hz, teeth) = (voice.hz(85.0..170.0, note), voice.tone(13.0..21.0).round());
    let (mut motor, mut grit) = (Phase::default(), LowPass::at(90.0));
    let (mut housing, mut bite) = (Resonance::at(900.0, 500.0), Resonance::at(3_800.0, 2_500.0));
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.06, 0.08);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let white = voice.dice.white();
        let speed = 0.4 + 0.6 * swell(index, note.length_s, 0.45, 0.2);
        let turns = motor.step(hz * speed);
        let buzz = saw(turns) * (1.0 + 5.0 * grit.step(white));
        let gears = 0.5 * sine(teeth * turns) + 0.25 * sine(2.0 * teeth * turns);
        let cut = bite.step(white) * (1.0 - turns);
        *sample += loudness * speed * (0.3 * buzz + housing.step(buzz) + gears + 0.8 * cut);
    }
}
