//! `sonoscope train`: recordings or shards in, a network with its card out.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};

use super::{extract::into_set, say, stop_on_signal};
use crate::{
    extract,
    fault::{Exit, Fault},
    inputs::gather,
    python::Python,
    sources::Stop,
    train::{self, Options, train},
};

/// What `sonoscope train` takes.
#[derive(Args, Debug)]
pub struct TrainArgs {
    /// Recordings, as `sonoscope extract` takes them, or a folder of shards that it wrote.
    #[arg(value_name = "SOURCE|SHARDS", required = true)]
    sources: Vec<OsString>,

    /// What to train.
    #[arg(short, long, value_enum)]
    network: Family,

    /// Folder for all that comes of it: `network` in the end; `shards`, `run` on the way. The
    /// same command goes on with what is there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// What the network is to be called [default: the folder's name].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Share of the published width.
    #[arg(long, value_name = "W", default_value_t = 0.25)]
    width: f32,

    /// Steps of training.
    #[arg(long, value_name = "N")]
    steps: Option<u32>,

    /// Clips in a step.
    #[arg(long, value_name = "N")]
    batch: Option<u32>,

    /// The rate at which weights change at most.
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f32>,

    /// Seed of the weights and of the order of clips.
    #[arg(long, value_name = "K")]
    seed: Option<u64>,

    /// What trains: cpu, cuda.
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,

    /// Threads, of extraction and of training [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// A configuration by name or file: default, published, warm, widened, multisensory.
    #[arg(long, value_name = "NAME|FILE")]
    configuration: Option<String>,

    /// A checkpoint to take the towers of.
    #[arg(long, value_name = "CKPT")]
    init: Option<PathBuf>,

    /// What it learns from, in a sentence, for the card.
    #[arg(long, value_name = "TEXT")]
    trained_on: Option<String>,

    /// Make no int8 towers.
    #[arg(long)]
    no_int8: bool,
}

/// The designs that can be trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Family {
    /// Correspondence and embeddings that can be compared.
    Ave,
    /// Correspondence, and where the sound comes from.
    Avol,
    /// Correspondence and features.
    L3,
    /// Whether sound and picture are aligned in time.
    Multisensory,
}

impl Family {
    /// As Python has it.
    fn name(self) -> &'static str {
        match self {
            Self::Ave => "ave",
            Self::Avol => "avol",
            Self::L3 => "l3",
            Self::Multisensory => "multisensory",
        }
    }
}

/// Does it.
///
/// # Errors
/// What kept the network from being trained.
pub fn run(args: &TrainArgs, quiet: bool) -> Result<Exit, Fault> {
    // Before hours of extraction.
    let python = Python::find(&train::MODULES)?;
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let shards = match shards_among(&args.sources)? {
        Some(shards) => shards,
        None => extracted(args, &python, &stop, quiet)?,
    };
    let network = train(&python, &shards, &args.out, &args.options(), &stop)?;
    say(&format!("{}", network.display()));
    Ok(Exit::Done)
}

/// The folder of shards, if that is what was named.
fn shards_among(sources: &[OsString]) -> Result<Option<PathBuf>, Fault> {
    let is_set = |name: &&OsString| extract::is_set(Path::new(name));
    match (sources.iter().find(is_set), sources.len()) {
        (Some(shards), 1) => Ok(Some(shards.into())),
        (Some(shards), _) => Err(Fault::usage(format!(
            "{shards:?} holds shards, and cannot be mixed with other sources"
        ))
        .tip("extract all into one folder: `sonoscope extract SOURCES... --out SHARDS`")),
        (None, _) => Ok(None),
    }
}

/// Extracts into `shards`, or goes on with it. What failed of the sources is told; the others are
/// learned from.
fn extracted(
    args: &TrainArgs,
    python: &Python,
    stop: &Stop,
    quiet: bool,
) -> Result<PathBuf, Fault> {
    crate::start_gstreamer()?;
    let shards = args.out.join("shards");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = extract::Options {
        threads: args.threads.map_or(cores, usize::from),
        ..extract::Options::default()
    };
    let entries = gather(&args.sources)?;
    let network = contract_of(args, python, stop)?;
    into_set(entries, &shards, &network, options, stop, quiet)?;
    Ok(shards)
}

/// A network with the contract that recordings are extracted for: one of the zoo, or where the
/// design has a contract of its own, an untrained one that is made for it.
fn contract_of(args: &TrainArgs, python: &Python, stop: &Stop) -> Result<String, Fault> {
    if args.network != Family::Multisensory {
        return Ok("ave-small".into());
    }
    let folder = args.out.join("untrained");
    let mut words: Vec<OsString> = ["--network", args.network.name(), "--seed", "0"]
        .map(OsString::from)
        .into();
    words.extend(["--width", "0.015625", "--name", "untrained", "--out"].map(OsString::from));
    words.push(folder.clone().into());
    train::run(python, "export", &words, None, stop)?;
    Ok(folder.to_string_lossy().into_owned())
}

impl TrainArgs {
    fn options(&self) -> Options {
        let word =
            |name: &str, value: Option<OsString>| value.map(|value| [OsString::from(name), value]);
        let text = |value: Option<String>| value.map(OsString::from);
        let training = [
            word("--steps", text(self.steps.map(|n| n.to_string()))),
            word("--batch", text(self.batch.map(|n| n.to_string()))),
            word(
                "--learning-rate",
                text(self.learning_rate.map(|rate| rate.to_string())),
            ),
            word("--seed", text(self.seed.map(|seed| seed.to_string()))),
            word("--device", text(self.device.clone())),
            word("--threads", text(self.threads.map(|n| n.to_string()))),
            word("--configuration", text(self.configuration.clone())),
            word("--init", self.init.clone().map(Into::into)),
            word("--trained-on", text(self.trained_on.clone())),
        ];
        Options {
            family: self.network.name().into(),
            name: self.name.clone().unwrap_or_else(|| folder_name(&self.out)),
            width: self.width,
            training: training.into_iter().flatten().flatten().collect(),
            export: Vec::new(),
            int8: !self.no_int8,
        }
    }
}

fn folder_name(folder: &Path) -> String {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.into());
    let name = whole.file_name().unwrap_or("mine".as_ref());
    name.to_string_lossy().into_owned()
}
