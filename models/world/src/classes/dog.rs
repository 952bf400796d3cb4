//! A spotted dog's head whose mouth opens; a bark: a falling growl through a throat.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "dog",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.16..0.3,
        rest_s: 0.15..0.5,
        melody: 0.1,
    },
    action: Action::Hold,
};

fn look(canvas: &mut Canvas, pose: f32) {
    let jaw = 0.34 * pose;
    canvas.part(Dark, move |p| {
        ellipse(p - at(0.0, 0.52 + jaw * 0.4), at(0.34, 0.2 + jaw * 0.5))
    });
    canvas.part(Accent, move |p| {
        ellipse(p - at(0.0, 0.58 + jaw * 0.7), at(0.2, 0.13 + 0.2 * jaw))
    });
    let head = |p: Point| {
        melted(
            ellipse(p + at(0.0, 0.15), at(0.62, 0.66)),
            ellipse(p - at(0.0, 0.3), at(0.46, 0.36)),
            0.15,
        )
    };
    canvas.textured_part(head, |p| {
        let spot = in_cell(p.turned(0.08) + at(0.12, 0.05), 0.42);
        if disc(spot, 0.12) < 0.0 && p.y < 0.15 {
            Shade
        } else {
            Body
        }
    });
    canvas.part(Light, |p| {
        let p = p.folded() - at(0.19, 0.36);
        ellipse(p, at(0.28, 0.22))
    });
    let perk = 0.05 * pose;
    canvas.part(Accent, move |p| {
        let p = (p.folded() - at(0.5, -0.62)).turned(perk + 0.03);
        ellipse(p - at(0.14, 0.42), at(0.22, 0.5))
    });
    canvas.part(Dark, |p| ellipse(p - at(0.0, 0.2), at(0.2, 0.14)));
    canvas.mark(Light, |p| disc(p.folded() - at(0.27, -0.2), 0.14));
    canvas.mark(Dark, |p| disc(p.folded() - at(0.26, -0.18), 0.085));
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(150.0..420.0, note);
    let size = voice.tone(0.75..1.3);
    let mut throat = [(650.0, 160.0), (1_250.0, 220.0), (2_500.0, 400.0)]
        .map(|(formant_hz, width_hz)| Resonance::at(formant_hz * size, width_hz));
    let mut cords = Phase::default();
    for (index, sample) in out.iter_mut().enumerate() {
        let share = index as f32 / RATE / note.length_s;
        if share > 1.4 {
            break;
        }
        let turns = cords.step(hz * (1.25 - 0.5 * share * share));
        let growl = saw(turns) + 0.35 * voice.dice.white();
        let shut = swell(index, note.length_s, 0.015, note.length_s * 0.6);
        *sample += throat
            .iter_mut()
            .map(|formant| formant.step(growl * shut))
            .sum::<f32>();
    }
}
