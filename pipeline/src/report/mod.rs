//! `sonoscope report`: what came of a run, as one page to look at that asks nothing of the network.

mod chosen;
mod data;
mod job;
mod line;
mod media;
mod page;
mod parquet;
mod read;
mod totals;
mod tracks;

use std::path::{Path, PathBuf};

pub use media::Media;

use self::{chosen::Chosen, job::Job, line::Line, totals::Totals, tracks::Tracks};
use crate::{fault::Fault, ledger, sources::Stop};

/// Rows, gathered for the page.
#[derive(Debug, Default)]
pub struct Report {
    /// What was read, as it was named.
    inputs: Vec<String>,
    tracks: Tracks,
    /// By the place of the network.
    chosen: Vec<Chosen>,
    /// What is known of the jobs whose state was read.
    jobs: Vec<Job>,
    has_pictures: bool,
}

impl Report {
    /// Reads all rows that are found at these paths: files of lines, folders of Parquet, and state
    /// folders, whose jobs have written rows elsewhere.
    ///
    /// # Errors
    /// When there are none, or they cannot be read.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Fault> {
        let mut report = Self::default();
        for path in paths {
            report.add(path)?;
        }
        report.sort_networks();
        let tells_nothing = |job: &Job| job.failures().is_empty();
        match report.tracks.sources.is_empty() && report.jobs.iter().all(tells_nothing) {
            false => Ok(report),
            true => Err(Fault::usage("there are no rows in it")
                .tip("name what `sonoscope run` wrote, when it is done")),
        }
    }

    fn add(&mut self, path: &Path) -> Result<(), Fault> {
        self.inputs.push(path.display().to_string());
        if !ledger::is_state(path) {
            return read::each_line(path, &mut |line| self.take(&line));
        }
        let job = Job::read(path)?;
        read::each_committed(&job.output()?, &mut |line| self.take(&line))?;
        self.jobs.push(job);
        Ok(())
    }

    fn take(&mut self, line: &Line) {
        let network = self.tracks.add(line);
        if self.chosen.len() <= network {
            self.chosen.resize_with(network + 1, Chosen::default);
        }
        self.chosen[network].offer(line);
    }

    /// By name, so that the page does not depend on the order of rows.
    fn sort_networks(&mut self) {
        let mut order: Vec<usize> = (0..self.chosen.len()).collect();
        order.sort_by_key(|place| &self.tracks.networks[*place]);
        self.tracks.reorder(&order);
        self.chosen = (order.iter())
            .map(|place| std::mem::take(&mut self.chosen[*place]))
            .collect();
    }

    /// The page.
    ///
    /// # Errors
    /// When it is stopped on the way.
    pub fn render(&mut self, media: &Media, stop: &Stop) -> Result<String, Fault> {
        let pictures = media.pictures(&self.shown(), stop)?;
        self.has_pictures = pictures.iter().any(Option::is_some);
        page::render(self, &pictures)
    }

    /// In a line, what the page holds.
    pub fn summary(&self) -> String {
        let totals = Totals::of(&self.tracks);
        let seconds = totals::duration(totals.seconds);
        format!("{} sources, {seconds}", totals.sources)
    }

    /// The seconds that are shown with pictures, in the order of the page.
    fn shown(&self) -> Vec<&Line> {
        (self.chosen.iter())
            .flat_map(|chosen| [chosen.strongest(), chosen.doubtful()].concat())
            .collect()
    }
}
