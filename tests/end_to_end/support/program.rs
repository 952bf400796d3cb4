//! The program, run with a time limit.

use std::{
    ffi::OsStr,
    fs::File,
    io::Read,
    net::{Ipv4Addr, TcpListener},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Rows, repository};

/// No run of a test takes this long, not on a slow machine that does other things as well.
const LIMIT: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(5);

/// A run of the program that is being put together.
pub struct Run {
    command: Command,
}

/// A run that goes on, its output read as it comes.
pub struct Running {
    child: Child,
    begun: Instant,
    stdout: thread::JoinHandle<Vec<u8>>,
    stderr: thread::JoinHandle<Vec<u8>>,
}

/// A run that is over.
pub struct Ended {
    /// What the program exited with.
    pub status: ExitStatus,
    /// What it said on standard output.
    pub stdout: String,
    /// What it said on standard error.
    pub stderr: String,
}

/// `sonoscope` with these arguments.
pub fn sonoscope<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sonoscope"));
    (command.args(arguments).current_dir(repository())).stdin(Stdio::null());
    Run { command }
}

/// `sonoscope` as another user, for whom the caller must be root.
pub fn sonoscope_as<A: AsRef<OsStr>>(user: u32, arguments: impl IntoIterator<Item = A>) -> Run {
    let mut command = Command::new("setpriv");
    (command.args([format!("--reuid={user}"), format!("--regid={user}")]))
        .args(["--clear-groups", env!("CARGO_BIN_EXE_sonoscope")])
        .args(arguments)
        .env("HOME", "/nowhere")
        .stdin(Stdio::null())
        .current_dir(repository());
    Run { command }
}

/// `sonoscope run` with one network, which is enough where rows matter and scores do not.
pub fn run_with_one_network<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    sonoscope(["run", "--network", "ave-small"]).and(arguments)
}

/// `sonoscope run` with one network, in a process that may write no file longer than this: so it
/// fares as on a disk that is full.
pub fn run_with_room<A: AsRef<OsStr>>(
    blocks_of_512_bytes: u32,
    arguments: impl IntoIterator<Item = A>,
) -> Run {
    let script = format!("trap '' XFSZ; ulimit -f {blocks_of_512_bytes}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    (command.args(["-c", &script, env!("CARGO_BIN_EXE_sonoscope")]))
        .args(["run", "--network", "ave-small"])
        .args(arguments)
        .stdin(Stdio::null())
        .current_dir(repository());
    Run { command }
}

impl Run {
    /// With more arguments.
    pub fn and<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// With a variable of its environment.
    pub fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// By a clock that is five minutes ahead.
    pub fn five_minutes_ahead(self) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_sonoscope"));
        let plain = program.with_file_name("examples").join("plain");
        assert!(plain.exists(), "first: cargo build --example plain");
        // Not the clock by which whoever waits waits.
        let run = self.started_by("faketime", &["-f", "+300s"], plain.as_os_str());
        run.with("DONT_FAKE_MONOTONIC", "1")
    }

    /// Started by another program.
    pub fn inside(self, program: &str, arguments: &[&str]) -> Self {
        self.started_by(program, arguments, self.command.get_program())
    }

    /// What it does, done by this form of the program, which another one starts.
    fn started_by(&self, program: &str, arguments: &[&str], form: &OsStr) -> Self {
        let mut command = Command::new(program);
        (command.args(arguments).arg(form))
            .args(self.command.get_args())
            .stdin(Stdio::null())
            .current_dir(repository());
        Self { command }
    }

    /// With a file on its standard input.
    pub fn reads(mut self, path: &Path) -> Self {
        self.command.stdin(File::open(path).unwrap());
        self
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        let mut child = (self.command)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = reader(child.stdout.take().unwrap());
        let stderr = reader(child.stderr.take().unwrap());
        Running {
            child,
            begun: Instant::now(),
            stdout,
            stderr,
        }
    }

    /// Runs it to its end, whatever that is.
    pub fn end(self) -> Ended {
        self.start().end()
    }

    /// Runs it, and all must be done.
    pub fn done(self) -> Ended {
        self.end().exited(0)
    }
}

impl Running {
    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended by itself.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends it a signal, by name.
    pub fn signal(&self, name: &str) {
        let [signal, id] = [format!("-{name}"), self.id().to_string()];
        tool("kill", [signal, id]);
    }

    /// Kills it, as a loss of power would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Kills it, and gives what it said on standard error until then.
    pub fn cut_short(mut self) -> String {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        String::from_utf8_lossy(&self.stderr.join().unwrap_or_default()).into_owned()
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not come in time; the program is killed.
    pub fn end(mut self) -> Ended {
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if self.begun.elapsed() > LIMIT => {
                    self.child.kill().unwrap();
                    self.child.wait().unwrap();
                    break None;
                }
                None => thread::sleep(POLL),
            }
        };
        let text = |thread: thread::JoinHandle<Vec<u8>>| {
            String::from_utf8_lossy(&thread.join().unwrap()).into_owned()
        };
        let (stdout, stderr) = (text(self.stdout), text(self.stderr));
        let status = status.unwrap_or_else(|| panic!("it hangs after {LIMIT:?}:\n{stderr}"));
        Ended {
            status,
            stdout,
            stderr,
        }
    }
}

impl Ended {
    /// Asserts the exit code, and that the program neither panicked nor crashed.
    #[track_caller]
    pub fn exited(self, code: i32) -> Self {
        assert_eq!(self.status.signal(), None, "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert_eq!(self.status.code(), Some(code), "{}", self.stderr);
        self
    }

    /// Asserts that standard error says all of this, and asserts the form of errors: what to do
    /// stands behind `tip:`.
    #[track_caller]
    pub fn explains(self, words: &[&str]) -> Self {
        for word in words.iter().chain(&["tip:"]) {
            assert!(
                self.stderr.contains(word),
                "no `{word}` in:\n{}",
                self.stderr
            );
        }
        self
    }

    /// The rows on standard output.
    #[track_caller]
    pub fn rows(&self) -> Rows {
        Rows::parse(&self.stdout)
    }
}

/// Waits until something holds that the program is to bring about.
///
/// # Panics
/// When it does not hold in time.
#[track_caller]
pub fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < LIMIT, "after {LIMIT:?}: not yet {what}");
        thread::sleep(POLL);
    }
}

/// Reads all that comes, on a thread of its own, so that the program never waits for the test.
fn reader(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    let read = move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    };
    thread::Builder::new()
        .name("reader".into())
        .spawn(read)
        .unwrap()
}

/// Runs another program, which must do well.
///
/// # Panics
/// When it is not there or does not.
#[track_caller]
pub fn tool<A: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = A>) -> Vec<u8> {
    let output = Command::new(name)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}; run `make setup`"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}");
    output.stdout
}

/// Paths as arguments.
pub fn arguments(paths: &[PathBuf]) -> impl Iterator<Item = &OsStr> {
    paths.iter().map(|path| path.as_os_str())
}

/// A port that nobody has.
pub fn free_port() -> u16 {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    free.local_addr().unwrap().port()
}
