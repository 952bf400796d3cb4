//! `infer-bench`: networks by themselves, on whatever ONNX Runtime can use here. It needs no
//! GStreamer and no dataflow, so it runs on a bare machine with a card.
//!
//! Each network is first held to what the processor says in single precision, then timed: pairs a
//! second and latency by provider, precision, batch and number of threads. What it does not get to
//! work is in the report with its error.

mod asked;
mod check;
mod faults;
mod inputs;
mod machine;
mod measure;
mod report;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    error::Error,
    fs,
    process::ExitCode,
};

use sonoscope_models::{
    NetworkFiles, Precision, Provider, Runtime, Setting, matmul_flops, prebuild, zoo,
};

use asked::Asked;
use check::Reference;
use report::{Outcome, Report, Trial};

/// Side of the matrices whose product shows what a card can do, and how many products in a row.
const MATMUL: [usize; 2] = [8192, 16];
const MATMUL_ON_CPU: [usize; 2] = [512, 2];

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("infer-bench: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether all that was tried agrees with the processor.
fn run() -> Result<bool, Box<dyn Error>> {
    let asked = Asked::parse(std::env::args().skip(1))?;
    let runtime = Runtime::load_for(&asked.devices())?;
    let mut report = Report::new(&runtime);
    let mut bench = Bench {
        runtime: &runtime,
        asked: &asked,
        references: BTreeMap::new(),
    };
    for device in &asked.devices {
        let provider = match runtime.resolve(*device) {
            Ok(provider) => provider,
            Err(error) => {
                report.missing.push(error.to_string());
                continue;
            }
        };
        let [side, products] = match provider {
            Provider::Cpu => MATMUL_ON_CPU,
            Provider::Cuda(_) | Provider::TensorRt(_) => MATMUL,
        };
        match matmul_flops(&runtime, provider, side, products) {
            Ok(flops) => report.ceiling(provider, flops),
            Err(error) => report
                .missing
                .push(format!("matmul on {provider}: {error}")),
        }
        for network in &asked.networks {
            for precision in &asked.precisions {
                let outcome = bench.try_one(network, provider, *precision);
                let outcome = outcome.unwrap_or_else(|error| Outcome::Failed(error.to_string()));
                eprintln!("{network} {precision} on {provider}: {outcome}");
                report.trials.push(Trial {
                    network: network.clone(),
                    provider,
                    precision: *precision,
                    outcome,
                });
            }
        }
    }
    report.finish();
    if let Some(path) = &asked.out {
        fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    print_out(&report.table());
    Ok(report.agrees())
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn print_out(text: &str) {
    println!("{text}");
}

/// What trials share.
struct Bench<'a> {
    runtime: &'a Runtime,
    asked: &'a Asked,
    /// By network.
    references: BTreeMap<String, Reference>,
}

impl Bench<'_> {
    fn try_one(
        &mut self,
        network: &str,
        provider: Provider,
        precision: Precision,
    ) -> Result<Outcome, Box<dyn Error>> {
        let (runtime, asked) = (self.runtime, self.asked);
        let dir = zoo::resolve(network)?;
        let files = NetworkFiles::load(&dir, precision)?.for_provider(provider)?;
        let reference = match self.references.entry(network.into()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let inputs = asked.inputs.as_deref();
                new.insert(Reference::ask(runtime, &dir, inputs, asked.pairs)?)
            }
        };
        let mut setting = Setting {
            sizes: Some(asked.sizes()),
            bytes: true,
            channels_last: asked.channels_last,
            graphs: asked.graphs && matches!(provider, Provider::Cuda(_)),
            ..Setting::new(provider)
        };
        let cache = match (provider, &setting.sizes) {
            (Provider::TensorRt(card), Some(sizes)) => runtime.engines(&files, sizes, card),
            _ => None,
        };
        let mut opened = prebuild(runtime, &files, &setting, cache.as_ref(), |_| {})?;
        setting.engines = cache.map(|cache| cache.folder().into());
        let agreement = reference.compare(runtime, &files, &mut opened)?;
        let strays = opened.strays();
        let strays = strays
            .iter()
            .map(|(part, placed)| format!("{part}: {placed}"));
        let strays = strays.collect();
        drop(opened);
        let mut figures = Vec::new();
        for size in &asked.batches {
            for threads in &asked.threads {
                let figure = measure::measure(runtime, &files, &setting, *size, *threads, asked);
                figures.push(figure?);
            }
        }
        let leak = match asked.leak_batches {
            0 => None,
            batches => Some(faults::leak(runtime, &files, &setting, batches)?),
        };
        let memory = match provider {
            Provider::Cuda(_) if asked.memory => {
                faults::little_memory(runtime, &files, &setting, asked.sizes().largest())
            }
            _ => Vec::new(),
        };
        Ok(Outcome::Tried(Box::new(report::Tried {
            agreement,
            strays,
            figures,
            leak,
            memory,
            gflop_a_pair: inputs::gflop_a_pair(files.contract()),
        })))
    }
}
