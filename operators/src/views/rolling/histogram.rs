//! Values that come and go, and their quantiles.

use crate::views::Real;

use super::Quantiles;

const BINS: usize = 256;

/// Half decibels.
const BINS_A_DECIBEL: f32 = 2.0;

/// The bin of a correspondence, 0..1.
pub(super) fn correspondence_bin(value: f32) -> u8 {
    (value * 255.0).round() as u8
}

/// What a bin of correspondences stands for.
pub(super) fn correspondence(bin: u8) -> Real {
    (f32::from(bin) / 255.0).into()
}

/// The bin of a level in dB below full scale.
pub(super) fn loudness_bin(dbfs: f32) -> u8 {
    (255.0 + dbfs * BINS_A_DECIBEL).round() as u8
}

/// What a bin of levels stands for.
pub(super) fn loudness(bin: u8) -> Real {
    ((f32::from(bin) - 255.0) / BINS_A_DECIBEL).into()
}

/// How many values there are in each bin.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    counts: Box<[u32; BINS]>,
    total: u32,
}

impl Histogram {
    pub fn new() -> Self {
        Self {
            counts: Box::new([0; BINS]),
            total: 0,
        }
    }

    /// Bytes of memory.
    pub const BYTES: usize = BINS * size_of::<u32>();

    pub fn add(&mut self, bin: u8) {
        self.counts[usize::from(bin)] += 1;
        self.total += 1;
    }

    pub fn remove(&mut self, bin: u8) {
        self.counts[usize::from(bin)] -= 1;
        self.total -= 1;
    }

    /// Its quantiles, where `value` says what a bin stands for; none of no values.
    pub fn quantiles(&self, value: fn(u8) -> Real) -> Option<Quantiles> {
        let rank = |tenths: u64| (u64::from(self.total) * tenths).div_ceil(10) as u32;
        let ranks = [rank(1), rank(5), rank(9)];
        let mut bins = [0; 3];
        let (mut below, mut found) = (0, 0);
        for (bin, count) in (0..=u8::MAX).zip(self.counts.iter()) {
            below += count;
            while found < ranks.len() && below >= ranks[found] {
                bins[found] = bin;
                found += 1;
            }
            if found == ranks.len() {
                break;
            }
        }
        let [p10, p50, p90] = bins.map(value);
        (self.total > 0).then_some(Quantiles {
            seconds: self.total,
            p10,
            p50,
            p90,
        })
    }
}
