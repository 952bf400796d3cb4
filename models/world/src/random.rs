//! Seeded randomness: every part of a clip draws from a stream of its own, so that nothing drawn
//! for the picture can tell of the sound, and a change to one part leaves the others as they were.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The generator used everywhere: the same numbers on every machine.
pub(crate) type Dice = ChaCha8Rng;

/// What a stream is for. Up to [`STREAMS_PER_CLIP`] of them.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// Which objects there are, which seconds are silent.
    Plan,
    /// The scenery behind the objects.
    Backdrop,
    /// Light and the camera's unsteady hand.
    Camera,
    /// When the sounding object sounds.
    Score,
    /// How its notes sound.
    Voice,
    /// Noise and level of the recording.
    Recording,
    /// Look, place and gestures of the object with this number.
    Object(u64),
}

const STREAMS_PER_CLIP: u64 = 16;

impl Stream {
    /// The dice of this stream in one clip of a world.
    pub(crate) fn dice(self, seed: u64, clip: u64) -> Dice {
        let stream = match self {
            Self::Plan => 0,
            Self::Backdrop => 1,
            Self::Camera => 2,
            Self::Score => 3,
            Self::Voice => 4,
            Self::Recording => 5,
            Self::Object(number) => 8 + number,
        };
        debug_assert!(stream < STREAMS_PER_CLIP);
        let mut dice = Dice::seed_from_u64(seed);
        dice.set_stream(clip.wrapping_mul(STREAMS_PER_CLIP).wrapping_add(stream));
        dice
    }
}

/// Throws of the dice that this crate makes often.
pub(crate) trait Throw {
    /// Evenly between the ends of a range; its start where the range is empty.
    fn between(&mut self, range: Range<f32>) -> f32;

    /// Between the ends of a range of positive numbers, evenly in their logarithm: for sizes,
    /// pitches and tempos.
    fn between_log(&mut self, range: Range<f32>) -> f32 {
        self.between(range.start.ln()..range.end.ln()).exp()
    }

    /// One of the items of a list that is not empty.
    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T;

    /// White noise between -1 and 1.
    fn white(&mut self) -> f32 {
        self.between(-1.0..1.0)
    }

    /// Plus or minus one.
    fn sign(&mut self) -> f32;
}

impl Throw for Dice {
    fn between(&mut self, range: Range<f32>) -> f32 {
        range.start + (range.end - range.start) * self.random::<f32>()
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.random_range(0..items.len())]
    }

    fn sign(&mut self) -> f32 {
        if self.random() { 1.0 } else { -1.0 }
    }
}
