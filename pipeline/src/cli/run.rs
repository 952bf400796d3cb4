//! `sonoscope run`: recordings in, a row for every second out.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sonoscope_models::{Device, Precision};
use sonoscope_operators::{Include, slice::DEFAULT_SILENCE_DBFS};

use super::{exit_of, stop_on_signal};
use crate::{
    config::Config,
    fault::{Exit, Fault},
    job::{Job, Outcome},
    sinks::SinkUri,
    sources::{Frames, SecondRange, Stop, specs},
    summary,
};

/// What `sonoscope run` takes. Everything may also stand in a file (`--config`); what is said
/// here goes before what stands there.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Recordings: paths or file:// URLs.
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<String>,

    /// A network by name or folder; may be repeated. Default: avol-small and ave-small.
    #[arg(short, long = "network", value_name = "NAME|DIR")]
    pub networks: Vec<String>,

    /// Where rows go; may be repeated: jsonl:PATH, jsonl:- (stdout, the default),
    /// parquet:DIR (a folder that is empty), null:.
    #[arg(short, long = "sink", value_name = "URI")]
    pub sinks: Vec<SinkUri>,

    /// Write a picture with its heatmap for every second in which the sound's place is known.
    #[arg(long, value_name = "DIR")]
    pub heatmaps: Option<PathBuf>,

    /// Write each recording as a video with heatmap, score bar and its own sound.
    #[arg(long, value_name = "DIR")]
    pub overlay: Option<PathBuf>,

    /// Print, at the end, what was heard and seen second by second.
    #[arg(long)]
    pub table: bool,

    /// What rows carry besides.
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    pub include: Vec<Extra>,

    /// Dataflow workers, each a thread [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,

    /// Threads that run the networks [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,

    /// What the networks run on: auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N [default: auto].
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<Device>,

    /// In which numbers the networks compute: fp32, int8, fp16 [default: fp32].
    #[arg(long, value_name = "PRECISION")]
    pub precision: Option<Precision>,

    /// First second wanted [default: 0].
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    pub from: Option<i64>,

    /// First second no longer wanted [default: the end].
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(i64).range(0..=1_000_000_000))]
    pub to: Option<i64>,

    /// Which picture stands for a second: exact, the one on show at its middle; keyframe, the
    /// nearest key frame, which is the fastest; all, as exact but decoding everything
    /// [default: exact].
    #[arg(long, value_name = "WHICH", hide_possible_values = true)]
    pub frames: Option<Frames>,

    /// Sound below this level, in dB below full scale, is silent [default: -60].
    #[arg(long, value_name = "DBFS", allow_negative_numbers = true)]
    pub silence: Option<f32>,

    /// A TOML file with any of the above.
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
}

/// The parts of a row that are written only on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extra {
    /// The heatmap, row by row.
    Heatmap,
    /// The embeddings of picture and sound.
    Embeddings,
}

/// The networks that run unless others are named.
pub const DEFAULT_NETWORKS: [&str; 2] = ["avol-small", "ave-small"];

/// Does it.
///
/// # Errors
/// What kept the run from beginning.
pub fn run(args: RunArgs, quiet: bool) -> Result<Exit, Fault> {
    let args = match args.config.clone() {
        Some(path) => Config::read(&path)?.under(args),
        None => args,
    };
    crate::start_gstreamer()?;
    let (overlay, table) = (args.overlay.clone(), args.table);
    let job = job(args)?;
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let sources = job.sources.clone();
    let (tracks, witness) = crate::overlay::tracks(table || overlay.is_some());
    let mut outcome = job.run(&stop, witness)?;
    if table {
        eprint!("{}", crate::table::of(&tracks, &sources));
    }
    if let Some(folder) = overlay
        && outcome.fault.is_none()
        && !stop.is_raised()
    {
        outcome.fault = crate::overlay::render(&folder, &sources, &tracks, &stop).err();
    }
    conclude(outcome, quiet)
}

fn conclude(outcome: Outcome, quiet: bool) -> Result<Exit, Fault> {
    summary::print(&outcome.sources, quiet);
    if let Some(fault) = outcome.fault {
        return Err(fault);
    }
    Ok(exit_of(&outcome.sources))
}

/// What was asked for, with the defaults filled in.
fn job(args: RunArgs) -> Result<Job, Fault> {
    if args.sources.is_empty() {
        return Err(Fault::usage("no source is named").tip("sonoscope run VIDEO.mp4"));
    }
    let default = SecondRange::default();
    let range = SecondRange {
        from: args.from.unwrap_or(default.from),
        to: args.to.unwrap_or(default.to),
    };
    if range.from >= range.to {
        return Err(Fault::usage(format!(
            "--from {} is not before --to {}",
            range.from, range.to
        )));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let or = |given: Vec<String>, default: &[&str]| match given.is_empty() {
        true => default.iter().map(|&name| name.to_owned()).collect(),
        false => given,
    };
    let networks = or(args.networks, &DEFAULT_NETWORKS);
    let sinks = match args.sinks.is_empty() {
        true => vec!["jsonl:-".parse().map_err(Fault::usage)?],
        false => args.sinks,
    };
    Ok(Job {
        sources: specs(&args.sources, range, args.frames.unwrap_or_default())?,
        networks,
        sinks,
        include: Include {
            heatmap: args.include.contains(&Extra::Heatmap),
            embeddings: args.include.contains(&Extra::Embeddings),
        },
        heatmaps: args.heatmaps,
        workers: args.workers.map_or(1, usize::from),
        threads: args.threads.map_or(cores, usize::from),
        device: args.device.unwrap_or(Device::Auto),
        precision: args.precision.unwrap_or(Precision::Fp32),
        silence_dbfs: args.silence.unwrap_or(DEFAULT_SILENCE_DBFS),
    })
}
