//! A bird that opens its beak; quick chirps, high up.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "bird",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.25..0.6,
        rest_s: 0.08..0.35,
        melody: 0.12,
    },
    action: Action::Hold,
};

fn look(canvas: &mut Canvas, pose: f32) {
    canvas.part(Shade, |p| {
        convex(
            p,
            &[
                at(-1.0, -0.1),
                at(-0.2, 0.15),
                at(-0.35, 0.5),
                at(-1.05, 0.35),
            ],
        )
    });
    for leg in [-0.08f32, 0.2] {
        canvas.part(Dark, move |p| {
            stroke(p, at(leg, 0.55), at(leg + 0.06, 0.98), 0.07)
        });
    }
    let gape = 0.3 * pose;
    canvas.part(Accent, move |p| {
        convex(p, &[at(0.55, -0.6), at(1.05, -0.42 - gape), at(0.6, -0.36)])
    });
    canvas.part(Accent, move |p| {
        convex(
            p,
            &[at(0.55, -0.46), at(1.0, -0.34 + gape), at(0.55, -0.24)],
        )
    });
    let body = |p: Point| {
        melted(
            ellipse((p - at(0.0, 0.15)).turned(0.07), at(0.68, 0.5)),
            disc(p - at(0.4, -0.42), 0.34),
            0.2,
        )
    };
    canvas.textured_part(body, |p| if p.y > 0.2 && p.x > -0.2 { Light } else { Body });
    let flap = 0.09 * pose;
    canvas.textured_part(
        move |p| {
            let p = (p - at(0.1, -0.05)).turned(flap) + at(0.1, -0.05);
            ellipse(p - at(-0.2, 0.12), at(0.44, 0.26))
        },
        |p| {
            if ring(in_cell(p, 0.2), 0.07, 0.05) < 0.0 {
                Light
            } else {
                Accent
            }
        },
    );
    canvas.mark(Light, |p| disc(p - at(0.48, -0.5), 0.12));
    canvas.mark(Dark, |p| disc(p - at(0.51, -0.5), 0.07));
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(2_200.0..4_600.0, note);
    let chirp_s = voice.tone(0.05..0.13);
    let bend = voice.dice.sign() * voice.tone(0.15..0.45);
    let mut tone = Phase::default();
    for (index, sample) in out.iter_mut().enumerate() {
        let time_s = index as f32 / RATE;
        if time_s >= note.length_s {
            break;
        }
        let within = (time_s / chirp_s).fract();
        let turns = tone.step(hz * (1.0 + bend * (within - 0.5)));
        let loudness = (1.25 * sine(within / 2.0) - 0.25).max(0.0);
        *sample += loudness * sine(turns);
    }
}
