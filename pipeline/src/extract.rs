//! Training sets: what the networks will see and hear, made by the operators that serve.

mod clip;
mod shard;

use std::{fs, io, path::Path, sync::Arc, thread};

use clip::{Clip, ClipMaker};
use shard::Shards;
use sonoscope_models::Contract;
use sonoscope_operators::{Event, Segment, Slicer, slice::DEFAULT_SILENCE_DBFS};

use crate::{
    fault::Fault,
    ingest::Agenda,
    sources::{self, Inbox, SourceError, SourceSpec, Stop},
    tally::{SourceTally, Tally},
};

/// Writes the pictures and spectrograms of sources into tar shards, one thread a shard.
///
/// A clip is three members: `ID.frames.npy` (u8, `[n, 256, 256, 3]`), `ID.spectrograms.npy`
/// (f16, `[n, bins, frames]`, as networks of this `contract` want them) and `ID.json` (source,
/// segments, and the truth that lies beside the clip, if any). Seconds without picture or sound
/// are left out. Returns how each source ended.
///
/// # Errors
/// When the shards cannot be written.
pub fn extract(
    sources: Vec<SourceSpec>,
    out: &Path,
    contract: &Contract,
    threads: usize,
    stop: &Stop,
) -> Result<Vec<SourceTally>, Fault> {
    let cannot_write = |error: io::Error| {
        Fault::environment(format!("cannot write shards to {}: {error}", out.display()))
    };
    fs::create_dir_all(out).map_err(cannot_write)?;
    let tally = Arc::new(Tally::new(&sources));
    let on_end = tally.clone();
    let agenda = Agenda::new(sources.clone(), stop.clone(), move |end| on_end.ended(end));
    let work = |thread: usize| -> Result<(), Fault> {
        let mut maker = ClipMaker::new(contract).map_err(Fault::environment)?;
        let mut shards = Shards::new(out, thread);
        let (inlet, inbox) = sources::inbox(|| ());
        while agenda.open_next(&inlet) {
            let Some((ordinal, clip)) = read_clip(&inbox, &mut maker) else {
                continue;
            };
            let spec = &sources[ordinal as usize];
            if !clip.segments.is_empty() {
                shards.append(&clip, spec).map_err(cannot_write)?;
            }
            tally.extracted(ordinal, clip.segments.len());
        }
        shards.finish().map_err(cannot_write)
    };
    thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = (0..threads.max(1))
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        let died = |_| Err(Fault::environment("a thread died"));
        (workers.into_iter()).try_for_each(|worker| worker.join().unwrap_or_else(died))
    })?;
    drop(agenda);
    Ok(tally.take_sources(|| SourceError::NoPairs))
}

/// All that comes of the one source that is open.
fn read_clip(inbox: &Inbox, maker: &mut ClipMaker) -> Option<(u32, Clip)> {
    let mut slicer = Slicer::new(DEFAULT_SILENCE_DBFS);
    let mut clip = Clip::default();
    for arrival in inbox {
        let closed = matches!(arrival.event, Event::Closed | Event::Cut);
        slicer.push(arrival.event);
        for segment in slicer.by_ref().filter(Segment::is_pair) {
            maker.add(&segment, &mut clip);
        }
        if closed {
            return Some((arrival.ordinal, clip));
        }
    }
    None
}
