//! `sonoscope extract`: recordings in, training shards out.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::Args;
use sonoscope_models::{NetworkFiles, Precision, zoo};

use super::{exit_of, stop_on_signal};
use crate::{
    dataset::Entry,
    extract::{Counts, Extracted, Options, extract},
    fault::{Exit, Fault},
    inputs::gather,
    pool::must_compare,
    sources::{Frames, Stop},
    summary,
    tally::SourceTally,
};

/// What `sonoscope extract` takes.
#[derive(Args, Debug)]
pub struct ExtractArgs {
    /// Recordings: paths, file:// URLs, folders (all recordings in them and below), patterns, or
    /// lists, `@LIST`: what `sonoscope dataset` wrote, or a name a line.
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<OsString>,

    /// Folder for the shards. What it has already is not done again.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The network, by name or folder, whose contract decides what is written: pairs of picture
    /// and spectrogram, or for Multisensory clips of pictures and waveform.
    #[arg(short, long, value_name = "NAME|DIR", default_value = "ave-small")]
    network: String,

    /// Which picture stands for a second: exact, the one on show at its middle; keyframe, the
    /// nearest key frame, which is the fastest; all, as exact but decoding everything.
    #[arg(
        long,
        value_name = "WHICH",
        default_value = "exact",
        hide_possible_values = true
    )]
    frames: Frames,

    /// Sources read at the same time [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// Size of a shard. What is in one that is open is done again after a crash.
    #[arg(long, value_name = "MIB", default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=65_536))]
    shard_mib: u64,
}

/// Does it.
///
/// # Errors
/// What kept the shards from being written, or that nothing in the recordings can be used.
pub fn run(args: ExtractArgs, quiet: bool) -> Result<Exit, Fault> {
    crate::start_gstreamer()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options {
        threads: args.threads.map_or(cores, usize::from),
        shard_bytes: args.shard_mib << 20,
        frames: args.frames,
    };
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let entries = gather(&args.sources)?;
    let extracted = into_set(entries, &args.out, &args.network, options, &stop, quiet)?;
    Ok(exit_of(&extracted.sources))
}

/// Extracts as the contract of a network says, and tells what came of it.
///
/// # Errors
/// As of [`run`].
pub fn into_set(
    entries: Vec<Entry>,
    out: &Path,
    network: &str,
    options: Options,
    stop: &Stop,
    quiet: bool,
) -> Result<Extracted, Fault> {
    let folder = zoo::resolve(network).map_err(Fault::usage)?;
    let files = NetworkFiles::load(&folder, Precision::Fp32).map_err(Fault::environment)?;
    must_compare(files.contract(), "extract")?;
    let named = entries.len();
    let extracted = extract(entries, out, files.contract(), options, stop)?;
    summary::print(&extracted.sources, true);
    let counts = extracted.counts;
    if counts.pairs == 0 && !stop.is_raised() {
        let cause = format!(
            "there is nothing to learn from: not one second of the {named} recordings has both picture and sound"
        );
        return Err(Fault::of(Exit::SourceFailed, cause)
            .tip("look at one of them with `sonoscope run FILE --table`"));
    }
    if !quiet {
        eprintln!("{}", told(&extracted, out));
    }
    Ok(extracted)
}

fn told(extracted: &Extracted, out: &Path) -> String {
    let Counts {
        pairs,
        silent,
        frozen,
    } = extracted.counts;
    let done = |source: &&SourceTally| matches!(source.result, Some(Ok(())));
    let now = extracted.sources.iter().filter(done).count();
    let failed = extracted.sources.len() - now;
    let before = extracted.already;
    format!(
        "{}: {pairs} pairs, {silent} of them silent, {frozen} with a frozen picture; \
         {now} sources done now, {before} before, {failed} not",
        out.display()
    )
}
