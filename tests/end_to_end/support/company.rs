//! Several processes that do one run together.

use std::{
    fs, iter,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::atomic::{AtomicU16, Ordering},
};

use tempfile::TempDir;

use super::program::{Ended, Run, Running, sonoscope};

/// Where they listen, and what they know each other by.
pub struct Company {
    home: TempDir,
    count: usize,
}

/// All of them, under way.
pub struct Marching(Vec<Option<Running>>);

impl Company {
    /// So many on the loopback.
    pub fn of(count: usize) -> Self {
        let addresses = (0..count).map(|_| SocketAddr::from(([127, 0, 0, 1], door())));
        Self::at(&addresses.collect::<Vec<_>>())
    }

    /// A process at each of these addresses.
    pub fn at(addresses: &[SocketAddr]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let lines: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
        fs::write(home.path().join("hosts.txt"), lines.join("\n")).unwrap();
        fs::write(home.path().join("secret"), "Walnut-4b1d-Harbour\n").unwrap();
        Self {
            home,
            count: addresses.len(),
        }
    }

    /// A path of its own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A run as this process of them.
    pub fn member(&self, process: usize, run: Run) -> Run {
        let (count, process) = (self.count.to_string(), process.to_string());
        run.and(["--processes", &count, "--process", &process, "--hosts"])
            .and([self.path("hosts.txt")])
            .and(["--cluster-secret-file"])
            .and([self.path("secret")])
    }

    /// All of them, each a run of its own kind.
    pub fn start(&self, run: impl Fn(usize) -> Run) -> Marching {
        // What they read may be written when they are put together: none begins before.
        let runs = (0..self.count).map(|process| self.member(process, run(process)));
        let runs: Vec<_> = runs.collect();
        Marching(runs.into_iter().map(|run| Some(run.start())).collect())
    }

    /// The links, tried by all of them.
    pub fn check(&self) -> Vec<Ended> {
        self.start(|_| sonoscope(["cluster", "check"])).end()
    }
}

/// A port that nobody has, and that no connection of another test is given before it is used.
fn door() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(21_000);
    let mut ports = iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    ports.find(is_free).unwrap()
}

impl Marching {
    /// One of them.
    pub fn process(&mut self, process: usize) -> &mut Running {
        self.0[process].as_mut().unwrap()
    }

    /// Kills one, as a loss of power would.
    pub fn kill(&mut self, process: usize) {
        self.leave(process).kill();
    }

    /// One of them, apart from now on.
    pub fn leave(&mut self, process: usize) -> Running {
        self.0[process].take().unwrap()
    }

    /// Waits for the end of all that were not killed.
    pub fn end(mut self) -> Vec<Ended> {
        let members = (0..self.0.len()).filter_map(|process| self.0[process].take());
        members.map(Running::end).collect()
    }

    /// The same, and each must have done well.
    #[track_caller]
    pub fn done(self) -> Vec<Ended> {
        self.end()
            .into_iter()
            .map(|ended| ended.exited(0))
            .collect()
    }
}

impl Drop for Marching {
    /// A test that fails leaves no program behind, and tells what came of it.
    fn drop(&mut self) {
        for (process, running) in self.0.drain(..).enumerate() {
            if let Some(running) = running {
                eprintln!("process {process}:\n{}", running.cut_short());
            }
        }
    }
}
