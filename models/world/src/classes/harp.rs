//! A harp in its frame, a hand running over the strings; soft plucked tones, one after another.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "harp",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.4..0.6,
        rest_s: 0.15..0.5,
        melody: 0.25,
    },
    action: Action::Strike(0.9),
};

/// Strings that are seen.
const STRINGS: usize = 7;

fn look(canvas: &mut Canvas, pose: f32) {
    let hand = 0.5 - 1.1 * pose;
    for string in 0..STRINGS {
        let x = -0.56 + 0.17 * string as f32;
        let blur = if hand < x { 0.1 * pose } else { 0.0 };
        canvas.mark(Light, move |p| {
            let bent = p.x - x - blur * (9.0 * p.y + 2.0 * x).sin();
            both(bent.abs() - 0.027, both(-0.75 - p.y, p.y - 0.3 + p.x))
        });
    }
    canvas.part(Shade, |p| slab(p - at(-0.55, 0.92), at(0.34, 0.09), 0.06));
    let board = |p: Point| stroke(p, at(-0.55, 0.82), at(0.8, -0.42), 0.26);
    canvas.textured_part(board, |p| {
        if on_stripe(p.x - p.y, 0.26, 0.35) {
            Light
        } else {
            Body
        }
    });
    canvas.part(Accent, |p| {
        stroke(p, at(-0.76, -0.78), at(-0.7, 0.86), 0.19)
    });
    canvas.part(Body, |p| {
        let neck = [
            at(-0.76, -0.86),
            at(-0.25, -0.62),
            at(0.3, -0.86),
            at(0.8, -0.46),
        ];
        neck.windows(2)
            .map(|ends| stroke(p, ends[0], ends[1], 0.22))
            .fold(f32::INFINITY, |a, b| melted(a.min(9.0), b, 0.1))
    });
    canvas.part(Accent, |p| disc(p - at(-0.76, -0.88), 0.17));
    canvas.part(Accent, move |p| {
        let p = p - at(hand, -0.1);
        either(
            ellipse(p, at(0.15, 0.2)),
            stroke(p, at(0.0, 0.0), at(0.2, 0.34), 0.15),
        )
    });
}

/// Tones of a run over the strings, as factors of the first.
const RUN: [f32; 6] = [1.0, 1.25, 1.5, 2.0, 2.5, 3.0];

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(150.0..430.0, note);
    let apart_s = voice.tone(0.045..0.09);
    let down = voice.dice.sign() < 0.0;
    for place in 0..RUN.len() {
        let factor = RUN[if down { RUN.len() - 1 - place } else { place }];
        let start = (place as f32 * apart_s * RATE) as usize;
        if let Some(rest) = out.get_mut(start..) {
            pluck(hz * factor, rest);
        }
    }
}

/// One string: few partials, the higher ones gone sooner, and no click at the start.
fn pluck(hz: f32, out: &mut [f32]) {
    let mut turns = Phase::default();
    let mut decays = [1.5, 0.7, 0.35].map(Decay::over);
    let mut finger = LowPass::at(60.0);
    for sample in out {
        let turns = turns.step(hz);
        let [first, second, third] = decays.each_mut().map(Decay::step);
        let tone = first * sine(turns)
            + 0.4 * second * sine(2.0 * turns)
            + 0.2 * third * sine(3.0 * turns);
        *sample += finger.step(1.0) * tone;
    }
}
