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

use super::{card::Card, own::Own};
use crate::{fault::Fault, python::Python};

/// What the exporter needs of Python.
pub(super) const MODULES: [&str; 3] = ["torch", "numpy", "onnx"];

/// And for OpenL3, whose weights come as HDF5.
pub(super) const MODULES_OPENL3: [&str; 4] = ["torch", "numpy", "onnx", "h5py"];

/// Converting takes seconds. What takes this long hangs.
const LIMIT: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(20);

/// What the user calls the files.
pub(super) struct Shown {
    pub weights: String,
    pub image: Option<String>,
}

/// Weights on their way to being a network.
pub(super) struct Conversion<'a> {
    /// The file, which nobody else changes.
    pub weights: &'a Path,
    /// The file of the pictures' weights, where there are two; likewise nobody changes it.
    pub image: Option<&'a Path>,
    /// What the user calls the files, for messages.
    pub shown: Shown,
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
        let mut command = self.command();
        (command.arg(format!("--name={}", self.card.name)))
            .arg(format!("--trained-on={}", self.card.trained_on))
            .arg(format!("--license={}", self.card.license))
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

    /// The exporter, told which weights are in which files.
    fn command(&self) -> Command {
        let form = self.card.form;
        let Some((hears, image)) = form.hears().zip(self.image) else {
            let mut command = self.python.command("export");
            (command.args(["--network", form.word()])).arg("--published");
            command.arg(self.weights);
            return command;
        };
        let mut command = self.python.command("openl3");
        command.args(["--hears", hears]).arg("--audio");
        command.arg(self.weights).arg("--image").arg(image);
        command
    }

    /// Why the exporter refuses, in its own words: its last line that is an error.
    fn refusal(&self, said: &str, status: ExitStatus) -> Fault {
        let error = said
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("error: "));
        match error {
            Some(error) => Fault::usage(self.in_their_words(error)).tip(
                "see that it is the file of the design that --as says, as its authors published it",
            ),
            None => {
                let last = said.trim().lines().last().unwrap_or("it said nothing");
                Fault::environment(format!(
                    "converting {} failed, {status}: {last}",
                    self.shown.weights
                ))
                .tip("make setup-training")
            }
        }
    }

    /// What the exporter says of our copies, said of the user's files.
    fn in_their_words(&self, error: &str) -> String {
        let said = error.replace(&self.weights.display().to_string(), &self.shown.weights);
        match self.image.zip(self.shown.image.as_ref()) {
            Some((image, shown)) => said.replace(&image.display().to_string(), shown),
            None => said,
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
