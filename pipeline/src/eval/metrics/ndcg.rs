//! Normalised discounted cumulative gain, as the reference report computes it.

use serde::{Deserialize, Serialize};

/// What a result of some relevance is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gain {
    /// The relevance itself.
    Linear,
    /// `2^relevance - 1`.
    Exponential,
}

impl Gain {
    /// Both, in the order in which tables have them.
    pub const ALL: [Self; 2] = [Self::Linear, Self::Exponential];

    fn of(self, relevance: u32) -> f64 {
        match self {
            Self::Linear => f64::from(relevance),
            Self::Exponential => f64::from(relevance).exp2() - 1.0,
        }
    }
}

/// nDCG of results, by their relevances from the first on: `DCG = sum of gain / log2(rank + 1)`,
/// divided by that of the same results in the best order. The ideal knows only the results that
/// were retrieved, as in the report. 0 where none of them has any relevance.
///
/// ```
/// # use sonoscope::eval::metrics::ndcg::{Gain, ndcg};
/// assert_eq!(ndcg(&[3, 2, 1], Gain::Linear), 1.0);
/// assert!(ndcg(&[1, 2, 3], Gain::Exponential) < 1.0);
/// ```
pub fn ndcg(relevances: &[u32], gain: Gain) -> f64 {
    let mut ideal = relevances.to_vec();
    ideal.sort_unstable_by(|a, b| b.cmp(a));
    let best = dcg(&ideal, gain);
    if best > 0.0 {
        dcg(relevances, gain) / best
    } else {
        0.0
    }
}

fn dcg(relevances: &[u32], gain: Gain) -> f64 {
    (relevances.iter().zip(2u32..))
        .map(|(relevance, place)| gain.of(*relevance) / f64::from(place).log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let third = 4f64.log2();
        let second = 3f64.log2();
        let linear = (2.0 / 1.0 + 0.0 / second + 4.0 / third) / (4.0 + 2.0 / second);
        assert!((ndcg(&[2, 0, 4], Gain::Linear) - linear).abs() < 1e-12);
        let steep = (3.0 + 15.0 / third) / (15.0 + 3.0 / second);
        assert!((ndcg(&[2, 0, 4], Gain::Exponential) - steep).abs() < 1e-12);
    }

    #[test]
    fn nothing_relevant_is_worth_nothing() {
        for gain in Gain::ALL {
            assert_eq!(ndcg(&[0, 0], gain), 0.0);
            assert_eq!(ndcg(&[], gain), 0.0);
            assert_eq!(ndcg(&[5, 5, 5], gain), 1.0);
        }
    }
}
