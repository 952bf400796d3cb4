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
    let (host_mib, card_mib) = ([before.0, after.0], [before.1, after.1]);
    Ok(Leak {
        batches,
        host_mib,
        card_mib,
        is_level: is_level(host_mib) && is_level(card_mib),
    })
}

/// Whether memory is what it was, or cannot be read.
fn is_level([before, after]: [Option<u64>; 2]) -> bool {
    let grew = (before.zip(after)).map_or(0, |(before, after)| after.saturating_sub(before));
    grew <= LEVEL_MIB
}

/// What became of a large batch where the network may have only so much memory.
#[derive(Debug, Serialize)]
pub struct LittleMemory {
    pub limit_mib: usize,
    /// `all` where every pair was answered, in however small batches; else the error.
    pub outcome: String,
    /// Whether all were answered, or it was said that there is no room.
    pub is_well: bool,
}

impl LittleMemory {
    fn new(limit_mib: usize, pairs: usize, answered: Result<usize, NetworkError>) -> Self {
        let (outcome, is_well) = match answered {
            Ok(count) if count == pairs => ("all".into(), true),
            Ok(count) => (format!("{count} of {pairs}"), false),
            Err(error) => {
                let is_well = matches!(error, NetworkError::NoRoom { .. });
                (error.to_string(), is_well)
            }
        };
        Self {
            limit_mib,
            outcome,
            is_well,
        }
    }
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
        LittleMemory::new(limit_mib, size, answered.map(|answers| answers.seen.len()))
    };
    [2048, 512, 128, 32].map(attempt).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_grows_is_no_level_and_what_cannot_be_read_is() {
        assert!(is_level([Some(100), Some(100 + LEVEL_MIB)]));
        assert!(is_level([Some(100), Some(50)]));
        assert!(!is_level([Some(100), Some(101 + LEVEL_MIB)]));
        assert!(is_level([None, None]));
    }

    #[test]
    fn where_memory_is_short_all_are_answered_or_it_is_told() {
        let no_room = NetworkError::NoRoom {
            file: "frame.onnx".into(),
            fits: 8,
            source: Box::new(NetworkError::NoHead {
                network: "x".into(),
            }),
        };
        let other = NetworkError::NoHead {
            network: "x".into(),
        };
        let is_well = |answered| LittleMemory::new(32, 128, answered).is_well;
        assert!(is_well(Ok(128)));
        assert!(is_well(Err(no_room)));
        assert!(!is_well(Ok(127)));
        assert!(!is_well(Err(other)));
    }
}
