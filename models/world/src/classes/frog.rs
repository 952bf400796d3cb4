//! A squat frog whose throat swells; a croak: slow pulses in a hollow body.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "frog",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.25..0.6,
        rest_s: 0.12..0.4,
        melody: 0.06,
    },
    action: Action::Hold,
};

fn look(canvas: &mut Canvas, pose: f32) {
    canvas.part(Accent, |p| {
        ellipse(p.folded() - at(0.72, 0.78), at(0.34, 0.12))
    });
    canvas.part(Shade, |p| {
        ellipse((p.folded() - at(0.7, 0.38)).turned(0.06), at(0.3, 0.46))
    });
    let body = |p: Point| {
        let head = melted(
            ellipse(p - at(0.0, 0.28), at(0.66, 0.5)),
            ellipse(p + at(0.0, 0.14), at(0.72, 0.36)),
            0.15,
        );
        melted(head, disc(p.folded() - at(0.42, -0.5), 0.26), 0.1)
    };
    canvas.textured_part(body, |p| {
        let row = if on_stripe(p.y, 0.44, 0.5) { 0.11 } else { 0.0 };
        let wart = in_cell(p + at(row, 0.0), 0.22);
        if disc(wart, 0.055) < 0.0 { Dark } else { Body }
    });
    canvas.part(Light, |p| disc(p.folded() - at(0.42, -0.52), 0.2));
    canvas.mark(Dark, |p| {
        ellipse(p.folded() - at(0.42, -0.52), at(0.16, 0.07))
    });
    canvas.mark(Dark, |p| {
        let grin = p.y + 0.1 + 0.25 * p.x * p.x;
        both(grin.abs() - 0.05, p.x.abs() - 0.6)
    });
    canvas.part(Light, move |p| {
        let throat = at(0.3 + 0.3 * pose, 0.12 + 0.36 * pose);
        ellipse(p - at(0.0, 0.12 + 0.3 * pose), throat)
    });
    canvas.part(Accent, |p| {
        stroke(p.folded(), at(0.34, 0.72), at(0.24, 0.9), 0.2)
    });
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(420.0..950.0, note);
    let pulses_hz = voice.tone(24.0..46.0);
    let mut hollow = [Resonance::at(hz, 110.0), Resonance::at(hz * 2.2, 240.0)];
    let mut pulse = Phase::default();
    let mut last = 1.0;
    for (index, sample) in out.iter_mut().enumerate() {
        let share = index as f32 / RATE / note.length_s;
        let loudness = swell(index, note.length_s, note.length_s * 0.3, 0.04);
        if share > 1.0 {
            break;
        }
        let turns = pulse.step(pulses_hz * (0.8 + 0.4 * share));
        let snap = if turns < last { 60.0 } else { 0.0 };
        last = turns;
        let push = (0.15 + loudness) * (snap + 0.3 * voice.dice.white());
        *sample += hollow.iter_mut().map(|mode| mode.step(push)).sum::<f32>();
    }
}
