//! Whether a network says elsewhere what it says on a processor in single precision.

use std::error::Error;

use serde::Serialize;
use sonoscope_models::{Network, NetworkFiles, Precision, Provider, Runtime, Setting};

use crate::inputs::{Answers, Batch};

/// How far two runs of a network are from each other.
#[derive(Debug, Serialize)]
pub struct Agreement {
    /// The largest difference of features, of the largest feature there is.
    pub features_relative: f64,
    /// How large that may be; in int8 decisions alone count.
    pub limit: Option<f64>,
    /// Share of pairs of which both say the same: corresponds, or does not.
    pub decisions_equal: Option<f64>,
    /// Whether it is as it should be.
    pub agrees: bool,
}

/// Share of decisions that must be equal.
const DECISIONS: f64 = 0.995;

/// Asks both about a batch.
pub fn check(
    runtime: &Runtime,
    exact: &NetworkFiles,
    network: &mut Network,
    batch: &Batch,
) -> Result<Agreement, Box<dyn Error>> {
    let mut reference = Network::with_setting(runtime, exact, &Setting::new(Provider::Cpu))?;
    let (expected, found) = (batch.ask(&mut reference)?, batch.ask(network)?);
    Ok(compare(&expected, &found, network.precision()))
}

fn compare(expected: &Answers, found: &Answers, precision: Precision) -> Agreement {
    let relative = relative(expected.seen.values(), found.seen.values());
    let features_relative = relative.max(self::relative(
        expected.heard.values(),
        found.heard.values(),
    ));
    let limit = match precision {
        Precision::Fp32 => Some(1e-3),
        Precision::Fp16 => Some(1e-2),
        Precision::Int8 => None,
    };
    let pairs = expected.scores.iter().zip(&found.scores);
    let decide = |correspondence: f32| correspondence >= 0.5;
    let equal = pairs
        .filter(|(a, b)| decide(a.correspondence) == decide(b.correspondence))
        .count();
    let count = expected.scores.len();
    let decisions_equal = (count > 0).then(|| equal as f64 / count as f64);
    Agreement {
        features_relative,
        limit,
        decisions_equal,
        agrees: limit.is_none_or(|limit| features_relative <= limit)
            && decisions_equal.is_none_or(|share| share >= DECISIONS),
    }
}

fn relative(expected: &[f32], found: &[f32]) -> f64 {
    let largest = expected
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let gaps = expected.iter().zip(found).map(|(a, b)| (a - b).abs());
    let gap = gaps.fold(0.0_f32, f32::max);
    f64::from(gap) / f64::from(largest.max(f32::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use sonoscope_models::{Features, Score};

    use super::*;

    fn answers(feature: f32, correspondence: f32) -> Answers {
        let features = |value| Features::new(vec![2], vec![value, -2.0]);
        let score = Score {
            correspondence,
            distance: None,
            heatmap: None,
        };
        Answers {
            seen: features(feature),
            heard: features(1.0),
            scores: vec![score],
        }
    }

    #[test]
    fn differences_count_by_precision_and_decisions_in_all() {
        let compare = |feature, score, precision| {
            compare(&answers(1.0, 0.9), &answers(feature, score), precision).agrees
        };
        assert!(compare(1.001, 0.9, Precision::Fp32));
        assert!(!compare(1.01, 0.9, Precision::Fp32));
        assert!(compare(1.01, 0.9, Precision::Fp16));
        assert!(!compare(1.1, 0.9, Precision::Fp16));
        assert!(compare(1.5, 0.6, Precision::Int8));
        assert!(!compare(1.0, 0.4, Precision::Int8));
    }
}
