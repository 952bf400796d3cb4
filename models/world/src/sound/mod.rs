//! How things sound: building blocks, voices, and the recording of them.

pub(crate) mod blocks;
pub(crate) mod recording;
pub(crate) mod voice;

/// Samples a second.
pub const RATE_HZ: u32 = 48_000;

/// The same, to reckon with.
pub(crate) const RATE: f32 = RATE_HZ as f32;
