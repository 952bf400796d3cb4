//! A command of the training package, run to its end.

use std::{
    ffi::OsString,
    fs::File,
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Child, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};

use crate::{fault::Fault, python::Python, sources::Stop};

/// What training and all its steps need of Python.
pub const MODULES: [&str; 4] = ["torch", "numpy", "onnx", "onnxruntime"];

/// How often a running command is looked after.
const POLL: Duration = Duration::from_millis(50);

/// Runs a command of the package to its end; what it prints goes where the program's own output
/// goes, or into a file. When the program is told to stop, so is the command, and it is waited
/// for.
///
/// # Errors
/// When it does not start, fails, or was stopped.
pub fn run(
    python: &Python,
    name: &str,
    arguments: &[OsString],
    output: Option<File>,
    stop: &Stop,
) -> Result<(), Fault> {
    let mut command = python.command(name);
    command
        .args(arguments)
        .stdout(output.map_or_else(Stdio::inherit, Stdio::from))
        // A group of its own: a Ctrl-C reaches it once, through here.
        .process_group(0);
    let does_not = |what: &str, error: io::Error| {
        Fault::environment(format!("`{name}` {what}: {error}"))
            .tip("run `make setup-training`, then give the same command")
    };
    let mut child = (command.spawn()).map_err(|error| does_not("does not start", error))?;
    let status = wait(&mut child, stop).map_err(|error| does_not("cannot be waited for", error))?;
    match status.code() {
        Some(0) => Ok(()),
        _ if stop.is_raised() => Err(stopped()),
        Some(2) => Err(Fault::usage(format!(
            "`{name}` was asked in a wrong way, see above"
        ))),
        _ => Err(failed(name, status)),
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

/// Waits for the end. Told to stop, the command is ended by SIGTERM, on which Python ends without
/// a word; what it wrote last is whole, and is gone on with.
fn wait(child: &mut Child, stop: &Stop) -> io::Result<ExitStatus> {
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if stop.is_raised() && !told {
            told = true;
            // It may be gone this very moment, which the next look shows.
            let _ = killpg(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
        }
        thread::sleep(POLL);
    }
}
