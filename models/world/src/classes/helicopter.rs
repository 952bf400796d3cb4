//! A helicopter whose rotors turn; a train of thumps with the slap of the blades.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "helicopter",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 1.3..4.0,
        rest_s: 0.05..0.2,
        melody: 0.06,
    },
    action: Action::Cycle(6.0),
};

fn look(canvas: &mut Canvas, pose: f32) {
    canvas.part(Shade, |p| {
        convex(
            p,
            &[
                at(-1.0, -0.12),
                at(0.0, -0.2),
                at(0.0, 0.34),
                at(-0.96, 0.06),
            ],
        )
    });
    canvas.part(Dark, |p| slab(p - at(0.25, 0.9), at(0.66, 0.06), 0.06));
    for strut in [0.0f32, 0.5] {
        canvas.mark(Dark, move |p| {
            stroke(p, at(strut, 0.5), at(strut, 0.9), 0.09)
        });
    }
    canvas.textured_part(
        |p| ellipse(p - at(0.3, 0.2), at(0.66, 0.5)),
        |p| {
            let checked = on_stripe(p.x, 0.28, 0.5) != on_stripe(p.y - 0.26, 0.28, 0.5);
            match (p.y < 0.24, p.x > 0.34, checked) {
                (true, true, _) => Light,
                (true, false, _) | (false, _, true) => Body,
                (false, _, false) => Accent,
            }
        },
    );
    canvas.mark(Dark, |p| {
        slab(p - at(0.62, 0.0), at(0.03, 0.26), 0.0).max(p.y - 0.24)
    });
    canvas.part(Accent, |p| slab(p - at(0.25, -0.38), at(0.1, 0.22), 0.04));
    let tail = at(-0.88, -0.12);
    canvas.part(Light, move |p| disc(p - tail, 0.27));
    canvas.mark(Dark, move |p| {
        let blade = in_sector((p - tail).turned(pose / 3.0), 3.0);
        slab(blade - at(0.12, 0.0), at(0.14, 0.05), 0.0)
    });
    let (sin, cos) = (pose * std::f32::consts::PI).sin_cos();
    let (hub, reach) = (at(0.2, -0.68), at(0.84 * cos, 0.22 * sin));
    canvas.part(Accent, move |p| stroke(p, hub - reach, hub + reach, 0.17));
    canvas.part(Light, move |p| disc(p - hub, 0.13));
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let (blades_hz, thump_hz) = (voice.hz(9.0..17.0, note), voice.tone(60.0..105.0));
    let mut slap = Resonance::at(voice.tone(900.0..450.0), 500.0);
    let (mut rotor, mut turbine) = (Phase::default(), Phase::default());
    let (mut wash, turbine_hz) = (LowPass::at(400.0), voice.tone(2_200.0..3_600.0));
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.15, 0.1);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let white = voice.dice.white();
        let turns = rotor.step(blades_hz);
        let fading = (1.0 - turns).powi(4);
        let thump = fading * sine(thump_hz * turns / blades_hz);
        let blade = slap.step(white * fading.powi(4));
        let whine = 0.04 * sine(turbine.step(turbine_hz));
        *sample += loudness * (thump + 7.0 * blade + 0.6 * wash.step(white) + whine);
    }
}
