//! Whether memory stays level, and what happens where there is little of it.

use serde::Serialize;
use sonoscope_models::{Network, NetworkError, NetworkFiles, Runtime, Setting};

use crate::{inputs::Batch, machine};

/// Memory may grow by so much between the two readings: what the system rounds, and no leak.
const LEVEL_MIB: u64 = 16;
/// Pairs in a batch.
const SIZE: usize = 16;

/// Memory before and after many batches.
#[derive(Debug, Serialize)]
pub struct Leak {
    pub batches: usize,
    /// Before and after, where it could be read.
    pub host_mib: [Option<u64>; 2],
    pub card_mib: [Option<u64>; 2],
    pub is_level: bool,
}

/// Runs batches, the first tenth of them before memory is read for the first time.
pub fn leak(
    runtime: &Runtime,
    files: &NetworkFiles,
    setting: &Setting,
    batches: usize,
) -> Result<Leak, NetworkError> {
    let batch = Batch::new(files.contract(), SIZE);
    let mut network = Network::with_setting(runtime, files, setting)?;
    let mut run = |count: usize| (0..count).try_for_each(|_| batch.ask(&mut network).map(drop));
    run(batches.div_ceil(10))?;
    let read = || (machine::host_mib(), machine::card_mib(setting.provider));
    let before = read();
    run(batches)?;
    let after = read();
    let grew = |before: Option<u64>, after: Option<u64>| {
        before
            .zip(after)
            .map_or(0, |(before, after)| after.saturating_sub(before))
    };
    Ok(Leak {
        batches,
        host_mib: [before.0, after.0],
        card_mib: [before.1, after.1],
        is_level: grew(before.0, after.0).max(grew(before.1, after.1)) <= LEVEL_MIB,
    })
}

/// What became of a large batch where the network may have only so much memory.
#[derive(Debug, Serialize)]
pub struct LittleMemory {
    pub limit_mib: usize,
    /// `all` where every pair was answered, in however small batches; else the error.
    pub outcome: String,
}

/// Tries a large batch with less and less memory.
pub fn little_memory(
    runtime: &Runtime,
    files: &NetworkFiles,
    setting: &Setting,
    size: usize,
) -> Vec<LittleMemory> {
    let batch = Batch::new(files.contract(), size);
    let attempt = |limit_mib: usize| {
        let setting = Setting {
            memory_bytes: Some(limit_mib << 20),
            ..setting.clone()
        };
        let answered = Network::with_setting(runtime, files, &setting)
            .and_then(|mut network| batch.ask(&mut network));
        let outcome = match answered {
            Ok(answers) if answers.seen.len() == size => "all".into(),
            Ok(answers) => format!("{} of {size}", answers.seen.len()),
            Err(error) => error.to_string(),
        };
        LittleMemory { limit_mib, outcome }
    };
    [2048, 512, 128, 32].map(attempt).into()
}
