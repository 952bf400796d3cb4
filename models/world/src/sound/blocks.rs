//! Building blocks of sounds: oscillators, filters, envelopes. One step is one sample.

use std::f32::consts::TAU;

use super::RATE;

/// The sine of a number of full turns. Off by at most 0.002; much faster than the exact one, and
/// the same on every machine.
pub(crate) fn sine(turns: f32) -> f32 {
    let part = turns - (turns as i32) as f32;
    let t = if part < 0.0 { part + 0.5 } else { part - 0.5 };
    let arch = t * (16.0 * t.abs() - 8.0);
    arch * (0.775 + 0.225 * arch.abs())
}

/// A phase that goes round, in turns from 0 to 1.
#[derive(Default)]
pub(crate) struct Phase(f32);

impl Phase {
    /// The phase now; then moves on by a sample at this frequency.
    pub(crate) fn step(&mut self, hz: f32) -> f32 {
        let now = self.0;
        let next = now + hz / RATE;
        self.0 = next - (next as i32) as f32;
        now
    }
}

/// A sawtooth of a phase.
pub(crate) fn saw(turns: f32) -> f32 {
    2.0 * turns - 1.0
}

/// A low-pass filter of 6 dB an octave.
pub(crate) struct LowPass {
    share: f32,
    value: f32,
}

impl LowPass {
    /// A filter with its corner at this frequency.
    pub(crate) fn at(hz: f32) -> Self {
        Self {
            share: 1.0 - (-TAU * hz / RATE).exp(),
            value: 0.0,
        }
    }

    pub(crate) fn step(&mut self, input: f32) -> f32 {
        self.value += self.share * (input - self.value);
        self.value
    }
}

/// A resonance: passes what is near its frequency, at about its own level, and rings.
pub(crate) struct Resonance {
    gain: f32,
    feedback: [f32; 2],
    inputs: [f32; 2],
    outputs: [f32; 2],
}

impl Resonance {
    /// A resonance at a frequency, this wide.
    pub(crate) fn at(hz: f32, width_hz: f32) -> Self {
        let mut resonance = Self {
            gain: 0.0,
            feedback: [0.0; 2],
            inputs: [0.0; 2],
            outputs: [0.0; 2],
        };
        resonance.tune(hz, width_hz);
        resonance
    }

    /// Moves to another frequency and width, while it rings.
    pub(crate) fn tune(&mut self, hz: f32, width_hz: f32) {
        let radius = (-std::f32::consts::PI * width_hz / RATE).exp();
        self.gain = (1.0 - radius * radius) / 2.0;
        self.feedback = [2.0 * radius * (TAU * hz / RATE).cos(), -radius * radius];
    }

    pub(crate) fn step(&mut self, input: f32) -> f32 {
        let output = self.gain * (input - self.inputs[1])
            + self.feedback[0] * self.outputs[0]
            + self.feedback[1] * self.outputs[1];
        self.inputs = [input, self.inputs[0]];
        self.outputs = [output, self.outputs[0]];
        output
    }
}

/// An exponential decay from 1.
pub(crate) struct Decay {
    level: f32,
    factor: f32,
}

impl Decay {
    /// A decay that has lost 60 dB after this time.
    pub(crate) fn over(seconds: f32) -> Self {
        Self {
            level: 1.0,
            factor: (-6.9078 / (seconds * RATE)).exp(),
        }
    }

    /// The level now; then moves on.
    pub(crate) fn step(&mut self) -> f32 {
        let now = self.level;
        self.level *= self.factor;
        now
    }
}

/// The loudness of a held note at a sample: rises over `attack_s`, and falls over `release_s`
/// to be 0 at its end.
pub(crate) fn swell(sample: usize, length_s: f32, attack_s: f32, release_s: f32) -> f32 {
    let since_s = sample as f32 / RATE;
    (since_s / attack_s)
        .min((length_s - since_s) / release_s)
        .clamp(0.0, 1.0)
}
