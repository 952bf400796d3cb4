//! What came of it, as JSON and as a table.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use sonoscope_models::{Precision, Provider, Runtime};

use crate::{
    check::Agreement,
    faults::{Leak, LittleMemory},
    machine::Machine,
    measure::Figure,
};

/// All of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub onnxruntime: Option<String>,
    /// What was asked for and is not there.
    pub missing: Vec<String>,
    /// Operations a second of products of large fp16 matrices, by provider: what cards are for.
    pub matmul_flops: BTreeMap<String, f64>,
    pub trials: Vec<Trial>,
    /// Resident memory at the end.
    pub host_mib: Option<u64>,
}

/// A network on a provider in a precision.
#[derive(Debug, Serialize)]
pub struct Trial {
    pub network: String,
    pub provider: Provider,
    pub precision: Precision,
    pub outcome: Outcome,
}

/// What came of a trial.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Tried(Box<Tried>),
    Failed(String),
}

#[derive(Debug, Serialize)]
pub struct Tried {
    pub agreement: Agreement,
    /// Nodes that ran on the processor, by file.
    pub strays: Vec<String>,
    pub figures: Vec<Figure>,
    pub leak: Option<Leak>,
    pub memory: Vec<LittleMemory>,
    pub gflop_a_pair: Option<f64>,
}

impl Report {
    pub fn new(runtime: &Runtime) -> Self {
        Self {
            machine: Machine::look(),
            onnxruntime: runtime.version().ok().flatten(),
            missing: Vec::new(),
            matmul_flops: BTreeMap::new(),
            trials: Vec::new(),
            host_mib: None,
        }
    }

    pub fn ceiling(&mut self, provider: Provider, flops: f64) {
        self.matmul_flops.insert(provider.to_string(), flops);
    }

    pub fn finish(&mut self) {
        self.host_mib = crate::machine::host_mib();
    }

    /// Whether all that was asked for was tried, agrees with the processor, leaks nothing, and where
    /// memory was short did what it could or said so.
    pub fn agrees(&self) -> bool {
        let is_well = |trial: &Trial| match &trial.outcome {
            Outcome::Tried(tried) => {
                tried.agreement.agrees
                    && tried.leak.as_ref().is_none_or(|leak| leak.is_level)
                    && tried.memory.iter().all(|little| little.is_well)
            }
            Outcome::Failed(_) => false,
        };
        self.missing.is_empty() && !self.trials.is_empty() && self.trials.iter().all(is_well)
    }

    /// For people: a line for each figure.
    pub fn table(&self) -> String {
        let mut lines = vec![format!(
            "{:24} {:12} {:5} {:>6} {:>8} {:>12} {:>10} {:>8} {:>8} {:>9}",
            "network",
            "provider",
            "",
            "batch",
            "threads",
            "pairs/s",
            "median ms",
            "p99 ms",
            "MiB card",
            "of matmul"
        )];
        for trial in &self.trials {
            let provider = trial.provider.to_string();
            let head = format!("{:24} {provider:12} {:5}", trial.network, trial.precision);
            match &trial.outcome {
                Outcome::Failed(error) => lines.push(format!("{head} {error}")),
                Outcome::Tried(tried) => {
                    let ceiling = self.matmul_flops.get(&provider);
                    for figure in &tried.figures {
                        lines.push(format!("{head} {}", tried.row(figure, ceiling.copied())));
                    }
                    lines.extend(tried.notes().map(|note| format!("{head} {note}")));
                }
            }
        }
        lines.extend(self.missing.iter().cloned());
        lines.join("\n")
    }
}

impl Tried {
    fn row(&self, figure: &Figure, ceiling: Option<f64>) -> String {
        let share = (self.gflop_a_pair.zip(ceiling))
            .map(|(gflop, ceiling)| figure.pairs_a_second * gflop * 1e9 / ceiling)
            .map_or(String::new(), |share| format!("{:.1} %", 100.0 * share));
        let card = figure.card_mib.map_or(String::new(), |mib| mib.to_string());
        format!(
            "{:>6} {:>8} {:>12.1} {:>10.3} {:>8.3} {card:>8} {share:>9}",
            figure.batch, figure.threads, figure.pairs_a_second, figure.median_ms, figure.p99_ms
        )
    }

    /// What is wrong, or worth a word.
    fn notes(&self) -> impl Iterator<Item = String> {
        let Agreement {
            features_relative,
            decisions_equal,
            decisions_as_int8,
            correspondence_gap,
            agrees,
            ..
        } = &self.agreement;
        let word = if *agrees { "agrees" } else { "DOES NOT AGREE" };
        let decisions = decisions_equal.map_or(String::new(), |share| {
            let gap = correspondence_gap.unwrap_or_default();
            let share = 100.0 * share;
            let int8 = decisions_as_int8.map_or(String::new(), |share| {
                format!(", {:.1} % as in int8 on a processor", 100.0 * share)
            });
            format!(", correspondences within {gap:.3}, {share:.1} % of decisions{int8}")
        });
        let agreement =
            format!("{word} with cpu fp32: features within {features_relative:.1e}{decisions}");
        let leak = self.leak.as_ref().map(|leak| {
            let word = if leak.is_level { "level" } else { "NOT LEVEL" };
            let (host, card) = (leak.host_mib, leak.card_mib);
            format!(
                "memory {word} over {} batches: host {host:?}, card {card:?} MiB",
                leak.batches
            )
        });
        let memory = self.memory.iter().map(|little| {
            let word = if little.is_well { "" } else { " NOT WELL" };
            let (limit, outcome) = (little.limit_mib, &little.outcome);
            format!("with {limit} MiB of the card:{word} {outcome}")
        });
        let notes = [agreement]
            .into_iter()
            .chain(leak)
            .chain(self.strays.clone());
        notes.chain(memory).collect::<Vec<_>>().into_iter()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => f.write_str(error),
            Self::Tried(tried) if tried.agreement.agrees => f.write_str("agrees"),
            Self::Tried(_) => f.write_str("does not agree with the processor"),
        }
    }
}
