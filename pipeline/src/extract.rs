//! Training sets: what the networks will see and hear, made by the operators that serve.
//!
//! A set is a folder of tar shards with two pages beside them: `set.json` says how it is made,
//! `manifest.jsonl` what is in it, a line a source. A shard gets its name when it is whole and on
//! the disk, and then the lines of its sources are written: so whenever a run is killed, the next
//! one goes on from what is whole, and does the rest again.

mod clip;
mod folder;
mod kind;
mod manifest;
mod plan;
mod sample;
mod shard;
mod stretch;
mod work;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use sonoscope_models::Contract;

pub use folder::is_set;
pub use sample::Counts;

use crate::{
    agenda::Agenda,
    dataset::Entry,
    fault::Fault,
    progress::Progress,
    sources::{Frames, Reading, SourceError, SourceSpec, Stop},
    tally::{SourceTally, Tally},
};
use folder::Folder;
use plan::{Plan, Task};
use work::{Shared, Worker};

/// How a set is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Sources read at the same time, each by a thread.
    pub threads: usize,
    /// A shard is closed when it has so many bytes. What is in a shard that is open is done again
    /// after a crash.
    pub shard_bytes: u64,
    /// Which picture a second shows.
    pub frames: Frames,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 1,
            shard_bytes: 128 << 20,
            frames: Frames::default(),
        }
    }
}

/// What came of an extraction.
#[derive(Debug)]
pub struct Extracted {
    /// The sources that were read now, or that were in trouble before, as they ended.
    pub sources: Vec<SourceTally>,
    /// Sources that were done before.
    pub already: usize,
    /// All that the set holds now.
    pub counts: Counts,
}

/// Writes the seconds of recordings that have picture and sound into a set, as networks of this
/// contract want them; what the set has already is not read again.
///
/// # Errors
/// When the set is made otherwise or cannot be written, or nothing in it can be used.
pub fn extract(
    entries: Vec<Entry>,
    out: &Path,
    contract: &Contract,
    options: Options,
    stop: &Stop,
) -> Result<Extracted, Fault> {
    let reading = Reading {
        frames: options.frames,
        ..Reading::default()
    };
    let reading = reading.with_grid(kind::grid(contract))?;
    let folder = Folder::open(out, &kind::page(contract, options.frames))?;
    let Plan {
        tasks,
        already,
        troubles,
    } = Plan::new(entries, folder.manifest(), reading);
    if already > 0 {
        tracing::info!(
            "{already} sources are done already, {} are left",
            tasks.len()
        );
    }
    let specs: Vec<SourceSpec> = tasks.iter().map(|task| task.spec.clone()).collect();
    let tally = Arc::new(Tally::new(&specs));
    let folder = Mutex::new(folder);
    work(specs, &tasks, &tally, &folder, contract, options, stop)?;

    let mut sources = tally.take_sources(|| SourceError::NoPairs);
    sources.extend(
        troubles
            .into_iter()
            .map(|(id, name, error)| SourceTally::failed(id, name, error)),
    );
    let mut counts = Counts::default();
    let folder = folder.into_inner().unwrap_or_else(PoisonError::into_inner);
    for line in folder.manifest().lines() {
        counts += line.counts();
    }
    Ok(Extracted {
        sources,
        already,
        counts,
    })
}

/// Reads what is left, on so many threads.
fn work(
    specs: Vec<SourceSpec>,
    tasks: &[Task],
    tally: &Arc<Tally>,
    folder: &Mutex<Folder>,
    contract: &Contract,
    options: Options,
    stop: &Stop,
) -> Result<(), Fault> {
    let _progress = Progress::start(tally.clone());
    let agenda = Agenda::new(specs, stop.clone(), tally.clone());
    let shared = Shared {
        folder,
        agenda: &agenda,
        tasks,
        tally,
        shard_bytes: options.shard_bytes,
    };
    let work = || {
        let done = kind::maker(contract).and_then(|maker| Worker::new(&shared, maker).run());
        // Where one cannot write, none can.
        done.inspect_err(|_| stop.raise())
    };
    let threads = options.threads.clamp(1, tasks.len().max(1));
    thread::scope(|scope| {
        let start = |number: usize| {
            let name = format!("extract {number}");
            thread::Builder::new().name(name).spawn_scoped(scope, work)
        };
        let workers: Vec<_> = (0..threads).map(start).collect();
        workers.into_iter().try_for_each(|worker| {
            let worker =
                worker.map_err(|error| Fault::environment(format!("no thread: {error}")))?;
            let died = |_| Err(Fault::environment("a thread died"));
            worker.join().unwrap_or_else(died)
        })
    })
}
