//! How well scores tell what belongs together from what does not.

use serde::Serialize;

/// Shares of right answers at a threshold, and without one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// Mean of the two rates below: the accuracy if half of all pairs belonged together.
    pub balanced_accuracy: f64,
    /// Share of the pairs that belong together which reach the threshold.
    pub true_positive_rate: f64,
    /// Share of the other pairs which do not.
    pub true_negative_rate: f64,
    /// Chance that a pair that belongs together scores above another one; a tie counts half.
    pub rank_auc: f64,
    /// Pairs that belong together.
    pub positives: usize,
    /// Other pairs.
    pub negatives: usize,
}

impl Decision {
    /// Of the scores of both kinds of pairs; nothing if a kind has none.
    pub fn of(positives: &[f32], negatives: &[f32], threshold: f32) -> Option<Self> {
        if positives.is_empty() || negatives.is_empty() {
            return None;
        }
        let share = |scores: &[f32]| {
            let reached = scores.iter().filter(|score| **score >= threshold).count();
            reached as f64 / scores.len() as f64
        };
        let (true_positive_rate, false_positive_rate) = (share(positives), share(negatives));
        let true_negative_rate = 1.0 - false_positive_rate;
        Some(Self {
            balanced_accuracy: f64::midpoint(true_positive_rate, true_negative_rate),
            true_positive_rate,
            true_negative_rate,
            rank_auc: rank_auc(positives, negatives),
            positives: positives.len(),
            negatives: negatives.len(),
        })
    }
}

/// Chance that one of `positives` is above one of `negatives`; a tie counts half. NaN if either is
/// empty.
///
/// ```
/// # use sonoscope::eval::metrics::decision::rank_auc;
/// assert_eq!(rank_auc(&[0.9, 0.4], &[0.1, 0.4]), 0.875);
/// ```
pub fn rank_auc(positives: &[f32], negatives: &[f32]) -> f64 {
    let mut ordered = negatives.to_vec();
    ordered.sort_by(f32::total_cmp);
    let below = |score: f32| {
        let below = ordered.partition_point(|other| *other < score);
        let not_above = ordered.partition_point(|other| *other <= score);
        below + not_above
    };
    let twice: usize = positives.iter().map(|score| below(*score)).sum();
    twice as f64 / (2 * positives.len() * negatives.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::dice::{Purpose, dice};
    use rand::RngExt;

    #[test]
    fn rates_by_hand() {
        let decision = Decision::of(&[0.9, 0.5, 0.2], &[0.1, 0.6, 0.2, 0.3], 0.5).unwrap();
        assert_eq!(decision.true_positive_rate, 2.0 / 3.0);
        assert_eq!(decision.true_negative_rate, 0.75);
        assert_eq!(decision.balanced_accuracy, (2.0 / 3.0 + 0.75) / 2.0);
        // .9 beats four, .5 three, .2 beats one and ties with one.
        assert_eq!(decision.rank_auc, 8.5 / 12.0);
        assert_eq!(Decision::of(&[], &[0.5], 0.5), None);
        assert_eq!(Decision::of(&[0.5], &[], 0.5), None);
    }

    #[test]
    fn ranks_are_those_of_all_pairs() {
        let mut dice = dice(1, Purpose::Negatives);
        // Tenths, so that there are many ties.
        let mut draw = |n: usize| -> Vec<f32> {
            (0..n)
                .map(|_| dice.random_range(0..10) as f32 / 10.0)
                .collect()
        };
        let (positives, negatives) = (draw(57), draw(31));
        let mut wins = 0.0;
        for positive in &positives {
            for negative in &negatives {
                wins += match positive.total_cmp(negative) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
        let expected = wins / (57.0 * 31.0);
        assert!((rank_auc(&positives, &negatives) - expected).abs() < 1e-12);
    }
}
