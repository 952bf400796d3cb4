//! What there is to know of the machine, as the system and NVIDIA's driver tell.

use std::{fs, process::Command};

use serde::Serialize;
use sonoscope_models::Provider;

/// Where figures come from.
#[derive(Debug, Serialize)]
pub struct Machine {
    pub processor: Option<String>,
    /// Name, driver and memory of each card.
    pub cards: Vec<String>,
}

impl Machine {
    pub fn look() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = cpu.lines().find_map(|line| line.strip_prefix("model name"));
        let cards = nvidia_smi(&["--query-gpu=name,driver_version,memory.total"]);
        Self {
            processor: name.map(|name| name.trim_start_matches([' ', '\t', ':']).to_owned()),
            cards: cards
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// Resident memory of this process.
pub fn host_mib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}

/// Memory in use on the card of a provider.
pub fn card_mib(provider: Provider) -> Option<u64> {
    let (Provider::Cuda(card) | Provider::TensorRt(card)) = provider else {
        return None;
    };
    let card = format!("--id={card}");
    let used = nvidia_smi(&["--query-gpu=memory.used", &card])?;
    used.trim().trim_end_matches(" MiB").parse().ok()
}

fn nvidia_smi(arguments: &[&str]) -> Option<String> {
    let output = Command::new("nvidia-smi")
        .args(arguments)
        .arg("--format=csv,noheader")
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
