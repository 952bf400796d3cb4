//! `sonoscope networks`: the networks that there are, and taking in other people's.

mod export;
mod list;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use url::Url;

use super::inspect::{self, InspectArgs};
use crate::{
    fault::{Exit, Fault},
    weights::{self, Import, Pull, catalogue, fetch, own::Own},
};

/// What `sonoscope networks` takes.
#[derive(Args, Debug)]
pub struct NetworksArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The networks that `run` knows by name.
    List(list::ListArgs),
    /// A network's contract, hashes, sizes and provenance.
    Info(InspectArgs),
    /// Fetch published weights, verify and convert them.
    Pull(PullArgs),
    /// Convert weights from a file: a PyTorch state dict with the published names, or OpenL3's.
    Import(ImportArgs),
    /// Copy a network's folder, with its card, to another place.
    Export(export::ExportArgs),
}

#[derive(Args, Debug)]
struct PullArgs {
    /// Which: allthatsound/ave, allthatsound/ave-aug, allthatsound/avol or allthatsound/l3-aug.
    name: String,

    /// Folder to fetch from, instead of the repository of the authors.
    #[arg(long, value_name = "URL", value_parser = fetch::base)]
    from: Option<Url>,

    /// Replace a network of this name.
    #[arg(long)]
    replace: bool,
}

#[derive(Args, Debug)]
struct ImportArgs {
    /// The file; of OpenL3, that of the audio network.
    file: PathBuf,

    /// Of OpenL3: the file of the image network.
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,

    /// Which design's names the file has. The published files are known without.
    #[arg(long = "as", value_name = "DESIGN")]
    form: Option<catalogue::Form>,

    /// What to call the network. The published files have names.
    #[arg(long)]
    name: Option<String>,

    /// What the weights were trained on, in a sentence.
    #[arg(long, value_name = "TEXT")]
    trained_on: Option<String>,

    /// Licence of the weights.
    #[arg(long, value_name = "TEXT")]
    license: Option<String>,

    /// Replace a network of this name.
    #[arg(long)]
    replace: bool,
}

/// Does it.
///
/// # Errors
/// What kept it from being done.
pub fn run(args: NetworksArgs, quiet: bool) -> Result<Exit, Fault> {
    match args.command {
        Command::List(args) => list::run(&args)?,
        Command::Info(args) => inspect::run(args).map_err(Fault::usage)?,
        Command::Pull(args) => pull(&args, quiet)?,
        Command::Import(args) => import(&args)?,
        Command::Export(args) => export::run(&args)?,
    }
    Ok(Exit::Done)
}

fn pull(args: &PullArgs, quiet: bool) -> Result<(), Fault> {
    let published = catalogue::by_name(&args.name).ok_or_else(|| catalogue::unknown(&args.name))?;
    let pull = Pull {
        published,
        from: args.from.clone(),
        replace: args.replace,
        quiet,
    };
    let path = weights::pull(&pull, &Own::open()?)?;
    super::say(&path.display().to_string());
    Ok(())
}

fn import(args: &ImportArgs) -> Result<(), Fault> {
    let import = Import {
        file: &args.file,
        image: args.image.as_deref(),
        form: args.form,
        name: args.name.as_deref(),
        trained_on: args.trained_on.as_deref(),
        license: args.license.as_deref(),
        replace: args.replace,
    };
    let path = weights::import(&import, &Own::open()?)?;
    super::say(&path.display().to_string());
    Ok(())
}
