//! What the process takes of its machine.

use std::fs;

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, metrics::MetricType};

/// What this process takes, as the system tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Memory that is in use and not paged out.
    pub resident_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open files, sockets and the like.
    pub open_fds: u64,
}

impl Process {
    /// What it takes now; nothing where there is no `/proc`.
    pub fn read() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        // The folder itself is open while it is read.
        let open_fds = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
        Some(Self {
            resident_bytes: field("VmRSS:")? * 1024,
            threads: field("Threads:")?,
            open_fds: open_fds.saturating_sub(1),
        })
    }
}

/// Reads it whenever somebody asks.
#[derive(Debug)]
pub struct Collected;

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder) -> std::fmt::Result {
        let Some(process) = Process::read() else {
            return Ok(());
        };
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Memory in use",
                process.resident_bytes,
            ),
            ("process_threads", "Threads", process.threads),
            (
                "process_open_fds",
                "Open files, sockets and the like",
                process.open_fds,
            ),
        ];
        for (name, help, value) in gauges {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            metric.encode_gauge(&value)?;
        }
        Ok(())
    }
}
