//! A sitting tabby cat that opens its mouth and raises its tail; a voice that glides up and down.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "cat",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.45..1.0,
        rest_s: 0.1..0.4,
        melody: 0.12,
    },
    action: Action::Hold,
};

fn look(canvas: &mut Canvas, pose: f32) {
    let tip = at(0.95 - 0.15 * pose, 0.35 - 0.85 * pose);
    let tail = move |p: Point| {
        either(
            stroke(p, at(0.3, 0.85), at(0.82, 0.72), 0.2),
            stroke(p, at(0.82, 0.72), tip, 0.2),
        )
    };
    let tabby = |along: f32| {
        if on_stripe(along, 0.2, 0.4) {
            Dark
        } else {
            Body
        }
    };
    canvas.textured_part(tail, move |p| tabby(p.x - 0.8 * p.y));
    canvas.textured_part(
        |p| ellipse(p - at(0.0, 0.55), at(0.5, 0.5)),
        move |p| tabby(p.y - 0.5 * p.x.abs()),
    );
    canvas.part(Light, |p| ellipse(p - at(0.0, 0.5), at(0.2, 0.32)));
    canvas.part(Body, |p| {
        ellipse(p.folded() - at(0.18, 0.95), at(0.17, 0.11))
    });
    for (ink, inner) in [(Body, 0.0), (Accent, 0.09)] {
        canvas.part(ink, move |p| {
            let ear = [at(0.05, -0.55), at(0.5, -1.08), at(0.6, -0.25)];
            convex(p.folded(), &ear) + inner
        });
    }
    canvas.textured_part(
        |p| ellipse(p + at(0.0, 0.27), at(0.6, 0.46)),
        move |p| if p.y < -0.42 { tabby(p.x + 0.04) } else { Body },
    );
    canvas.mark(Light, |p| {
        ellipse(p.folded() - at(0.27, -0.3), at(0.15, 0.13))
    });
    canvas.mark(Dark, |p| {
        ellipse(p.folded() - at(0.27, -0.3), at(0.05, 0.12))
    });
    for rise in [-0.1f32, 0.08] {
        canvas.mark(Light, move |p| {
            stroke(p.folded(), at(0.25, -0.08), at(0.85, -0.1 + rise), 0.045)
        });
    }
    canvas.part(Accent, |p| trapezoid(p + at(0.0, 0.16), 0.1, 0.02, 0.06));
    canvas.mark(Dark, move |p| {
        ellipse(
            p - at(0.0, -0.02 + 0.07 * pose),
            at(0.1 + 0.08 * pose, 0.03 + 0.15 * pose),
        )
    });
}

/// Samples for which the throat keeps its shape.
const THROAT_SAMPLES: usize = 48;

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(330.0..640.0, note);
    let size = voice.tone(0.85..1.25);
    let mut cords = Phase::default();
    let mut throat = [Resonance::at(400.0, 120.0), Resonance::at(2_300.0, 260.0)];
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.12, note.length_s * 0.4);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let share = index as f32 / RATE / note.length_s;
        let open = sine(share.min(1.0) / 2.0);
        if index % THROAT_SAMPLES == 0 {
            // From ee by way of ah to oo.
            throat[0].tune(size * (420.0 + 800.0 * open), 120.0);
            throat[1].tune(size * (2_500.0 - 1_500.0 * share), 260.0);
        }
        let turns = cords.step(hz * (0.8 + 0.45 * open));
        let voiced = loudness * (saw(turns) + 0.08 * voice.dice.white());
        *sample += throat
            .iter_mut()
            .map(|formant| formant.step(voiced))
            .sum::<f32>();
    }
}
