//! All that an evaluation says, in one form for table, JSON and page.

pub mod text;

use serde::Serialize;
use sonoscope_models::Family;
use sonoscope_operators::Provenance;

use super::{
    evidence::Evidence,
    measure::{
        Measured,
        alignment::Alignment,
        correspondence::{AllPairs, HalfAndHalf},
        localisation::Localisation,
        retrieval::Retrieval,
    },
};
use crate::tally::SourceTally;

/// Version of the form of `eval.json`.
pub const SCHEMA: u32 = 1;

/// What an evaluation says.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What was evaluated on, as it was named.
    pub recordings_of: String,
    /// Seed of all that was drawn.
    pub seed: u64,
    /// What was found there.
    pub counts: Counts,
    /// By which relevances are measured, where classes are known.
    pub ontology: Option<String>,
    /// The networks, in the order in which they were named.
    pub networks: Vec<NetworkReport>,
}

/// What was found among the recordings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Recordings.
    pub recordings: usize,
    /// Those of them that could not be read, or not to their end.
    pub failed: usize,
    /// Those of which something is known.
    pub with_truth: usize,
    /// Those left out of pairs: none of their seconds has a sound that belongs to it.
    pub left_out: usize,
    /// Seconds with both picture and sound.
    pub seconds: usize,
    /// Those of them that are silent, or whose source is known to be off screen.
    pub seconds_left_out: usize,
    /// Different classes.
    pub classes: usize,
}

/// What is said of one network.
#[derive(Clone, Debug, Serialize)]
pub struct NetworkReport {
    /// Which, and how it ran.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Its design.
    pub family: Family,
    /// Pairs half and half.
    pub correspondence: Measured<HalfAndHalf>,
    /// All pictures with all sounds.
    pub all_pairs: Measured<AllPairs>,
    /// Sound in step against sound out of step.
    pub alignment: Measured<Alignment>,
    /// nDCG.
    pub retrieval: Measured<Retrieval>,
    /// Where sounds come from.
    pub localisation: Measured<Localisation>,
}

impl Counts {
    /// Of what was read, and of what came of reading it.
    pub fn new(evidence: &Evidence, sources: &[SourceTally], classes: usize) -> Self {
        let clips = &evidence.clips;
        let seconds = || clips.iter().flat_map(|clip| &clip.seconds);
        Self {
            recordings: sources.len(),
            failed: (sources.iter())
                .filter(|source| !matches!(source.result, Some(Ok(()))))
                .count(),
            with_truth: clips.iter().filter(|clip| clip.truth.is_some()).count(),
            left_out: clips.iter().filter(|clip| clip.middle.is_none()).count(),
            seconds: seconds().count(),
            seconds_left_out: seconds().filter(|second| !second.fits).count(),
            classes,
        }
    }
}
