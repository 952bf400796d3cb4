//! Seeded chance: each purpose has a stream of its own, so that none disturbs another.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Whose sound a picture gets that is not its own.
    Negatives,
    /// Clips that stand for all, where all pairs would be too many.
    Subset,
    /// The half on which a threshold is chosen.
    Halves,
    /// Recordings drawn anew.
    Bootstrap,
    /// Rankings by chance.
    Rankings,
    /// Examples on the page.
    Examples,
    /// Where t-SNE begins.
    Scatter,
}

/// The stream of a purpose.
pub fn dice(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    dice.set_stream(purpose as u64);
    dice
}
