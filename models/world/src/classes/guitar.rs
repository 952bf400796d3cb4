//! A guitar whose strings blur when plucked; a delay line that loses its brightness.

use super::prelude::*;

pub(super) const CLASS: Class = Class {
    name: "guitar",
    look,
    sound,
    rhythm: Rhythm {
        length_s: 0.1..0.15,
        rest_s: 0.15..0.55,
        melody: 0.35,
    },
    action: Action::Strike(0.7),
};

fn look(canvas: &mut Canvas, pose: f32) {
    let laid = |p: Point| p.turned(-0.1);
    canvas.part(Shade, |p| {
        slab(laid(p) + at(0.0, 0.55), at(0.11, 0.6), 0.03)
    });
    canvas.part(Accent, |p| {
        slab(laid(p) + at(0.0, 1.0), at(0.19, 0.18), 0.06)
    });
    for fret in 0..4 {
        let y = -0.75 + 0.16 * fret as f32;
        canvas.mark(Light, move |p| {
            slab(laid(p) - at(0.0, y), at(0.1, 0.018), 0.0)
        });
    }
    let body = |p: Point| {
        let p = laid(p);
        let upper = ellipse(p - at(0.0, 0.12), at(0.46, 0.36));
        melted(ellipse(p - at(0.0, 0.62), at(0.62, 0.44)), upper, 0.15)
    };
    canvas.textured_part(body, |p| {
        if on_stripe(laid(p).x + 0.04 * (9.0 * p.y).sin(), 0.16, 0.3) {
            Shade
        } else {
            Body
        }
    });
    canvas.part(Accent, |p| disc(laid(p) - at(0.0, 0.34), 0.23));
    canvas.mark(Dark, |p| disc(laid(p) - at(0.0, 0.34), 0.16));
    canvas.part(Dark, |p| slab(laid(p) - at(0.0, 0.8), at(0.28, 0.07), 0.03));
    for string in [-0.06f32, 0.0, 0.06] {
        let blur = 0.03 + 0.12 * pose;
        canvas.mark(Light, move |p| {
            let p = laid(p);
            let belly = 1.0 - ((p.y - 0.05) / 0.85).powi(2);
            let bent = p.x - string - blur * belly * (p.y * 14.0 + string * 40.0).sin() * pose;
            both(bent.abs() - 0.014, p.y.abs() - 0.82)
        });
    }
}

fn sound(note: &Note, voice: &mut Voice, out: &mut [f32]) {
    let period = (RATE / voice.hz(110.0..380.0, note)) as usize;
    let mut pick = LowPass::at(voice.tone(2_000.0..9_000.0));
    let mut string: Vec<f32> = (0..period).map(|_| pick.step(voice.dice.white())).collect();
    let mean = string.iter().sum::<f32>() / period as f32;
    string.iter_mut().for_each(|s| *s -= mean);
    let mut place = 0;
    for sample in out {
        let next = if place + 1 == period { 0 } else { place + 1 };
        *sample += string[place];
        string[place] = 0.497 * (string[place] + string[next]);
        place = next;
    }
}
