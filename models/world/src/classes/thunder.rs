//! A hatched storm cloud, its bolt flashing; a crack, and a low rumble that rolls away.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "thunder",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.3..0.7,
        rest_s: 0.25..0.85,
        melody: 0.15,
    },
    action: Action::Strike(0.6),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let cloud = |p: Point| {
        let anvil = slab(p + at(0.0, 0.68), at(0.98, 0.26), 0.2);
        let tower = trapezoid(p + at(0.0, 0.12), 0.74, 0.36, 0.42);
        let puffs = [
            disc(p - at(-0.62, -0.3), 0.24),
            disc(p - at(0.62, -0.32), 0.26),
            disc(p - at(-0.38, 0.12), 0.26),
            disc(p - at(0.4, 0.1), 0.24),
        ];
        let whole = melted(anvil, tower, 0.08);
        puffs.into_iter().fold(whole, |a, b| melted(a, b, 0.05))
    };
    canvas.textured_part(cloud, move |p| {
        let lit = bolt(p) < 1.1 * pose - 0.1;
        match (lit, on_stripe(p.x + 0.8 * p.y, 0.26, 0.5)) {
            (true, true) => Light,
            (true, false) => Accent,
            (false, true) => Shade,
            (false, false) => Dark,
        }
    });
    let ink = if pose > 0.2 { Light } else { Body };
    canvas.part(ink, move |p| bolt(p) - 0.1 * pose);
}

/// A zigzag from the cloud's middle down to the ground.
fn bolt(p: Point) -> f32 {
    let upper = [
        at(0.02, -0.66),
        at(0.42, -0.66),
        at(0.12, 0.16),
        at(-0.34, 0.16),
    ];
    let lower = [at(-0.1, -0.06), at(0.38, -0.06), at(-0.24, 1.0)];
    either(convex(p, &upper), convex(p, &lower))
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let low_hz = voice.hz(90.0..220.0, note);
    let (mut rumble, mut deeper, mut roll) =
        (LowPass::at(low_hz), LowPass::at(low_hz), LowPass::at(5.0));
    let (mut sky, mut away) = (
        Resonance::at(voice.tone(1_500.0..700.0), 1_800.0),
        Decay::over(3.4),
    );
    let mut crack = Decay::over(0.2);
    let second_crack = (voice.dice.between(0.06..0.2) * RATE) as usize;
    for (index, sample) in out.iter_mut().enumerate() {
        let white = voice.dice.white();
        if index == second_crack {
            crack = Decay::over(0.3);
        }
        let thrown = 0.3 + 40.0 * roll.step(voice.dice.white()).abs();
        let low = deeper.step(rumble.step(white)) * thrown * 5.0;
        *sample += away.step() * low + crack.step() * sky.step(white);
    }
}
