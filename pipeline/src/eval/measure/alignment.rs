//! Does the sound belong to this moment? Asked of one recording's own sound, in step and out of it.
//!
//! The task of the Multisensory network. Of the others it tells whether they hear the moment or
//! the kind of thing alone.

use serde::Serialize;
use sonoscope_operators::CORRESPONDS;

use super::Measured;
use crate::eval::{evidence::Evidence, metrics::decision::Decision};

/// How well a network tells a sound in step from one of the same recording that is not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alignment {
    /// Share of right answers at 0.5, in step and out of step half and half.
    pub accuracy: f64,
    /// Share of recordings in which the sound in step scores higher; a tie counts half.
    pub in_step_higher: f64,
    /// The shares that the accuracy is made of.
    #[serde(flatten)]
    pub decision: Decision,
}

/// Of the middle second of each recording that has another second at least two seconds away.
pub fn alignment(evidence: &Evidence, network: usize) -> Measured<Alignment> {
    let shifted: Vec<_> = (evidence.clips.iter())
        .filter_map(|clip| clip.shifted[network])
        .collect();
    let aligned: Vec<f32> = shifted.iter().map(|pair| pair.aligned).collect();
    let others: Vec<f32> = shifted.iter().map(|pair| pair.shifted).collect();
    let Some(decision) = Decision::of(&aligned, &others, CORRESPONDS) else {
        let why = "no recording has two seconds with sound that are two seconds apart";
        return Measured::Not(why.into());
    };
    let higher = aligned
        .iter()
        .zip(&others)
        .map(|(own, other)| match own.total_cmp(other) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        });
    Measured::Is(Alignment {
        accuracy: decision.balanced_accuracy,
        in_step_higher: higher.sum::<f64>() / aligned.len() as f64,
        decision,
    })
}
