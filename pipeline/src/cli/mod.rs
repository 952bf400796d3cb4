//! The command line: one file a subcommand.

mod ask;
mod cluster;
mod dataset;
mod doctor;
mod eval;
mod extract;
mod inspect;
mod networks;
mod prebuild;
mod report;
mod run;
mod server;
mod sinks;
mod status;
mod train;
mod world;

pub use cluster::ClusterArgs;
pub use run::RunArgs;
pub use server::ServerArgs;

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{
    fault::{Exit, Fault},
    sources::Stop,
    tally::SourceTally,
};

/// Looks at video with its ears open: for each second, whether the sound belongs to the picture,
/// and where in the picture it comes from.
#[derive(Debug, Parser)]
#[command(name = "sonoscope", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    /// Say more (-v: what is done, -vv: everything).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,

    /// Say nothing but errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
}

const EXIT_CODES: &str = "Exit codes: 0 all done; 1 some source failed; 2 asked in a wrong way; \
    3 something needed is missing or refuses; 4 another process of the cluster is gone.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Score recordings: a row for every second.
    Run(Box<RunArgs>),
    /// Ask a run what is nearest to a picture, a sound, or a second that it has seen.
    Ask(Box<ask::AskArgs>),
    /// Several processes that do one run: whether they reach each other.
    #[command(subcommand)]
    Cluster(cluster::ClusterCommand),
    /// Say how far a job is that keeps its state in a folder.
    Status(status::StatusArgs),
    /// List the sinks that are built in, with an example of each.
    Sinks(sinks::SinksArgs),
    /// Show a network's contract, hashes, sizes and provenance.
    Inspect(inspect::InspectArgs),
    /// List networks; take in other people's weights.
    Networks(networks::NetworksArgs),
    /// Build TensorRT's engines for networks ahead, so that no run waits for them.
    Prebuild(prebuild::PrebuildArgs),
    /// Say what is there and what is missing; exits with 0 only if `run` can work.
    Doctor(doctor::DoctorArgs),
    /// Make clips of the synthetic world, with the truth beside each.
    World(world::WorldArgs),
    /// Turn recordings into shards to train networks on.
    Extract(extract::ExtractArgs),
    /// Make a list to extract, of a published data set and the clips of it that you have.
    Dataset(dataset::DatasetArgs),
    /// Train a network on recordings or shards, and write it with its card.
    Train(train::TrainArgs),
    /// Make a page to look at of what `run` wrote.
    Report(report::ReportArgs),
    /// Measure how good networks are on a folder of recordings: tables, JSON and a page.
    Eval(Box<eval::EvalArgs>),
}

/// Does what the command line asks; what ended it early goes to standard error.
pub fn main() -> ExitCode {
    let exit = perform(Cli::parse()).unwrap_or_else(|fault| {
        eprintln!("error: {fault}");
        fault.code
    });
    ExitCode::from(exit as u8)
}

fn perform(cli: Cli) -> Result<Exit, Fault> {
    log(cli.verbose, cli.quiet);
    match cli.command {
        Command::Run(args) => run::run(*args, cli.quiet),
        Command::Ask(args) => ask::run(&args),
        Command::Cluster(command) => cluster::cluster(command),
        Command::Status(args) => status::run(&args),
        Command::Sinks(args) => sinks::run(&args),
        Command::Inspect(args) => inspect::run(args)
            .map(|()| Exit::Done)
            .map_err(Fault::usage),
        Command::Networks(args) => networks::run(args, cli.quiet),
        Command::Prebuild(args) => prebuild::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::World(args) => world::run(args),
        Command::Extract(args) => extract::run(args, cli.quiet),
        Command::Dataset(args) => dataset::run(&args, cli.quiet),
        Command::Train(args) => train::run(&args, cli.quiet),
        Command::Report(args) => report::run(args, cli.quiet),
        Command::Eval(args) => eval::run(*args, cli.quiet),
    }
}

/// Logs go to stderr, so that stdout can carry rows.
fn log(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => "error",
        (false, 0) => "info",
        (false, 1) => "debug",
        (false, _) => "trace",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("SONOSCOPE_LOG")
        .unwrap_or_else(|_| format!("warn,sonoscope={level}").into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// What the sources' ends mean for the exit code.
fn exit_of(sources: &[SourceTally]) -> Exit {
    let failed = sources
        .iter()
        .any(|source| !matches!(source.result, Some(Ok(()))));
    if failed {
        Exit::SourceFailed
    } else {
        Exit::Done
    }
}

/// The first Ctrl-C (or SIGTERM) lets finished seconds out and ends the run; the second ends the
/// program.
fn stop_on_signal(stop: &Stop) -> Result<(), Fault> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.is_raised() {
            std::process::exit(130);
        }
        tracing::warn!("stopping; what is finished is kept (again to end at once)");
        stop.raise();
    })
    .map_err(Fault::environment)
}

/// Prints a line of a command's answer on standard output. A reader that has gone, as `head`
/// does, wants no more.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
