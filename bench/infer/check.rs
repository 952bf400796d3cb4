//! Whether a network says elsewhere what it says on a processor in single precision.

use std::{error::Error, path::Path};

use serde::Serialize;
use sonoscope_models::{
    Network, NetworkDir, NetworkError, NetworkFiles, Precision, Provider, Runtime, Setting,
};

use crate::inputs::{Answers, Batch};

/// What a network says on a processor in single precision, to which all else is held.
pub struct Reference {
    batch: Batch,
    answers: Answers,
}

impl Reference {
    /// Asks it about so many pairs, on all cores: those of the folder, if there is one and they are
    /// as the network wants them, else made-up ones.
    pub fn ask(
        runtime: &Runtime,
        dir: &NetworkDir,
        inputs: Option<&Path>,
        pairs: usize,
    ) -> Result<Self, Box<dyn Error>> {
        let files = NetworkFiles::load(dir, Precision::Fp32)?;
        let mut network = Network::with_setting(runtime, &files, &on_all_cores())?;
        let read = inputs.map(|folder| Batch::read(files.contract(), folder, pairs));
        let batch = read.transpose()?.flatten();
        let batch = batch.unwrap_or_else(|| Batch::new(files.contract(), pairs));
        let answers = batch.ask(&mut network)?;
        Ok(Self { batch, answers })
    }

    /// How far a network is from it. One in int8 differs from single precision wherever it runs, so
    /// whether it agrees is a matter of what a processor says in int8.
    pub fn compare(
        &self,
        runtime: &Runtime,
        files: &NetworkFiles,
        network: &mut Network,
    ) -> Result<Agreement, NetworkError> {
        let found = self.batch.ask(network)?;
        let same = match files.precision {
            Precision::Int8 => {
                let mut same = Network::with_setting(runtime, files, &on_all_cores())?;
                Some(self.batch.ask(&mut same)?)
            }
            Precision::Fp32 | Precision::Fp16 => None,
        };
        let precision = files.precision;
        Ok(compare(&self.answers, same.as_ref(), &found, precision))
    }
}

fn on_all_cores() -> Setting {
    Setting {
        intra_threads: 0,
        ..Setting::new(Provider::Cpu)
    }
}

/// How far two runs of a network are from each other.
#[derive(Debug, Serialize)]
pub struct Agreement {
    /// The largest difference of features, of the largest feature there is.
    pub features_relative: f64,
    /// How large that may be; in int8 decisions alone count.
    pub limit: Option<f64>,
    /// Share of pairs of which both say the same: corresponds, or does not.
    pub decisions_equal: Option<f64>,
    /// Share of pairs of which a processor says the same in the same int8.
    pub decisions_as_int8: Option<f64>,
    /// Share of pairs that correspond, as the processor says: near 0 or 1, decisions prove little.
    pub corresponding: Option<f64>,
    /// The largest difference of correspondences.
    pub correspondence_gap: Option<f64>,
    /// Whether it is as it should be.
    pub agrees: bool,
}

/// Share of decisions that must be equal.
const DECISIONS: f64 = 0.995;

fn compare(
    expected: &Answers,
    same: Option<&Answers>,
    found: &Answers,
    precision: Precision,
) -> Agreement {
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
    let gaps = pairs.map(|(a, b)| f64::from((a.correspondence - b.correspondence).abs()));
    let decisions_equal = equal_share(&expected.decisions(), &found.decisions());
    let decisions_as_int8 =
        same.and_then(|same| equal_share(&same.decisions(), &found.decisions()));
    let all = vec![true; expected.scores.len()];
    let decided = decisions_as_int8.or(decisions_equal);
    Agreement {
        features_relative,
        limit,
        decisions_equal,
        decisions_as_int8,
        corresponding: equal_share(&all, &expected.decisions()),
        correspondence_gap: gaps.reduce(f64::max),
        agrees: limit.is_none_or(|limit| features_relative <= limit)
            && decided.is_none_or(|share| share >= DECISIONS),
    }
}

/// Of two lists, the share of places in which they agree; nothing of none.
fn equal_share(left: &[bool], right: &[bool]) -> Option<f64> {
    let equal = left.iter().zip(right).filter(|(a, b)| a == b).count();
    (!left.is_empty()).then(|| equal as f64 / left.len() as f64)
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
            let (expected, found) = (answers(1.0, 0.9), answers(feature, score));
            compare(&expected, None, &found, precision).agrees
        };
        assert!(compare(1.001, 0.9, Precision::Fp32));
        assert!(!compare(1.01, 0.9, Precision::Fp32));
        assert!(compare(1.01, 0.9, Precision::Fp16));
        assert!(!compare(1.1, 0.9, Precision::Fp16));
        assert!(!compare(1.0, 0.4, Precision::Fp16));
    }

    #[test]
    fn int8_is_held_to_int8_and_what_it_costs_is_told() {
        let (exact, low) = (answers(1.0, 0.6), answers(1.5, 0.4));
        let as_int8 = compare(&exact, Some(&low), &low, Precision::Int8);
        assert!(as_int8.agrees);
        assert_eq!(as_int8.decisions_equal, Some(0.0));
        assert_eq!(as_int8.decisions_as_int8, Some(1.0));
        assert_eq!(as_int8.corresponding, Some(1.0));
        let otherwise = compare(&exact, Some(&low), &exact, Precision::Int8);
        assert!(!otherwise.agrees);
    }
}
