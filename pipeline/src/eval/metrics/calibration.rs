//! Whether a score of 0.8 is right in 8 of 10 cases.

use serde::Serialize;

/// Scores between two bounds: what they promise and what is true.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Lower bound, inclusive.
    pub from: f64,
    /// Upper bound, exclusive but for the last bin.
    pub to: f64,
    /// Pairs with such a score.
    pub pairs: usize,
    /// Mean of their scores; nothing if there are none.
    pub mean_score: Option<f64>,
    /// Share of them that belong together.
    pub positive_share: Option<f64>,
}

/// A reliability curve of `bins` bins of equal width over 0..1, of pairs of score and truth.
pub fn reliability(pairs: &[(f32, bool)], bins: usize) -> Vec<Bin> {
    let place = |score: f32| ((f64::from(score) * bins as f64) as usize).min(bins - 1);
    (0..bins)
        .map(|bin| {
            let inside = || pairs.iter().filter(move |(score, _)| place(*score) == bin);
            let pairs = inside().count();
            let mean = |sum: f64| (pairs > 0).then(|| sum / pairs as f64);
            Bin {
                from: bin as f64 / bins as f64,
                to: (bin + 1) as f64 / bins as f64,
                pairs,
                mean_score: mean(inside().map(|(score, _)| f64::from(*score)).sum()),
                positive_share: mean(inside().filter(|(_, positive)| *positive).count() as f64),
            }
        })
        .collect()
}

/// Expected calibration error: how far promise and truth are apart, bin by bin, weighed by pairs.
pub fn calibration_error(bins: &[Bin]) -> f64 {
    let total: usize = bins.iter().map(|bin| bin.pairs).sum();
    let gap = |bin: &Bin| Some((bin.mean_score? - bin.positive_share?).abs() * bin.pairs as f64);
    bins.iter().filter_map(gap).sum::<f64>() / total as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let pairs = [
            (0.0, false),
            (0.4, true),
            (0.5, true),
            (0.9, true),
            (1.0, false),
        ];
        let bins = reliability(&pairs, 2);
        assert_eq!((bins[0].pairs, bins[1].pairs), (2, 3));
        assert_eq!(bins[0].positive_share, Some(0.5));
        assert!((bins[0].mean_score.unwrap() - 0.2).abs() < 1e-7);
        assert_eq!(bins[1].positive_share, Some(2.0 / 3.0));
        let expected = (2.0 * 0.3 + 3.0 * (0.8 - 2.0 / 3.0)) / 5.0;
        assert!((calibration_error(&bins) - expected).abs() < 1e-7);
    }

    #[test]
    fn empty_bins_count_nothing() {
        let bins = reliability(&[(1.0, true)], 10);
        assert_eq!(bins.len(), 10);
        assert_eq!(bins[3].mean_score, None);
        assert_eq!(calibration_error(&bins), 0.0);
    }
}
