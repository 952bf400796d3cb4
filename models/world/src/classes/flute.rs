//! A flute whose keys go down while it is blown; a soft tone with breath in it.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "flute",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.3..0.9,
        rest_s: 0.04..0.2,
        melody: 0.3,
    },
    action: Action::Hold,
};

fn look(canvas: &mut Canvas, pose: f32) {
    let laid = |p: Point| p.turned(0.1);
    let tube = |p: Point| slab(laid(p), at(1.0, 0.18), 0.07);
    canvas.part(Body, tube);
    for joint in [-0.42f32, 0.93] {
        canvas.part(Accent, move |p| {
            slab(laid(p) - at(joint, 0.0), at(0.07, 0.22), 0.03)
        });
    }
    canvas.part(Accent, |p| {
        ellipse(laid(p) - at(-0.7, -0.06), at(0.17, 0.14))
    });
    canvas.mark(Dark, |p| ellipse(laid(p) - at(-0.7, -0.07), at(0.08, 0.05)));
    for key in 0..6 {
        let x = -0.22 + 0.2 * key as f32;
        let pressed = if key % 2 == 0 { pose } else { 0.5 * pose };
        let y = -0.2 + 0.15 * pressed;
        canvas.part(Shade, move |p| {
            let p = laid(p) - at(x, 0.0);
            either(
                slab(p - at(0.0, y / 2.0), at(0.025, 0.1), 0.0),
                disc(p - at(0.0, y), 0.085),
            )
        });
        canvas.mark(Light, move |p| disc(laid(p) - at(x, y), 0.03));
    }
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let hz = voice.hz(520.0..1_400.0, note);
    let (mut tone, mut vibrato) = (Phase::default(), Phase::default());
    let mut breath = Resonance::at(hz * 2.0, hz * 1.5);
    let (overtone, air) = (voice.tone(0.1..0.35), voice.tone(0.9..0.3));
    for (index, sample) in out.iter_mut().enumerate() {
        let loudness = swell(index, note.length_s, 0.05, 0.06);
        if loudness == 0.0 && index > 0 {
            break;
        }
        let turns = tone.step(hz * (1.0 + 0.008 * sine(vibrato.step(5.0))));
        let pipe = sine(turns) + overtone * sine(2.0 * turns) + 0.1 * sine(3.0 * turns);
        *sample += loudness * (pipe + air * breath.step(voice.dice.white()));
    }
}
