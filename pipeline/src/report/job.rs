//! What the state of a job tells beside its rows: where they are, what failed, what is left.

use std::path::{Path, PathBuf};

use crate::{
    fault::Fault,
    ledger::{self, Activity, Failure, Status},
    sinks::{Position, SinkUri, Written},
};

/// Failures that are told one by one: a page with many more would open slowly.
const TOLD: usize = 1000;

/// A job whose state folder was named.
#[derive(Debug)]
pub struct Job {
    folder: PathBuf,
    status: Status,
    /// Its sinks, as they were given, and where they stand.
    sinks: Vec<(String, Position)>,
}

impl Job {
    /// Of a state folder, which may be in use.
    ///
    /// # Errors
    /// When it is damaged, newer or cannot be read.
    pub fn read(folder: &Path) -> Result<Self, Fault> {
        Ok(Self {
            folder: folder.to_owned(),
            sinks: ledger::positions(folder)?,
            status: Status::read(folder, TOLD)?,
        })
    }

    /// Where its committed rows can be read: all of its sinks have the same, so the first of them
    /// that is there.
    ///
    /// # Errors
    /// When there is none.
    pub fn output(&self) -> Result<Written, Fault> {
        let written = self.sinks.iter().filter_map(|(uri, position)| {
            let sink: SinkUri = uri.parse().ok()?;
            sink.written(position)
        });
        let outputs: Vec<_> = written.collect();
        let here = outputs.iter().find(|written| path_of(written).exists());
        here.cloned().ok_or_else(|| self.without(&outputs))
    }

    /// Why there are no rows to read.
    fn without(&self, outputs: &[Written]) -> Fault {
        let folder = self.folder.display();
        let names = |names: Vec<String>| names.join(", ");
        if self.sinks.is_empty() {
            return Fault::usage(format!("the job of {folder} has not begun"))
                .tip("give it time to load its networks");
        }
        if outputs.is_empty() {
            let sinks = names(self.sinks.iter().map(|(uri, _)| uri.clone()).collect());
            return Fault::usage(format!(
                "the job of {folder} keeps no rows that could be read: they go to {sinks}"
            ))
            .tip("run with --sink jsonl:PATH or --sink parquet:DIR");
        }
        let paths = outputs.iter().map(|one| path_of(one).display().to_string());
        Fault::usage(format!(
            "the rows of the job of {folder} are not here: {}",
            names(paths.collect())
        ))
        .tip("go to the folder in which `sonoscope run` was given, or name the rows themselves")
    }

    /// The first of its sources that have failed, and why.
    pub fn failures(&self) -> &[Failure] {
        &self.status.failures
    }

    /// How many more have failed.
    pub fn failures_more(&self) -> u64 {
        let told = self.failures().len() as u64;
        self.status.sources.failed.saturating_sub(told)
    }

    /// In a line, how far it is.
    pub fn told(&self) -> String {
        let is = match self.status.state {
            Activity::Finished => "is finished",
            Activity::Running => "is running",
            Activity::Stopped => "was stopped; the same command goes on",
        };
        let sources = self.status.sources;
        format!(
            "The job {is}: {} done, {} failed, {} left.",
            sources.done, sources.failed, sources.left
        )
    }
}

fn path_of(written: &Written) -> &Path {
    match written {
        Written::Lines(files) => files.last().map_or(Path::new(""), |(path, _)| path),
        Written::Parquet(path) => path,
    }
}
