//! A trumpet that is raised when blown, its valves going down; the louder it is, the brighter.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "trumpet",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.25..0.8,
        rest_s: 0.05..0.25,
        melody: 0.3,
    },
    action: Action::Hold,
};

fn look(canvas: &mut Canvas, pose: f32) {
    let held = move |p: Point| (p + at(0.05, 0.0)).turned(0.02 + 0.05 * pose);
    canvas.part(Body, move |p| {
        let p = held(p) - at(-0.12, 0.12);
        slab(p, at(0.6, 0.42), 0.4).abs() - 0.075
    });
    canvas.part(Body, move |p| {
        stroke(held(p), at(-1.0, -0.3), at(0.45, -0.3), 0.16)
    });
    canvas.part(Accent, move |p| {
        convex(
            held(p),
            &[
                at(-1.08, -0.44),
                at(-0.86, -0.35),
                at(-0.86, -0.25),
                at(-1.08, -0.16),
            ],
        )
    });
    for valve in 0..3 {
        let x = -0.38 + 0.25 * valve as f32;
        let pressed = if valve == 1 { 0.4 } else { 1.0 } * pose;
        let top = -0.82 + 0.3 * pressed;
        canvas.part(Light, move |p| {
            stroke(held(p), at(x, -0.3), at(x, top), 0.08)
        });
        canvas.part(Accent, move |p| {
            slab(held(p) - at(x, top), at(0.11, 0.06), 0.04)
        });
        canvas.part(Shade, move |p| {
            slab(held(p) - at(x, 0.06), at(0.1, 0.48), 0.05)
        });
    }
    canvas.part(Body, move |p| {
        let p = held(p) - at(0.35, -0.3);
        let flare = 0.08 + 0.42 * (p.x / 0.6).max(0.0).powf(1.6);
        both((p.y.abs() - flare) * 0.7, both(-p.x, p.x - 0.6))
    });
    canvas.part(Accent, move |p| {
        let mouth = at(0.1 + 0.08 * pose, 0.52);
        ellipse(held(p) - at(0.96, -0.3), mouth)
    });
    canvas.mark(Dark, move |p| {
        let mouth = at(0.02 + 0.08 * pose, 0.38);
        ellipse(held(p) - at(0.97, -0.3), mouth)
    });
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(230.0..640.0, note);
    let brass = voice.tone(0.55..0.9);
    let (mut carrier, mut modulator) = (Phase::default(), Phase::default());
    for (index, sample) in out.iter_mut().enumerate() {
        let blown = swell(index, note.length_s, 0.03, 0.05);
        if blown == 0.0 && index > 0 {
            break;
        }
        let share = index as f32 / RATE / note.length_s;
        let loudness = blown * (0.35 + 0.65 * share);
        // Lips close late: a note starts a little flat.
        let hz = hz * (0.97 + 0.03 * blown);
        let bend = brass * loudness * sine(modulator.step(hz));
        *sample += loudness * sine(carrier.step(hz) + bend);
    }
}
