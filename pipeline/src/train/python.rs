//! The Python that trains: where it is, whether it can, and a command of it, run.

use std::{
    env,
    ffi::OsStr,
    fs::File,
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use crate::{fault::Fault, sources::Stop};

/// Names the interpreter, or the environment in whose `bin` it is.
pub const PYTHON: &str = "SONOSCOPE_PYTHON";

/// Names the folder with the package `sonoscope_training` in it.
pub const PACKAGE_FOLDER: &str = "SONOSCOPE_TRAINING";

const PACKAGE: &str = "sonoscope_training";

/// What the package needs from its environment.
const NEEDED: &str = "torch numpy onnx onnxruntime";

/// Prints which of its arguments cannot be imported, without importing them.
const CHECK: &str = "import importlib.util as u, sys; \
    print(*[name for name in sys.argv[1:] if u.find_spec(name) is None])";

/// How often a running command is looked after.
const POLL: Duration = Duration::from_millis(50);

/// An interpreter, and where the package is.
#[derive(Clone, Debug)]
pub struct Python {
    interpreter: PathBuf,
    package: PathBuf,
}

impl Python {
    /// Finds both, and sees that the interpreter has what the package needs.
    ///
    /// The interpreter is what `SONOSCOPE_PYTHON` names, else the one of `.runtime/python` in the
    /// source tree that the program is part of. The package is where `SONOSCOPE_TRAINING` says,
    /// else beside the program (`training`, `share/sonoscope/training`), else in that tree.
    ///
    /// # Errors
    /// When something is not there; what to do is told.
    pub fn find() -> Result<Self, Fault> {
        let python = Self {
            interpreter: interpreter()?,
            package: package()?,
        };
        let said = (Command::new(&python.interpreter).args(["-c", CHECK]))
            .args(NEEDED.split(' '))
            .stdin(Stdio::null())
            .output()
            .map_err(|error| {
                let which = python.interpreter.display();
                Fault::environment(format!("the Python {which} does not start: {error}")).tip(TIP)
            })?;
        let missing = String::from_utf8_lossy(&said.stdout).trim().replace(' ', ", ");
        if !said.status.success() || !missing.is_empty() {
            let which = python.interpreter.display();
            let what = if missing.is_empty() { "what it needs".into() } else { missing };
            return Err(Fault::environment(format!("the Python {which} has no {what}")).tip(TIP));
        }
        Ok(python)
    }

    /// Runs a command of the package to its end; what it prints goes where the program's own
    /// output goes, or into a file. When the program is told to stop, so is the command, and it
    /// is waited for.
    ///
    /// # Errors
    /// When it does not start, fails, or was stopped.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        output: Option<File>,
        stop: &Stop,
    ) -> Result<(), Fault> {
        let mut command = Command::new(&self.interpreter);
        command
            .args(["-m", PACKAGE])
            .args(arguments)
            .env("PYTHONPATH", python_path(&self.package))
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(output.map_or_else(Stdio::inherit, Stdio::from))
            // A group of its own: a Ctrl-C reaches it once, through here.
            .process_group(0);
        let name = command.get_args().nth(2).unwrap_or_default().to_owned();
        let name = name.to_string_lossy();
        let mut child = command.spawn().map_err(|error| {
            Fault::environment(format!("`{name}` does not start: {error}")).tip(TIP)
        })?;
        let status = wait(&mut child, stop)
            .map_err(|error| Fault::environment(format!("`{name}` cannot be waited for: {error}")))?;
        match status.code() {
            Some(0) => Ok(()),
            _ if stop.is_raised() => Err(stopped()),
            Some(2) => Err(Fault::usage(format!("`{name}` was asked in a wrong way, see above"))),
            _ => Err(failed(&name, status)),
        }
    }
}

/// That a run was stopped.
pub fn stopped() -> Fault {
    Fault::environment("training was stopped").tip("the same command goes on where it stopped")
}

fn failed(name: &str, status: ExitStatus) -> Fault {
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with {code}, see above"),
        (None, Some(9)) => "was killed (9), for lack of memory perhaps".into(),
        (None, signal) => format!("was ended by signal {}", signal.unwrap_or(0)),
    };
    Fault::environment(format!("the training step `{name}` {how}"))
        .tip("mend it and give the same command: it goes on where it stopped")
}

/// Waits for the end. Told to stop, the command gets the signal that a Ctrl-C would send.
fn wait(child: &mut Child, stop: &Stop) -> io::Result<ExitStatus> {
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if stop.is_raised() && !told {
            told = true;
            // It may be gone this very moment, which the next look shows.
            let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGINT);
        }
        thread::sleep(POLL);
    }
}

const TIP: &str = "run `make setup-training`, or name an environment that has all of \
    models/training/requirements.lock with SONOSCOPE_PYTHON";

fn interpreter() -> Result<PathBuf, Fault> {
    if let Some(named) = env::var_os(PYTHON).map(PathBuf::from) {
        let within = named.join("bin/python");
        return Ok(if within.is_file() { within } else { named });
    }
    let candidates = trees().map(|tree| tree.join(".runtime/python/bin/python"));
    first(candidates, Path::is_file)
        .ok_or_else(|| Fault::environment("there is no Python to train with").tip(TIP))
}

fn package() -> Result<PathBuf, Fault> {
    let has_package = |folder: &Path| folder.join(PACKAGE).is_dir();
    if let Some(named) = env::var_os(PACKAGE_FOLDER).map(PathBuf::from) {
        return match has_package(&named) {
            true => Ok(named),
            false => Err(Fault::environment(format!(
                "{PACKAGE_FOLDER} is {}, and there is no {PACKAGE} in it",
                named.display()
            ))
            .tip("name the folder models/training of the sources")),
        };
    }
    let executable = env::current_exe().unwrap_or_default();
    let beside = executable.parent().into_iter();
    let beside =
        beside.flat_map(|folder| [folder.join("training"), folder.join("share/sonoscope/training")]);
    let in_tree = trees().map(|tree| tree.join("models/training"));
    first(beside.chain(in_tree), has_package).ok_or_else(|| {
        Fault::environment(format!("the Python package {PACKAGE} is not found"))
            .tip(format!("name the folder models/training of the sources with {PACKAGE_FOLDER}"))
    })
}

fn first(mut paths: impl Iterator<Item = PathBuf>, is_it: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    paths.find(|path| is_it(path))
}

/// The source trees that the program may be part of: where it lies, then where it was built.
fn trees() -> impl Iterator<Item = PathBuf> {
    let executable = env::current_exe().unwrap_or_default();
    let above: Vec<_> = executable.ancestors().map(Path::to_owned).collect();
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned);
    above.into_iter().skip(1).chain(built)
}

/// The package goes before what is there already.
fn python_path(package: &Path) -> std::ffi::OsString {
    let before = env::var_os("PYTHONPATH").unwrap_or_default();
    let paths = std::iter::once(package.to_owned()).chain(env::split_paths(&before));
    let paths = paths.filter(|path| !path.as_os_str().is_empty());
    env::join_paths(paths).unwrap_or_else(|_| package.into())
}
