//! How long to wait before the next attempt.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The first wait, if nothing else is said.
const LEAST: Duration = Duration::from_millis(500);

/// No wait is longer, if nothing else is said.
const MOST: Duration = Duration::from_secs(30);

/// Waits that double from one failure to the next, each shortened at random by up to a half, so
/// that many that failed together do not come back together.
#[derive(Debug)]
pub struct Backoff {
    least: Duration,
    most: Duration,
    failures: u32,
    random: ChaCha8Rng,
}

impl Backoff {
    /// Half a second at first, half a minute at most. Those with different seeds wait differently.
    pub fn new(seed: u64) -> Self {
        Self::within(LEAST, MOST, seed)
    }

    /// No failure yet; waits between these.
    pub fn within(least: Duration, most: Duration, seed: u64) -> Self {
        Self {
            least,
            most,
            failures: 0,
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// The wait after one more failure.
    pub fn next(&mut self) -> Duration {
        let doubled = self
            .least
            .saturating_mul(1 << self.failures.min(16))
            .min(self.most);
        self.failures += 1;
        doubled
            .mul_f64(self.random.random_range(0.5..=1.0))
            .max(self.least / 2)
    }

    /// All is well again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_differ_by_source() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            std::iter::repeat_with(move || backoff.next())
                .take(12)
                .collect::<Vec<_>>()
        };
        for (failures, wait) in waits(1).into_iter().enumerate() {
            let most = LEAST.saturating_mul(1 << failures).min(MOST);
            assert!(most / 2 <= wait && wait <= most, "{failures}: {wait:?}");
        }
        assert_ne!(waits(1), waits(2));
        let mut backoff = Backoff::new(3);
        for _ in 0..9 {
            backoff.next();
        }
        backoff.reset();
        assert!(backoff.next() <= LEAST);
    }
}
