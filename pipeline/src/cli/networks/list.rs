//! `sonoscope networks list`: a line a network.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use sonoscope_models::{Family, NetworkDir, NetworkError, NetworkInfo, Precision, zoo};

use crate::{cli::say, fault::Fault};

/// What `sonoscope networks list` takes.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// A network, or why it cannot be used.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    directory: PathBuf,
    #[serde(flatten)]
    known: Known,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Known {
    Whole {
        family: Family,
        width: f32,
        size_bytes: usize,
        precisions: Vec<Precision>,
        trained_on: String,
        license: String,
    },
    Broken {
        problem: String,
    },
}

/// Lists them. A network that is broken has its line too.
///
/// # Errors
/// Never, but for the form of its siblings.
pub fn run(args: &ListArgs) -> Result<(), Fault> {
    let entries: Vec<_> = zoo::list().iter().map(Entry::of).collect();
    if args.json {
        say(&serde_json::to_string_pretty(&entries).map_err(Fault::environment)?);
        return Ok(());
    }
    let width = entries.iter().map(|entry| entry.name.len()).max();
    let width = width.unwrap_or(0).max("network".len());
    say(&format!(
        "{:width$}  {:13}  {:>8}  {:14}  trained on",
        "network", "design", "size", "precisions"
    ));
    for entry in entries {
        say(&entry.line(width));
    }
    Ok(())
}

impl Entry {
    fn of(dir: &NetworkDir) -> Self {
        Self {
            name: dir.name(),
            directory: dir.path().into(),
            known: NetworkInfo::read(dir).into(),
        }
    }

    fn line(&self, width: usize) -> String {
        let name = &self.name;
        match &self.known {
            Known::Broken { problem } => format!("{name:width$}  BROKEN: {problem}"),
            Known::Whole {
                family,
                size_bytes,
                precisions,
                trained_on,
                ..
            } => {
                let megabytes = *size_bytes as f64 / 1e6;
                let family = family.to_string();
                let precisions: Vec<_> = precisions.iter().map(Precision::to_string).collect();
                let precisions = precisions.join(" ");
                format!(
                    "{name:width$}  {family:13}  {megabytes:>5.1} MB  {precisions:14}  {trained_on}"
                )
            }
        }
    }
}

impl From<Result<NetworkInfo, NetworkError>> for Known {
    fn from(read: Result<NetworkInfo, NetworkError>) -> Self {
        match read {
            Err(error) => Self::Broken {
                problem: error.to_string(),
            },
            Ok(info) => Self::Whole {
                family: info.contract.family,
                width: info.contract.provenance.width,
                size_bytes: info.files.iter().map(|file| file.size_bytes).sum(),
                precisions: info.precisions.iter().map(|p| p.precision).collect(),
                trained_on: info.contract.provenance.trained_on,
                license: info.contract.provenance.license,
            },
        }
    }
}
