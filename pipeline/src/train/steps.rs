//! The steps from shards to a network with its card.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::command::{run, stopped};
use crate::{fault::Fault, python::Python, sources::Stop};

/// What is to be trained, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// `ave`, `avol`, `l3` or `multisensory`.
    pub family: String,
    /// What the network is to be called.
    pub name: String,
    /// Share of the published width.
    pub width: f32,
    /// Further words for the step that trains: `--steps 1000`.
    pub training: Vec<OsString>,
    /// Words for the step that exports: `--weights fp16`.
    pub export: Vec<OsString>,
    /// Whether int8 towers are made too.
    pub int8: bool,
}

/// Trains on the shards of a folder, then writes the network with the lowest validation loss and
/// its card into `out/network`, which it returns. `out/run` has checkpoints, log and figures; what
/// is in it of an earlier run is gone on with.
///
/// # Errors
/// When a step fails, or was stopped.
pub fn train(
    python: &Python,
    shards: &Path,
    out: &Path,
    options: &Options,
    stop: &Stop,
) -> Result<PathBuf, Fault> {
    let run = out.join("run");
    let steps = Steps {
        python,
        shards,
        run: &run,
        // Under another name until all of it is there: a network without its card is none.
        network: &out.join(".network.partial"),
        options,
        stop,
    };
    let refuses = |error: io::Error| {
        Fault::environment(format!("cannot write to {}: {error}", out.display()))
    };
    fs::create_dir_all(&run).map_err(refuses)?;
    remove(steps.network).map_err(refuses)?;
    steps.train()?;
    steps.export()?;
    let mut evaluations = vec![steps.evaluate("fp32")?];
    if options.int8 {
        steps.quantize()?;
        evaluations.push(steps.evaluate("int8")?);
    }
    steps.card(&evaluations)?;
    let network = out.join("network");
    remove(&network).map_err(refuses)?;
    fs::rename(steps.network, &network).map_err(refuses)?;
    Ok(network)
}

/// Removes a folder, if it is there.
fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

struct Steps<'a> {
    python: &'a Python,
    shards: &'a Path,
    run: &'a Path,
    network: &'a Path,
    options: &'a Options,
    stop: &'a Stop,
}

impl Steps<'_> {
    fn train(&self) -> Result<(), Fault> {
        let mut words = self.words(["--network", &self.options.family, "--shards"]);
        words.extend([self.shards.into(), "--out".into(), self.run.into()]);
        words.extend(["--width".into(), self.options.width.to_string().into()]);
        words.extend(self.options.training.iter().cloned());
        self.step("train", &words, None)
    }

    fn export(&self) -> Result<(), Fault> {
        let Options { family, name, .. } = self.options;
        let mut words = self.words(["--network", family, "--name", name]);
        words.extend(["--width".into(), self.options.width.to_string().into()]);
        words.extend(["--checkpoint".into(), self.run.join("best.pt").into()]);
        words.extend(["--out".into(), self.network.into()]);
        words.extend(self.options.export.iter().cloned());
        self.step("export", &words, None)
    }

    fn quantize(&self) -> Result<(), Fault> {
        let words = [self.network.into(), "--shards".into(), self.shards.into()];
        self.step("quantize", &words, None)
    }

    /// Measures on the test split; where the figures are.
    fn evaluate(&self, precision: &str) -> Result<PathBuf, Fault> {
        let mut words = self.words(["--shards"]);
        words.extend([self.shards.into(), "--onnx".into(), self.network.into()]);
        words.extend((precision == "int8").then(|| "--int8".into()));
        let figures = self.run.join(format!("{precision}.json"));
        let file = File::create(&figures).map_err(|error| {
            Fault::environment(format!("cannot write {}: {error}", figures.display()))
        })?;
        self.step("evaluate", &words, Some(file))?;
        Ok(figures)
    }

    fn card(&self, evaluations: &[PathBuf]) -> Result<(), Fault> {
        let mut words = vec![self.network.into()];
        for figures in evaluations {
            words.extend(["--evaluation".into(), figures.into()]);
        }
        let log = self.run.join("log.jsonl");
        if log.is_file() {
            words.extend(["--log".into(), log.into()]);
        }
        self.step("card", &words, None)
    }

    fn words<const N: usize>(&self, words: [&str; N]) -> Vec<OsString> {
        words.map(OsString::from).into()
    }

    fn step(&self, name: &str, words: &[OsString], output: Option<File>) -> Result<(), Fault> {
        if self.stop.is_raised() {
            return Err(stopped());
        }
        tracing::debug!("{name} {words:?}");
        run(self.python, name, words, output, self.stop)
    }
}
