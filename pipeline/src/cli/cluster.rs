//! What says that a run is one of several processes, and `sonoscope cluster check`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use serde::Deserialize;

use super::{say, stop_on_signal};
use crate::{
    cluster::{Hosts, Place, SECRET_VARIABLE, Secret},
    fault::{Exit, Fault},
    sources::Stop,
};

/// How long processes wait for each other.
const WITHIN_S: u16 = 60;

/// One run over several processes and hosts. In `--config`: a table `[cluster]`.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ClusterArgs {
    /// Processes that do this run together, all started with the same command but for --process.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub processes: Option<u16>,

    /// Which of them this is, from 0. Process 0 keeps the state and writes to the sinks.
    #[arg(long, value_name = "I")]
    pub process: Option<u16>,

    /// Where they listen: a file with a line HOST:PORT for each, on loopback or a private network.
    #[arg(long, value_name = "FILE")]
    pub hosts: Option<PathBuf>,

    /// A file with the secret by which they know each other [default: SONOSCOPE_CLUSTER_SECRET in
    /// the environment].
    #[arg(long, value_name = "FILE")]
    #[serde(rename = "secret-file")]
    pub cluster_secret_file: Option<PathBuf>,

    /// Seconds that they wait for each other at the start [default: 60].
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u16).range(1..))]
    pub peers_within: Option<u16>,
}

/// What `sonoscope cluster` does.
#[derive(Subcommand, Debug)]
pub enum ClusterCommand {
    /// Try the links among the processes, as a run would make them: started once for each process.
    Check(ClusterArgs),
}

impl ClusterArgs {
    /// What is said here, and what is left open filled from `filed`.
    #[must_use]
    pub fn over(self, filed: Self) -> Self {
        Self {
            processes: self.processes.or(filed.processes),
            process: self.process.or(filed.process),
            hosts: self.hosts.or(filed.hosts),
            cluster_secret_file: self.cluster_secret_file.or(filed.cluster_secret_file),
            peers_within: self.peers_within.or(filed.peers_within),
        }
    }

    /// Which process of which cluster this is, if it is one of several.
    ///
    /// # Errors
    /// When what is said does not go together.
    pub fn place(&self) -> Result<Option<Place>, Fault> {
        let processes = self.processes.map_or(1, usize::from);
        let tip = "sonoscope run --processes 2 --process 0 --hosts hosts.txt ... on one host, and \
                   --process 1 on the other";
        if processes == 1 {
            let is_told = self.process.is_some_and(|process| process > 0) || self.hosts.is_some();
            return match is_told {
                true => Err(Fault::usage("--process and --hosts need --processes").tip(tip)),
                false => Ok(None),
            };
        }
        let (Some(process), Some(path)) = (self.process, &self.hosts) else {
            return Err(Fault::usage("--processes needs --process and --hosts").tip(tip));
        };
        let (process, hosts) = (usize::from(process), Hosts::read(path)?);
        if hosts.count() != processes {
            return Err(Fault::usage(format!(
                "--processes {processes}, but {path:?} names {}",
                hosts.count()
            ))
            .tip("it has a line for each process"));
        }
        if process >= processes {
            return Err(Fault::usage(format!(
                "--process {process}, but they are numbered from 0 to {}",
                processes - 1
            )));
        }
        Ok(Some(Place {
            hosts,
            process,
            secret: Secret::find(self.cluster_secret_file.as_deref())?,
            within: Duration::from_secs(self.peers_within.unwrap_or(WITHIN_S).into()),
        }))
    }
}

/// Tries the links.
///
/// # Errors
/// When one cannot be made, and why.
pub fn cluster(command: ClusterCommand) -> Result<Exit, Fault> {
    let ClusterCommand::Check(mut args) = command;
    if let (None, Some(path)) = (args.processes, &args.hosts) {
        args.processes = u16::try_from(Hosts::read(path)?.count()).ok();
    }
    let Some(place) = args.place()? else {
        return Err(
            Fault::usage("there is one process: no link to try").tip(format!(
                "sonoscope cluster check --hosts hosts.txt --process 0, with {SECRET_VARIABLE} set"
            )),
        );
    };
    let stop = Stop::default();
    stop_on_signal(&stop)?;
    let terms = [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("hosts", place.hosts.to_string()),
    ];
    let terms = terms.map(|(name, value)| (name.to_owned(), value));
    let links = place.link(&terms.to_vec(), &stop)?;
    links.settle(&place)?;
    for (process, link) in links.data.iter().enumerate() {
        if link.is_some() {
            say(&format!(
                "process {process} ({}): linked",
                place.hosts.of(process)
            ));
        }
    }
    if links.clock_offset_ms != 0 {
        let ahead_s = links.clock_offset_ms as f64 / 1000.0;
        say(&format!(
            "the clock of process 0 is {ahead_s:+.3} s from this one's"
        ));
    }
    Ok(Exit::Done)
}
