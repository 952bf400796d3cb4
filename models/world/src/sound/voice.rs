//! A voice: what one object of a class has of its own for the length of a clip.

use std::ops::Range;

use crate::{
    random::{Dice, Throw},
    score::{Note, Score},
    sound::{RATE, RATE_HZ},
};

/// A way to sound one note: adds it to samples that begin where the note begins.
pub(crate) type Sound = fn(&Note, &mut Voice, &mut [f32]);

/// Longest that a note rings after it was struck.
const RING_S: f32 = 1.6;

/// How long the hand takes that damps what still rings when silence is due.
const DAMPING_S: f32 = 0.04;

/// One object's voice.
pub(crate) struct Voice {
    register: f32,
    tone: f32,
    /// For what differs from note to note, and for noise.
    pub dice: Dice,
}

impl Voice {
    /// Draws a voice.
    pub(crate) fn draw(mut dice: Dice) -> Self {
        Self {
            register: dice.between(0.0..1.0),
            tone: dice.between(0.0..1.0),
            dice,
        }
    }

    /// This voice's place in a range of frequencies, higher notes higher.
    pub(crate) fn hz(&self, range: Range<f32>, note: &Note) -> f32 {
        range.start * (range.end / range.start).powf(self.register) * note.pitch
    }

    /// This voice's place in a range of whatever colours the tone.
    pub(crate) fn tone(&self, range: Range<f32>) -> f32 {
        range.start + (range.end - range.start) * self.tone
    }

    /// Sounds a whole score. Silent seconds hold exact zeros.
    pub(crate) fn perform(&mut self, sound: Sound, score: &Score, seconds: u32) -> Vec<f32> {
        let mut samples = vec![0.0; (seconds * RATE_HZ) as usize];
        let mut single = Vec::new();
        for note in score.notes() {
            let start = (note.start_s * RATE) as usize;
            let silent_from = ((note.silent_from_s * RATE) as usize).min(samples.len());
            let ring_end = ((note.start_s + note.length_s.max(RING_S)) * RATE) as usize;
            let target = &mut samples[start..ring_end.min(silent_from)];
            single.clear();
            single.resize(target.len(), 0.0);
            sound(note, self, &mut single);
            let cut_short = ring_end >= silent_from;
            fade_out(&mut single, if cut_short { DAMPING_S } else { 0.2 });
            for (sum, sample) in target.iter_mut().zip(&single) {
                *sum += sample * note.strength;
            }
        }
        samples
    }
}

fn fade_out(samples: &mut [f32], seconds: f32) {
    let fade = ((seconds * RATE) as usize).min(samples.len());
    for (left, sample) in samples.iter_mut().rev().take(fade).enumerate() {
        *sample *= left as f32 / fade as f32;
    }
}
