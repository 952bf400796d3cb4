//! `sonoscope eval`: how good networks are on a folder of recordings.

use std::{fs, io, path::PathBuf};

use clap::Args;
use sonoscope_models::{Devices, Precision};

use super::{exit_of, run::DEFAULT_NETWORKS, say, stop_on_signal};
use crate::{
    eval::{Plan, TruthFrom, page},
    fault::{Exit, Fault},
    sources::Stop,
    summary,
};

/// What `sonoscope eval` takes.
#[derive(Args, Debug)]
pub struct EvalArgs {
    /// A folder of recordings. With truth beside them (as `sonoscope world` writes it) retrieval
    /// and localisation are measured too.
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// A network by name or folder; may be repeated. Default: avol-small and ave-small.
    #[arg(short, long = "network", value_name = "NAME|DIR", num_args = 1..)]
    networks: Vec<String>,

    /// Where the truth about a recording is: in a JSON file beside it (auto), nowhere (none), or
    /// in a folder.
    #[arg(long, value_name = "auto|none|DIR", default_value = "auto")]
    truth: TruthFrom,

    /// How classes are related, as AudioSet's ontology.json [default: ontology.json in DIR].
    #[arg(long, value_name = "FILE")]
    ontology: Option<PathBuf>,

    /// Folder for eval.json and eval.html.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Recordings read at the same time [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// In which numbers the networks compute: fp32, int8, fp16.
    #[arg(long, value_name = "PRECISION", default_value_t = Precision::Fp32)]
    precision: Precision,

    /// What the networks run on: auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N; cuda:0,cuda:1
    /// for several cards.
    #[arg(long, value_name = "DEVICE", default_value_t = Devices::default())]
    device: Devices,

    /// The same seed draws the same pairs, halves and examples.
    #[arg(long, value_name = "K", default_value_t = 0)]
    seed: u64,

    /// At most so many recordings, the first by name.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

/// Does it.
///
/// # Errors
/// What kept figures from being measured or written.
pub fn run(args: EvalArgs, quiet: bool) -> Result<Exit, Fault> {
    crate::start_gstreamer()?;
    fs::create_dir_all(&args.out).map_err(|error| cannot_write(&args.out, &error))?;
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let networks = match args.networks.is_empty() {
        true => DEFAULT_NETWORKS.map(str::to_owned).into(),
        false => args.networks,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        folder: args.folder,
        limit: args.limit.map(|limit| limit as usize),
        networks,
        truth: args.truth,
        ontology: args.ontology,
        threads: args.threads.map_or(cores, usize::from),
        device: args.device,
        precision: args.precision,
        seed: args.seed,
    };
    let outcome = plan.run(&stop)?;
    let json = serde_json::to_string_pretty(&outcome.report).map_err(Fault::environment)?;
    write(args.out.join("eval.json"), &json)?;
    write(args.out.join("eval.html"), &page::render(&outcome, &stop)?)?;
    match args.json {
        true => say(&json),
        false => say(outcome.report.to_string().trim_end()),
    }
    let failed = exit_of(&outcome.sources);
    summary::print(&outcome.sources, quiet || failed == Exit::Done);
    Ok(failed)
}

fn write(path: PathBuf, text: &str) -> Result<(), Fault> {
    fs::write(&path, text).map_err(|error| cannot_write(&path, &error))
}

fn cannot_write(path: &std::path::Path, error: &io::Error) -> Fault {
    Fault::environment(format!("cannot write to {}: {error}", path.display()))
        .tip("name another folder with --out")
}
