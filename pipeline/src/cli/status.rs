//! `sonoscope status`: how far a job is, from its state folder.

use std::path::PathBuf;

use clap::Args;

use super::say;
use crate::{
    fault::{Exit, Fault},
    ledger::Status,
};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The folder that `sonoscope run --state` was given. It may be in use.
    #[arg(value_name = "DIR")]
    state: PathBuf,

    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,

    /// Tell at most so many of the sources that have failed.
    #[arg(long, value_name = "N", default_value_t = 10)]
    failures: usize,
}

/// Prints how far a job is.
///
/// # Errors
/// When the folder is no state folder, or cannot be read.
pub fn run(args: &StatusArgs) -> Result<Exit, Fault> {
    let status = Status::read(&args.state, args.failures)?;
    if args.json {
        let json = serde_json::to_string_pretty(&status).map_err(Fault::environment)?;
        say(&json);
    } else {
        say(status.to_string().trim_end());
    }
    Ok(Exit::Done)
}
