//! A waisted violin laid on its side, a bow going over it; a bowed saw that trembles in pitch.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "violin",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.45..1.3,
        rest_s: 0.03..0.12,
        melody: 0.3,
    },
    action: Action::Cycle(1.5),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let laid = |p: Point| p.turned(-0.21);
    canvas.part(Accent, |p| {
        let p = laid(p);
        let pegs = either(
            stroke(p, at(-0.2, -0.82), at(0.2, -0.82), 0.12),
            stroke(p, at(-0.2, -1.0), at(0.2, -1.0), 0.12),
        );
        either(pegs, slab(p + at(0.0, 0.92), at(0.1, 0.2), 0.08))
    });
    let body = |p: Point| {
        let p = laid(p);
        let bouts = melted(
            ellipse(p - at(0.0, 0.58), at(0.5, 0.4)),
            ellipse(p + at(0.0, 0.08), at(0.42, 0.34)),
            0.3,
        );
        both(bouts, 0.2 - (p.folded() - at(0.55, 0.24)).length())
    };
    canvas.textured_part(body, |p| {
        if (body(p) + 0.13).abs() < 0.03 {
            Light
        } else {
            Body
        }
    });
    for side in [-1.0f32, 1.0] {
        canvas.mark(Dark, move |p| {
            stroke(laid(p), at(0.2 * side, 0.2), at(0.27 * side, 0.55), 0.07)
        });
    }
    canvas.part(Dark, |p| slab(laid(p) + at(0.0, 0.3), at(0.09, 0.55), 0.03));
    canvas.part(Dark, |p| {
        trapezoid(laid(p) - at(0.0, 0.72), 0.08, 0.05, 0.16)
    });
    let drawn = 0.38 * (pose * std::f32::consts::TAU).sin();
    let bow = move |p: Point| (laid(p) - at(drawn, 0.36)).turned(0.03);
    canvas.mark(Light, move |p| {
        slab(bow(p) - at(0.0, 0.07), at(0.8, 0.035), 0.0)
    });
    canvas.part(Shade, move |p| {
        let arch = 0.09 * (bow(p).x / 0.8).powi(2);
        slab(bow(p) + at(0.0, 0.1 - arch), at(0.84, 0.055), 0.03)
    });
    canvas.part(Accent, move |p| {
        slab(bow(p) - at(0.72, 0.02), at(0.1, 0.1), 0.03)
    });
}

/// Where a violin's body is loudest, and how widely.
const BODY: [(f32, f32); 4] = [
    (280.0, 60.0),
    (460.0, 80.0),
    (1_150.0, 250.0),
    (2_700.0, 900.0),
];

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(200.0..720.0, note);
    let (tremble_hz, size) = (voice.tone(5.0..7.0), voice.tone(0.88..1.14));
    let mut body = BODY.map(|(hz, width_hz)| Resonance::at(hz * size, width_hz));
    let (mut string, mut tremble) = (Phase::default(), Phase::default());
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.1, 0.08);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let bend = 0.016 * loudness * sine(tremble.step(tremble_hz));
        let turns = string.step(hz * (1.0 + bend));
        let bowed = loudness * (saw(turns) + 0.1 * voice.dice.white());
        *sample += 0.2 * bowed + body.iter_mut().map(|mode| mode.step(bowed)).sum::<f32>();
    }
}
