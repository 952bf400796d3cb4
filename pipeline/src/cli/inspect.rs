//! `sonoscope inspect`: what a network wants, gives, and is made of. Nothing is run for it.

use std::io::{self, Write};

use clap::Args;
use sonoscope_models::{NetworkInfo, zoo};

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The network: a name of the zoo, such as ave-small, or a directory with its files.
    network: String,

    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

/// Prints a network's contract, the hashes that rows bear, its files and where its weights come
/// from.
///
/// # Errors
/// If there is no such network, or its files are not whole or not of one network.
pub fn run(args: InspectArgs) -> anyhow::Result<()> {
    let network = zoo::resolve(&args.network)?;
    let info = NetworkInfo::read(&network)?;
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &info)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{info}")?;
    }
    Ok(())
}
