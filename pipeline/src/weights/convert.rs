//! A file of published weights made a network: by the exporter of the training package, in Python.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use sonoscope_models::{NetworkDir, NetworkInfo};
use tempfile::TempDir;

use super::{card::Card, own::Own, python::Python};
use crate::fault::Fault;

/// What the exporter needs of Python.
pub(super) const MODULES: [&str; 3] = ["torch", "numpy", "onnx"];

/// Converting takes seconds. What takes this long hangs.
const LIMIT: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(20);

/// Weights on their way to being a network.
pub(super) struct Conversion<'a> {
    /// The file, which nobody else changes.
    pub weights: &'a Path,
    /// What the user calls the file, for messages.
    pub shown: String,
    /// What the network will be, and say of itself.
    pub card: Card<'a>,
    /// Among which networks.
    pub own: &'a Own,
    /// With this Python.
    pub python: &'a Python,
}

impl Conversion<'_> {
    /// Converts, reads the network back as `run` would, and puts it in its place, which is returned.
    pub(super) fn run(&self) -> Result<PathBuf, Fault> {
        let building = self.own.build()?;
        let network = building.path().join("network");
        self.export(&network, &building)?;
        let info = NetworkInfo::read(&NetworkDir::new(&network)).map_err(Fault::environment)?;
        let (found, wanted) = (info.contract.family, self.card.form.family());
        if found != wanted {
            return Err(Fault::environment(format!(
                "the exporter made {found} of {wanted}"
            )));
        }
        (self.card.write(&network)).map_err(|error| super::own::unwritable(&network, &error))?;
        self.own.put(&network, self.card.name)
    }

    fn export(&self, network: &Path, building: &TempDir) -> Result<(), Fault> {
        let said = building.path().join("said");
        let wrong = |error: io::Error| super::own::unwritable(&said, &error);
        let log = File::create(&said).map_err(wrong)?;
        let mut command = self.python.command("export");
        (command.args(["--network", self.card.form.word()]))
            .arg(format!("--name={}", self.card.name))
            .arg(format!("--trained-on={}", self.card.trained_on))
            .arg(format!("--license={}", self.card.license))
            .arg("--published")
            .arg(self.weights)
            .arg("--out")
            .arg(network)
            .stdout(log.try_clone().map_err(wrong)?)
            .stderr(log);
        let status = wait(&mut command)?;
        if status.success() {
            return Ok(());
        }
        let said = fs::read_to_string(&said).unwrap_or_default();
        Err(self.refusal(&said, status))
    }

    /// Why the exporter refuses, in its own words: its last line that is an error.
    fn refusal(&self, said: &str, status: ExitStatus) -> Fault {
        let ours = self.weights.display().to_string();
        let error = said
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("error: "));
        match error {
            Some(error) => Fault::usage(error.replace(&ours, &self.shown)).tip(
                "see that it is the state dict of the design that --as says, as its authors \
                 published it",
            ),
            None => {
                let last = said.trim().lines().last().unwrap_or("it said nothing");
                Fault::environment(format!(
                    "converting {} failed, {status}: {last}",
                    self.shown
                ))
                .tip("make setup-training")
            }
        }
    }
}

/// Runs a program to its end, or ends it when it hangs.
fn wait(command: &mut Command) -> Result<ExitStatus, Fault> {
    let failed = |error: io::Error| Fault::environment(format!("Python does not run: {error}"));
    let begun = Instant::now();
    let mut child = command.spawn().map_err(failed)?;
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(status);
        }
        if begun.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Fault::environment(format!(
                "Python was not done after {LIMIT:?}"
            )));
        }
        thread::sleep(POLL);
    }
}
