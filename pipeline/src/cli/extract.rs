//! `sonoscope extract`: recordings in, training shards out.

use std::path::PathBuf;

use clap::Args;
use sonoscope_models::{NetworkFiles, Precision, zoo};

use super::{exit_of, stop_on_signal};
use crate::{
    fault::{Exit, Fault},
    sources::{Frames, SecondRange, Stop, specs},
    summary,
};

/// What `sonoscope extract` takes.
#[derive(Args, Debug)]
pub struct ExtractArgs {
    /// Recordings: paths or file:// URLs.
    #[arg(value_name = "SOURCE", required = true)]
    sources: Vec<String>,

    /// Folder for the shards.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The network, by name or folder, whose contract the spectrograms obey.
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
}

/// Does it.
///
/// # Errors
/// What kept the shards from being written.
pub fn run(args: ExtractArgs, quiet: bool) -> Result<Exit, Fault> {
    crate::start_gstreamer()?;
    let folder = zoo::resolve(&args.network).map_err(Fault::usage)?;
    let files = NetworkFiles::load(&folder, Precision::Fp32).map_err(Fault::environment)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or(cores, usize::from);
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let sources = specs(&args.sources, SecondRange::default(), args.frames)?;
    let ended = crate::extract::extract(sources, &args.out, files.contract(), threads, &stop)?;
    summary::print(&ended, quiet);
    Ok(exit_of(&ended))
}
