//! Correspondences that can be added in any order.

use super::Real;

/// A correspondence in units of 2⁻²⁴, so that sums are exact.
pub(super) type Level = u32;

const ONE: f32 = (1_u32 << 24) as f32;

/// A correspondence, 0..1, as a level.
pub(super) fn level(correspondence: Real) -> Level {
    (correspondence.get() * ONE).round() as Level
}

/// A level as a correspondence.
pub(super) fn correspondence(level: Level) -> Real {
    (level as f32 / ONE).into()
}

/// The mean of levels, from their sum, as a correspondence.
pub(super) fn mean(sum: u64, count: u32) -> Real {
    let mean = sum as f64 / f64::from(count);
    ((mean / f64::from(ONE)) as f32).into()
}
