//! A clock with hands and a pendulum; short ticks, every other one lower.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "clock",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.05..0.06,
        rest_s: 0.2..0.5,
        melody: 0.1,
    },
    action: Action::Strike(0.35),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let swing = 0.09 * (pose - 0.4);
    let hung = move |p: Point| (p - at(0.0, 0.1)).turned(swing);
    canvas.part(Shade, move |p| {
        stroke(hung(p), at(0.0, 0.2), at(0.0, 0.75), 0.09)
    });
    canvas.part(Accent, move |p| disc(hung(p) - at(0.0, 0.76), 0.19));
    let face = at(0.0, -0.25);
    canvas.part(Body, move |p| disc(p - face, 0.78));
    canvas.part(Light, move |p| disc(p - face, 0.62));
    canvas.mark(Dark, move |p| {
        let hour = in_sector(p - face, 12.0) - at(0.51, 0.0);
        slab(hour, at(0.06, 0.03), 0.0)
    });
    let advance = 0.04 * pose;
    for (length, thickness, turns) in [(0.34, 0.1, 0.87 + advance), (0.46, 0.07, 0.1 + advance)] {
        canvas.mark(Dark, move |p| {
            stroke(
                (p - face).turned(-turns),
                at(0.0, 0.05),
                at(0.0, -length),
                thickness,
            )
        });
    }
    canvas.part(Accent, move |p| disc(p - face, 0.09));
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let lower = if voice.dice.sign() > 0.0 { 1.0 } else { 0.78 };
    let hz = voice.hz(1_700.0..4_200.0, note) * lower;
    let mut case = [Resonance::at(hz, 220.0), Resonance::at(hz * 0.37, 120.0)];
    let mut strike = Decay::over(0.006);
    for sample in out.iter_mut().take((0.12 * RATE) as usize) {
        let hit = strike.step() * voice.dice.white();
        *sample += case.iter_mut().map(|mode| mode.step(hit)).sum::<f32>() + 0.2 * hit;
    }
}
