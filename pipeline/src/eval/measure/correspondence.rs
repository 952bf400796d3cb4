//! Does the sound belong to the picture? Asked of pairs half and half, and of all with all.

use rand::{RngExt, seq::SliceRandom};
use serde::Serialize;
use sonoscope_operators::CORRESPONDS;

use super::Measured;
use crate::{
    eval::{
        dice::{Purpose, dice},
        engine::Engine,
        evidence::{Evidence, Probe},
        metrics::{
            bootstrap::{Interval, bootstrap},
            calibration::{Bin, calibration_error, reliability},
            decision::{Decision, rank_auc},
        },
        scoring::score,
    },
    fault::Fault,
    sources::Stop,
};

/// Bins of the reliability curve.
const BINS: usize = 10;

/// Seconds that are compared all with all; of more, as many chosen by chance.
const ALL_WITH_ALL: usize = 600;

/// The reference report's task: of each clip the middle second, once with its own sound and once
/// with that of another clip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HalfAndHalf {
    /// Share of right answers at 0.5.
    pub accuracy: f64,
    /// The shares that it is made of.
    #[serde(flatten)]
    pub decision: Decision,
    /// How far scores are from the shares that they promise.
    pub calibration_error: f64,
    /// Scores and shares, bin by bin.
    pub reliability: Vec<Bin>,
}

/// Every picture with every sound of other recordings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AllPairs {
    /// Seconds compared; of a recording with truth its middle, of others up to 8.
    pub seconds: usize,
    /// Shares of right answers.
    #[serde(flatten)]
    pub decision: Decision,
    /// How often a second's own sound fits its picture better than the sounds of other
    /// recordings do, each recording counting the same; 95 of 100 draws of recordings.
    pub own_sound: Interval,
}

/// Asks a network of pairs half and half.
///
/// # Errors
/// When the network fails.
pub fn half_and_half(
    evidence: &Evidence,
    engines: &mut [Engine],
    network: usize,
    seed: u64,
    stop: &Stop,
) -> Result<Measured<HalfAndHalf>, Fault> {
    let middles = evidence.middles(network);
    if middles.len() < 2 {
        return Ok(Measured::Not(too_few(middles.len())));
    }
    let dice = &mut dice(seed, Purpose::Negatives);
    let pairs: Vec<_> = (0..middles.len())
        .map(|picture| (picture, other(picture, middles.len(), dice)))
        .collect();
    let negatives = score(engines, network, &middles, &pairs, stop)?;
    let positives = own_scores(&middles);
    let answers = (positives.iter().map(|score| (*score, true)))
        .chain(negatives.iter().map(|score| (*score, false)));
    let reliability = reliability(&answers.collect::<Vec<_>>(), BINS);
    let Some(decision) = Decision::of(&positives, &negatives, CORRESPONDS) else {
        return Ok(Measured::Not(too_few(middles.len())));
    };
    Ok(Measured::Is(HalfAndHalf {
        // As many of one kind as of the other.
        accuracy: decision.balanced_accuracy,
        decision,
        calibration_error: calibration_error(&reliability),
        reliability,
    }))
}

/// Asks a network of all pictures with all sounds.
///
/// # Errors
/// When the network fails.
pub fn all_pairs(
    evidence: &Evidence,
    engines: &mut [Engine],
    network: usize,
    seed: u64,
    stop: &Stop,
) -> Result<Measured<AllPairs>, Fault> {
    let probes = subset(evidence.probes(network), seed);
    let recordings = recordings(&probes);
    if recordings < 2 {
        return Ok(Measured::Not(too_few(recordings)));
    }
    let count = probes.len();
    let foreign = |&(picture, sound): &(usize, usize)| probes[picture].clip != probes[sound].clip;
    let pairs: Vec<_> = (0..count * count)
        .map(|cell| (cell / count, cell % count))
        .filter(foreign)
        .collect();
    let scores = score(engines, network, &probes, &pairs, stop)?;
    let own = own_scores(&probes);
    let Some(decision) = Decision::of(&own, &scores, CORRESPONDS) else {
        return Ok(Measured::Not(too_few(recordings)));
    };
    let wins = wins(&probes, &own, &pairs, &scores);
    Ok(Measured::Is(AllPairs {
        seconds: count,
        decision,
        own_sound: bootstrap(&wins, seed),
    }))
}

fn too_few(clips: usize) -> String {
    let found = match clips {
        0 => "there is none",
        _ => "there is one",
    };
    format!("two recordings are needed with a second whose sound belongs to it; {found}")
}

/// Another clip than this one.
fn other(clip: usize, clips: usize, dice: &mut impl RngExt) -> usize {
    (clip + dice.random_range(1..clips)) % clips
}

fn own_scores(probes: &[Probe]) -> Vec<f32> {
    probes.iter().map(|probe| probe.own).collect()
}

/// All of them, or as many as can be compared, in their order.
fn subset(mut probes: Vec<Probe<'_>>, seed: u64) -> Vec<Probe<'_>> {
    if probes.len() > ALL_WITH_ALL {
        probes.shuffle(&mut dice(seed, Purpose::Subset));
        probes.truncate(ALL_WITH_ALL);
        probes.sort_by_key(|probe| (probe.clip, probe.second.index));
    }
    probes
}

/// How many recordings these seconds are of; those of one recording follow each other.
fn recordings(probes: &[Probe]) -> usize {
    let mut clips: Vec<usize> = probes.iter().map(|probe| probe.clip).collect();
    clips.dedup();
    clips.len()
}

/// For each recording of a picture and each of a sound, how often the picture's own sound scores
/// above the other's.
fn wins(probes: &[Probe], own: &[f32], pairs: &[(usize, usize)], scores: &[f32]) -> Vec<Vec<f64>> {
    let mut clips: Vec<usize> = probes.iter().map(|probe| probe.clip).collect();
    clips.dedup();
    let place = |probe: usize| clips.partition_point(|clip| *clip < probes[probe].clip);
    let mut wins = vec![vec![(0.0, 0.0); clips.len()]; clips.len()];
    for (&(picture, sound), score) in pairs.iter().zip(scores) {
        let (won, asked) = &mut wins[place(picture)][place(sound)];
        *won += rank_auc(&own[picture..=picture], std::slice::from_ref(score));
        *asked += 1.0;
    }
    let share = |(won, asked): (f64, f64)| if asked > 0.0 { won / asked } else { 0.0 };
    (wins.into_iter())
        .map(|row| row.into_iter().map(share).collect())
        .collect()
}
