//! Hosts: network namespaces of this machine, and a bad line between two of them.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{program::Run, repository};

/// Two hosts with a bad line between them. They are gone when this is dropped.
pub struct Hosts {
    names: [String; 2],
    line: Option<Child>,
}

impl Hosts {
    /// Their addresses.
    pub const ADDRESSES: [&str; 2] = ["10.83.0.1", "10.83.0.2"];

    /// With packets that come so much later and of which some do not come; nothing where such
    /// hosts cannot be made, which is told.
    pub fn with_line(delay_ms: u32, lost_percent: u32) -> Option<Self> {
        static SERIAL: AtomicUsize = AtomicUsize::new(0);
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let name = |side| format!("sonoscope-{}-{serial}{side}", std::process::id());
        let mut hosts = Self {
            names: ["a", "b"].map(name),
            line: None,
        };
        for name in &hosts.names {
            let made = Command::new("ip").args(["netns", "add", name]).output();
            if !made.is_ok_and(|made| made.status.success()) {
                eprintln!("left out: network namespaces cannot be made here (`ip netns add`)");
                return None;
            }
        }
        let [a, b] = &hosts.names;
        let numbers = [delay_ms, lost_percent].map(|number| number.to_string());
        let mut line = Command::new("python3")
            .arg(repository().join("tests/end_to_end/support/bad_line.py"))
            .args([a, Self::ADDRESSES[0], b, Self::ADDRESSES[1]])
            .args(numbers)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(line.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        hosts.line = Some(line);
        assert_eq!(said, "up\n", "the line is not up");
        Some(hosts)
    }

    /// A run on one of them.
    pub fn on(&self, host: usize, run: Run) -> Run {
        run.inside("ip", &["netns", "exec", &self.names[host]])
    }

    /// From now on nothing comes over the line.
    pub fn cut(&mut self) {
        if let Some(mut line) = self.line.take() {
            line.kill().unwrap();
            line.wait().unwrap();
        }
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        self.cut();
        for name in &self.names {
            // One that was never made is not there.
            let _ = Command::new("ip").args(["netns", "delete", name]).output();
        }
    }
}
