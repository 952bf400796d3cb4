//! Python with PyTorch, which `make setup-training` installs and converting weights needs.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::fault::Fault;

/// Names the interpreter, or the environment in whose `bin` it is; then no other is looked for.
pub const VARIABLE: &str = "SONOSCOPE_PYTHON";

/// Where `make setup-training` puts the interpreter, and where the package lies in the source tree.
const INTERPRETER: &str = ".runtime/python/bin/python";
const PACKAGE: &str = "models/training";

/// Prints which of the modules given as arguments are not there.
const MISSING: &str = "import importlib.util as u, sys; \
    print(*[m for m in sys.argv[1:] if u.find_spec(m) is None], sep=', ')";

/// An interpreter that has what is needed.
#[derive(Clone, Debug)]
pub struct Python {
    interpreter: PathBuf,
    package: Option<PathBuf>,
}

impl Python {
    /// The one that [`VARIABLE`] names, else that of `make setup-training`, looked for in the
    /// current folder and above the executable. `modules` have to be there, besides our own package.
    ///
    /// # Errors
    /// When there is none, or it lacks a module.
    pub fn find(modules: &[&str]) -> Result<Self, Fault> {
        let said = env::var_os(VARIABLE).filter(|said| !said.is_empty());
        let interpreter = (said.map(PathBuf::from))
            .map(|said| {
                Some(said.join("bin/python"))
                    .filter(|p| p.is_file())
                    .unwrap_or(said)
            })
            .or_else(|| above(INTERPRETER));
        let python = Self {
            interpreter: interpreter
                .ok_or_else(|| lacking("there is no Python with PyTorch here"))?,
            package: above(PACKAGE),
        };
        python.check(modules)?;
        Ok(python)
    }

    /// A command of the training package, such as `export`. Its arguments are to be added.
    pub fn command(&self, name: &str) -> Command {
        let mut command = self.interpreter();
        command.args(["-m", "sonoscope_training", name]);
        command
    }

    fn check(&self, modules: &[&str]) -> Result<(), Fault> {
        let shown = self.interpreter.display();
        let output = (self
            .interpreter()
            .args(["-c", MISSING, "sonoscope_training"]))
        .args(modules)
        .output()
        .map_err(|error| lacking(format!("{shown} does not start: {error}")))?;
        if !output.status.success() {
            return Err(lacking(format!("{shown} does not work: {}", output.status)));
        }
        match String::from_utf8_lossy(&output.stdout).trim() {
            "" => Ok(()),
            missing => Err(lacking(format!("{shown} lacks {missing}"))),
        }
    }

    /// With our package in its path, and nothing of the folder that the user happens to be in.
    fn interpreter(&self) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg("-P").stdin(Stdio::null());
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        if let Some(package) = &self.package {
            command.env("PYTHONPATH", package);
        }
        command
    }
}

/// A path in the current folder, or in the nearest one above the executable that has it.
fn above(path: &str) -> Option<PathBuf> {
    let current = env::current_dir().unwrap_or_default();
    let executable = env::current_exe().unwrap_or_default();
    ([current.as_path()].into_iter())
        .chain(executable.ancestors().skip(1))
        .map(|folder: &Path| folder.join(path))
        .find(|path| path.exists() && path.is_absolute())
}

fn lacking(cause: impl std::fmt::Display) -> Fault {
    Fault::environment(cause).tip(format!(
        "make setup-training, or name a Python that has PyTorch with {VARIABLE}"
    ))
}
