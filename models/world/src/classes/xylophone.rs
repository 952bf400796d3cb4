//! A xylophone, its bars ever shorter, and two mallets; short knocks of wood.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "xylophone",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.06..0.08,
        rest_s: 0.06..0.3,
        melody: 0.4,
    },
    action: Action::Strike(0.25),
};

/// Bars that are seen.
const BARS: usize = 6;

fn look(canvas: &mut Canvas, pose: f32) {
    for side in [-1.0f32, 1.0] {
        canvas.part(Dark, move |p| {
            stroke(
                p,
                at(-0.98, 0.3 + 0.4 * side),
                at(0.98, 0.3 + 0.17 * side),
                0.12,
            )
        });
    }
    for bar in 0..BARS {
        let (x, half) = (-0.83 + 0.33 * bar as f32, 0.64 - 0.075 * bar as f32);
        let struck = matches!(bar, 1 | 4);
        let middle = at(x, 0.3 + if struck { 0.14 * pose } else { 0.0 });
        let ink = if bar % 2 == 0 { Body } else { Light };
        canvas.part(ink, move |p| slab(p - middle, at(0.135, half), 0.06));
        canvas.mark(Dark, move |p| {
            let nail = at(0.0, 0.6 * half);
            let p = p - middle;
            either(disc(p - nail, 0.055), disc(p + nail, 0.055))
        });
    }
    for (x, handle, lift) in [(-0.5, -0.95, 1.0 - pose), (0.49, 0.95, pose)] {
        let head = at(x, -0.16 - 0.5 * lift);
        canvas.part(Shade, move |p| {
            stroke(p, at(handle, -0.75 - 0.2 * lift), head, 0.11)
        });
        canvas.part(Accent, move |p| disc(p - head, 0.2));
    }
}

/// How a bar that is free at its ends rings: pitch as a factor, loudness, seconds.
const MODES: [(f32, f32, f32); 3] = [(1.0, 1.0, 0.4), (2.76, 0.6, 0.16), (5.4, 0.4, 0.07)];

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(420.0..1_250.0, note);
    let wood = voice.tone(0.6..1.3);
    let mut modes = MODES.map(|(factor, loudness, ring_s)| {
        (
            hz * factor,
            loudness,
            Phase::default(),
            Decay::over(ring_s * wood),
        )
    });
    let (mut knock, mut mallet) = (Decay::over(0.012), LowPass::at(3_000.0));
    for sample in out {
        let rung = modes
            .iter_mut()
            .map(|(hz, loudness, turns, ring)| *loudness * ring.step() * sine(turns.step(*hz)));
        *sample += rung.sum::<f32>() + knock.step() * mallet.step(voice.dice.white());
    }
}
