//! `sonoscope report`: what came of a run, as a page.

use std::{fs, path::PathBuf};

use clap::Args;

use super::{say, stop_on_signal};
use crate::{
    fault::{Exit, Fault},
    report::{Media, Report},
    sources::Stop,
};

/// What `sonoscope report` takes.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// What `run` wrote: JSONL files, folders of Parquet; or the state folder of a job, which also
    /// tells what failed and what is left.
    #[arg(value_name = "OUT_OR_STATE", required = true)]
    rows: Vec<PathBuf>,

    /// The page.
    #[arg(short, long, value_name = "FILE.html", default_value = "report.html")]
    out: PathBuf,

    /// Recordings, or folders of them, to take pictures from; they are found by their ids.
    #[arg(long, value_name = "DIR|FILE", num_args = 1..)]
    media: Vec<PathBuf>,

    /// The folder that `run --heatmaps` named, to take pictures from.
    #[arg(long, value_name = "DIR")]
    heatmaps: Option<PathBuf>,
}

/// Does it.
///
/// # Errors
/// When there are no rows, or the page cannot be written.
pub fn run(args: ReportArgs, quiet: bool) -> Result<Exit, Fault> {
    crate::start_gstreamer()?;
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let mut report = Report::read(&args.rows)?;
    let media = Media::of(&args.media, args.heatmaps)?;
    let page = report.render(&media, &stop)?;
    fs::write(&args.out, page).map_err(|error| {
        Fault::environment(format!("cannot write {}: {error}", args.out.display()))
            .tip("name another file with --out")
    })?;
    if !quiet {
        say(&format!("{}: {}", args.out.display(), report.summary()));
    }
    Ok(Exit::Done)
}
