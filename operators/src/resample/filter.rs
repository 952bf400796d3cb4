//! The low-pass filter between two rates, as a table of its values at every phase.

use std::{f64::consts::PI, ops::Range};

use pulp::{Simd, WithSimd};

use crate::divisor::greatest_common_divisor;

/// How far the filter reaches to either side, in samples of the lower rate.
const REACH: f64 = 64.0;

/// Where the filter has fallen by half, as a share of the lower Nyquist frequency. At this place
/// its stop band begins at that frequency.
const CUTOFF: f64 = 0.95;

/// Of the Kaiser window: 100 dB.
const BETA: f64 = 10.06;

/// More phases than this are interpolated, linearly, with an error below -115 dB.
const MOST_PHASES: u64 = 1_024;

/// Taps come in multiples of this, four vectors of eight, so that no vector is left half empty.
const TAPS_AT_ONCE: usize = 32;

/// A filter from one rate to another.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    rate_hz: u64,
    out_hz: u64,
    /// How many input samples an output sample is made of; half of them are at its time or before.
    taps: usize,
    /// Into how many phases the time from one input sample to the next is divided.
    phases: u64,
    /// A row of taps for each phase, and for phase 1.
    rows: Vec<f32>,
}

/// What an output sample is made of.
pub(super) struct Place {
    /// The first input sample, where the lead's first zero counts as 0.
    pub first_tap: u64,
    phase: usize,
    /// How far it is to the next phase, from 0 to 1.
    beyond: f32,
}

impl Filter {
    pub fn new(rate_hz: u32, out_hz: u32) -> Self {
        let stretch = f64::max(1.0, f64::from(rate_hz) / f64::from(out_hz));
        let taps = ((2.0 * REACH * stretch).ceil() as usize).next_multiple_of(TAPS_AT_ONCE);
        let shared_hz = greatest_common_divisor(rate_hz as usize, out_hz as usize) as u64;
        let phases = (u64::from(out_hz) / shared_hz).min(MOST_PHASES);
        let row = |phase| row(phase as f64 / phases as f64, taps, stretch);
        Self {
            rate_hz: rate_hz.into(),
            out_hz: out_hz.into(),
            taps,
            phases,
            rows: (0..=phases).flat_map(row).collect(),
        }
    }

    /// How many zeros precede the input.
    pub fn lead(&self) -> usize {
        self.taps / 2 - 1
    }

    /// How many zeros follow it.
    pub fn tail(&self) -> usize {
        self.taps / 2
    }

    /// How many output samples there are to so many of input.
    pub fn out_samples(&self, frames: u64) -> u64 {
        (frames * self.out_hz + self.rate_hz / 2) / self.rate_hz
    }

    /// How many output samples can be made of so many of input, lead included.
    pub fn ready(&self, held_end: u64) -> u64 {
        let last_first_tap = held_end.checked_sub(self.taps as u64);
        // Those of which the time, rounded down, is `last_first_tap` at most.
        last_first_tap.map_or(0, |last| ((last + 1) * self.out_hz).div_ceil(self.rate_hz))
    }

    /// Where output sample `i` lies in the input.
    #[inline(always)]
    pub fn place(&self, i: u64) -> Place {
        let out_hz = self.out_hz;
        let (time, rest) = (i * self.rate_hz / out_hz, i * self.rate_hz % out_hz);
        let (phase, beyond) = (rest * self.phases / out_hz, rest * self.phases % out_hz);
        Place {
            first_tap: time,
            phase: phase as usize,
            beyond: beyond as f32 / out_hz as f32,
        }
    }

    #[inline(always)]
    fn row(&self, phase: usize) -> &[f32] {
        &self.rows[phase * self.taps..][..self.taps]
    }
}

/// Makes output samples and appends them to `out`.
pub(super) struct Run<'a> {
    pub filter: &'a Filter,
    pub samples: Range<u64>,
    /// Input, its first `dropped` samples left out.
    pub held: &'a [f32],
    pub dropped: u64,
    pub out: &'a mut Vec<f32>,
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.out
            .reserve((self.samples.end - self.samples.start) as usize);
        for i in self.samples {
            let place = self.filter.place(i);
            let input = &self.held[(place.first_tap - self.dropped) as usize..][..self.filter.taps];
            let mut sample = dot(simd, self.filter.row(place.phase), input);
            if place.beyond > 0.0 {
                let next = dot(simd, self.filter.row(place.phase + 1), input);
                sample += (next - sample) * place.beyond;
            }
            self.out.push(sample);
        }
    }
}

/// The scalar product of two slices of a multiple of [`TAPS_AT_ONCE`] numbers.
#[inline(always)]
fn dot<S: Simd>(s: S, a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (S::as_simd_f32s(a).0, S::as_simd_f32s(b).0);
    let mut sums = [s.splat_f32s(0.0); 4];
    for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum = s.mul_add_e_f32s(*a, *b, *sum);
        }
    }
    let [a, b, c, d] = sums;
    s.reduce_sum_f32s(s.add_f32s(s.add_f32s(a, b), s.add_f32s(c, d)))
}

/// The taps for an output sample that lies `fraction` behind an input sample.
fn row(fraction: f64, taps: usize, stretch: f64) -> Vec<f32> {
    let middle = (taps / 2 - 1) as f64 + fraction;
    let weight = |tap: usize| low_pass((tap as f64 - middle) / stretch);
    let weights: Vec<f64> = (0..taps).map(weight).collect();
    let gain: f64 = weights.iter().sum();
    weights
        .iter()
        .map(|weight| (weight / gain) as f32)
        .collect()
}

/// The filter, at a time in samples of the lower rate.
fn low_pass(time: f64) -> f64 {
    let share = time / REACH;
    if share.abs() >= 1.0 {
        return 0.0;
    }
    let kaiser = bessel_i0(BETA * (1.0 - share * share).sqrt());
    let angle = PI * CUTOFF * time;
    if angle == 0.0 {
        kaiser
    } else {
        kaiser * angle.sin() / angle
    }
}

/// The modified Bessel function of order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let quarter_square = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * f64::EPSILON {
        term *= quarter_square / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}
