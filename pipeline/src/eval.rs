//! How good networks are on recordings: figures, a table, a page.
//!
//! The recordings go through the pipeline of `run` (sources, slicing, features, networks), on
//! several threads (`gather`). What is kept of them is `evidence`: scores and heatmaps of all
//! seconds, features of few, pictures of none. Figures are made of it by `measure`, with the
//! arithmetic in [`metrics`], and told by [`report`].

mod dice;
mod engine;
mod evidence;
mod gather;
mod labels;
mod learning;
mod measure;
pub mod metrics;
mod ontology;
pub mod page;
mod reading;
pub mod report;
mod scoring;
mod truth;
mod tsne;

use std::path::PathBuf;

use sonoscope_models::{Devices, Precision, Runtime, zoo};
use sonoscope_operators::Preparation;

use self::{
    evidence::Evidence,
    gather::{Gathered, gather},
    labels::{Labels, find_ontology},
    measure::{
        alignment::alignment,
        correspondence::{all_pairs, half_and_half},
        localisation::localisation,
        retrieval::retrieval,
    },
    report::{Counts, NetworkReport, Report, SCHEMA},
    truth::Truth,
};
pub use truth::TruthFrom;

use crate::{
    fault::Fault,
    inputs,
    job::grid,
    pool::Member,
    sources::{Reading, SourceSpec, Stop},
    tally::SourceTally,
};

/// What is to be evaluated, on what, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The folder of recordings.
    pub folder: PathBuf,
    /// At most so many of them, the first by their paths.
    pub limit: Option<usize>,
    /// Networks, by name or folder.
    pub networks: Vec<String>,
    /// Where truth lies.
    pub truth: TruthFrom,
    /// How classes are related; else by `ontology.json` in the folder, else all alike.
    pub ontology: Option<PathBuf>,
    /// Threads, each with networks of its own.
    pub threads: usize,
    /// What the networks run on.
    pub device: Devices,
    /// In which numbers.
    pub precision: Precision,
    /// Seed of all that is drawn.
    pub seed: u64,
}

/// What came of an evaluation.
#[derive(Debug)]
pub struct Outcome {
    /// The figures.
    pub report: Report,
    /// How each recording ended.
    pub sources: Vec<SourceTally>,
    /// What the figures were made of.
    evidence: Evidence,
    /// How each network was learning, where its training left a log.
    learning: Vec<Vec<learning::Progress>>,
}

impl Plan {
    /// Does it.
    ///
    /// # Errors
    /// What keeps it from being begun, a network that fails, or recordings of which none can be
    /// used.
    pub fn run(&self, stop: &Stop) -> Result<Outcome, Fault> {
        let mut recordings = self.recordings()?;
        let truths = recordings.iter().filter_map(|(_, truth)| truth.as_ref());
        let ontology = find_ontology(self.ontology.as_deref(), &self.folder, truths)?;
        let runtime = Runtime::load_for(&self.device).map_err(Fault::environment)?;
        let providers = runtime
            .resolve_all(&self.device)
            .map_err(Fault::environment)?;
        let members = Member::read_all(&self.networks, &providers, self.precision)?;
        members
            .iter()
            .try_for_each(|member| member.must_compare("eval"))?;
        let grid = grid(&Preparation::new(
            members.iter().map(|m| m.files.contract()),
        ))?;
        (recordings.iter_mut()).for_each(|(spec, _)| spec.grid = grid);
        let gathered = gather(recordings, &runtime, &members, self.threads, stop)?;
        let Gathered {
            evidence,
            sources,
            mut engines,
        } = gathered;
        if evidence.clips.is_empty() {
            return Err(nothing_usable(&sources));
        }
        let truths = evidence.clips.iter().map(|clip| clip.truth.as_ref());
        let labels = Labels::new(truths, ontology.as_ref());
        let mut networks = Vec::new();
        for (network, member) in members.iter().enumerate() {
            let (seed, engines) = (self.seed, &mut engines);
            networks.push(NetworkReport {
                provenance: member.provenance(),
                family: member.files.contract().family,
                correspondence: half_and_half(&evidence, engines, network, seed, stop)?,
                all_pairs: all_pairs(&evidence, engines, network, seed, stop)?,
                alignment: alignment(&evidence, network),
                retrieval: retrieval(&evidence, network, labels.as_ref(), seed),
                localisation: localisation(&evidence, network, seed),
            });
        }
        let learning = self.networks.iter().map(|name| {
            let folder = zoo::resolve(name).map(|folder| learning::read(folder.path()));
            folder.unwrap_or_default()
        });
        let learning = learning.collect();
        let classes = labels.as_ref().map_or(0, |labels| labels.classes.len());
        Ok(Outcome {
            report: Report {
                schema: SCHEMA,
                recordings_of: self.folder.display().to_string(),
                seed: self.seed,
                counts: Counts::new(&evidence, &sources, classes),
                ontology: labels.map(|labels| labels.ontology),
                networks,
            },
            sources,
            evidence,
            learning,
        })
    }

    /// The recordings, and what is known of each.
    fn recordings(&self) -> Result<Vec<(SourceSpec, Option<Truth>)>, Fault> {
        let mut paths = inputs::recordings(&self.folder)?;
        paths.truncate(self.limit.unwrap_or(usize::MAX));
        (0..)
            .zip(paths)
            .map(|(ordinal, path)| {
                let truth = Truth::find(&path, &self.truth)?;
                let id = inputs::of_path(path.strip_prefix(&self.folder).unwrap_or(&path));
                let spec = SourceSpec {
                    ordinal,
                    ..SourceSpec::new(id, path, Reading::default())
                };
                Ok((spec, truth))
            })
            .collect()
    }
}

/// Not one recording gave a second with picture and sound.
fn nothing_usable(sources: &[SourceTally]) -> Fault {
    let because = (sources.iter())
        .find_map(|source| match &source.result {
            Some(Err(error)) => Some(format!("; the first, {}: {error}", source.name)),
            _ => None,
        })
        .unwrap_or_default();
    let mut fault = Fault::usage(format!(
        "none of {} recordings has a second with both picture and sound{because}",
        sources.len()
    ))
    .tip("`sonoscope run --table FILE` shows what is in one");
    fault.code = crate::fault::Exit::SourceFailed;
    fault
}
