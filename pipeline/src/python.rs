//! Python with the package of `models/training`, which trains, and makes networks of weights.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::fault::Fault;

/// Names the interpreter, or the environment in whose `bin` it is; then no other is looked for.
pub const INTERPRETER: &str = "SONOSCOPE_PYTHON";

/// Names the folder with the package in it; then it is looked for nowhere else.
pub const PACKAGE_FOLDER: &str = "SONOSCOPE_TRAINING";

const PACKAGE: &str = "sonoscope_training";

/// Prints which of its arguments cannot be imported, without importing them.
const CHECK: &str = "import importlib.util as u, sys; \
    print(*[name for name in sys.argv[1:] if u.find_spec(name) is None])";

const TIP: &str = "run `make setup-training`, or name an environment that has all of \
    models/training/requirements.lock with SONOSCOPE_PYTHON";

/// An interpreter that has what is needed, and where the package is.
#[derive(Clone, Debug)]
pub struct Python {
    interpreter: PathBuf,
    /// Nothing if it is for the interpreter to find.
    package: Option<PathBuf>,
}

impl Python {
    /// Finds both, and sees that the interpreter has these modules besides the package.
    ///
    /// The interpreter is what `SONOSCOPE_PYTHON` names, else the one of `.runtime/python` in the
    /// source tree that the program is part of. The package is where `SONOSCOPE_TRAINING` says,
    /// else beside the program (`training`, `share/sonoscope/training`), else in that tree, else
    /// installed with the interpreter.
    ///
    /// # Errors
    /// When something is not there; what to do is told.
    pub fn find(modules: &[&str]) -> Result<Self, Fault> {
        let python = Self {
            interpreter: interpreter()?,
            package: package()?,
        };
        python.check(modules)?;
        Ok(python)
    }

    /// A command of the package, such as `export`. Its arguments are to be added.
    pub fn command(&self, name: &str) -> Command {
        let mut command = self.interpreter();
        command.args(["-m", PACKAGE, name]);
        command
    }

    fn check(&self, modules: &[&str]) -> Result<(), Fault> {
        let shown = self.interpreter.display();
        let lacking = |what: String| Fault::environment(what).tip(TIP);
        let said = (self.interpreter().args(["-c", CHECK, PACKAGE]))
            .args(modules)
            .output()
            .map_err(|error| lacking(format!("the Python {shown} does not start: {error}")))?;
        if !said.status.success() {
            let status = said.status;
            return Err(lacking(format!(
                "the Python {shown} does not work: {status}"
            )));
        }
        let missing = String::from_utf8_lossy(&said.stdout);
        match missing.trim().replace(' ', ", ").as_str() {
            "" => Ok(()),
            missing => Err(lacking(format!("the Python {shown} has no {missing}"))),
        }
    }

    /// With our package in its path, and nothing of the folder that the user happens to be in.
    fn interpreter(&self) -> Command {
        let mut command = Command::new(&self.interpreter);
        (command.stdin(Stdio::null()))
            .env("PYTHONSAFEPATH", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUNBUFFERED", "1");
        if let Some(package) = &self.package {
            command.env("PYTHONPATH", before_others(package));
        }
        command
    }
}

fn interpreter() -> Result<PathBuf, Fault> {
    if let Some(named) = named(INTERPRETER) {
        let within = named.join("bin/python");
        return Ok(if within.is_file() { within } else { named });
    }
    (trees().map(|tree| tree.join(".runtime/python/bin/python")))
        .find(|path| path.is_file())
        .ok_or_else(|| Fault::environment("there is no Python with PyTorch here").tip(TIP))
}

fn package() -> Result<Option<PathBuf>, Fault> {
    let has_package = |folder: &Path| folder.join(PACKAGE).is_dir();
    if let Some(named) = named(PACKAGE_FOLDER) {
        return match has_package(&named) {
            true => Ok(Some(named)),
            false => Err(Fault::environment(format!(
                "{PACKAGE_FOLDER} is {}, and there is no {PACKAGE} in it",
                named.display()
            ))
            .tip("name the folder models/training of the sources")),
        };
    }
    let executable = env::current_exe().unwrap_or_default();
    let beside = executable.parent().into_iter().flat_map(|folder| {
        ["training", "share/sonoscope/training"].map(|below| folder.join(below))
    });
    let in_tree = trees().map(|tree| tree.join("models/training"));
    Ok(beside.chain(in_tree).find(|folder| has_package(folder)))
}

/// The path in a variable, if there is one.
fn named(variable: &str) -> Option<PathBuf> {
    let said = env::var_os(variable).filter(|said| !said.is_empty());
    said.map(PathBuf::from)
}

/// The source trees that the program may be part of: where it lies, then where it was built.
fn trees() -> impl Iterator<Item = PathBuf> {
    let executable = env::current_exe().unwrap_or_default();
    let above: Vec<_> = executable.ancestors().map(Path::to_owned).collect();
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    above.into_iter().skip(1).chain(built.map(Path::to_owned))
}

/// The package goes before what is in `PYTHONPATH` already.
fn before_others(package: &Path) -> OsString {
    let others = env::var_os("PYTHONPATH").unwrap_or_default();
    let paths = std::iter::once(package.to_owned()).chain(env::split_paths(&others));
    let paths = paths.filter(|path| !path.as_os_str().is_empty());
    env::join_paths(paths).unwrap_or_else(|_| package.into())
}
