//! Reading recordings through the pipeline, several at a time.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use sonoscope_models::Runtime;
use sonoscope_operators::{Event, Segment, Slicer, Windower, slice::DEFAULT_SILENCE_DBFS};

use super::{
    engine::Engine,
    evidence::{Clip, Evidence},
    reading::Reading,
    truth::Truth,
};
use crate::{
    agenda::{Agenda, Opening},
    fault::Fault,
    pool::Member,
    progress::Progress,
    sources::{self, SourceError, SourceSpec, Stop},
    tally::{SourceTally, Tally},
};

/// What came of all recordings.
pub struct Gathered {
    /// What the networks made of them.
    pub evidence: Evidence,
    /// How each ended.
    pub sources: Vec<SourceTally>,
    /// The networks of each thread, still open.
    pub engines: Vec<Engine>,
}

/// Reads all recordings on so many threads, each with networks of its own.
///
/// Sources, slicing and features are those of `run`. Features are kept of the few seconds that
/// figures ask for, pictures of none.
///
/// # Errors
/// When a network cannot be opened or fails.
pub fn gather(
    recordings: Vec<(SourceSpec, Option<Truth>)>,
    runtime: &Runtime,
    members: &[Member],
    threads: usize,
    stop: &Stop,
) -> Result<Gathered, Fault> {
    let specs: Vec<SourceSpec> = recordings.iter().map(|(spec, _)| spec.clone()).collect();
    let tally = Arc::new(Tally::new(&specs));
    let progress = Progress::start(tally.clone());
    let clips = Mutex::new(Vec::new());
    let reader = Reader {
        agenda: Agenda::new(specs, stop.clone(), tally.clone()),
        recordings: &recordings,
        tally: &tally,
        clips: &clips,
    };
    let engines = on_threads(threads, |index| {
        let engine =
            Engine::open(runtime, members, index).and_then(|engine| reader.read_all(engine));
        engine.inspect_err(|_| stop.raise())
    })?;
    drop((reader, progress));
    let mut clips: Vec<Clip> = clips.into_inner().unwrap_or_else(PoisonError::into_inner);
    clips.sort_by_key(|clip| clip.spec.ordinal);
    Ok(Gathered {
        evidence: Evidence { clips },
        sources: tally.take_sources(|| SourceError::NoPairs),
        engines,
    })
}

/// Does something on so many threads, told by number; what each gives, in their order.
///
/// # Errors
/// The first error of any, or the system's refusal to give a thread.
pub fn on_threads<T: Send>(
    threads: usize,
    work: impl Fn(usize) -> Result<T, Fault> + Sync,
) -> Result<Vec<T>, Fault> {
    let work = &work;
    thread::scope(|scope| {
        let workers = (0..threads.max(1))
            .map(|number| {
                thread::Builder::new()
                    .name(format!("eval {number}"))
                    .spawn_scoped(scope, move || work(number))
                    .map_err(|error| Fault::environment(format!("no thread: {error}")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let died = |_| Err(Fault::environment("a thread died"));
        (workers.into_iter())
            .map(|worker| worker.join().unwrap_or_else(died))
            .collect()
    })
}

/// What all threads share.
struct Reader<'a> {
    agenda: Agenda,
    recordings: &'a [(SourceSpec, Option<Truth>)],
    tally: &'a Tally,
    clips: &'a Mutex<Vec<Clip>>,
}

impl Reader<'_> {
    /// Reads one recording after another until none is left; gives the networks back.
    fn read_all(&self, mut engine: Engine) -> Result<Engine, Fault> {
        let (inlet, inbox) = sources::inbox(|| ());
        while self.agenda.open_next(&inlet) == Opening::Opened {
            let Some((ordinal, clip)) = self.read(&inbox, &mut engine)? else {
                continue;
            };
            self.tally.extracted(ordinal, clip.seconds.len());
            if !clip.seconds.is_empty() {
                (self.clips.lock())
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(clip);
            }
        }
        Ok(engine)
    }

    /// All that comes of the one source that is open.
    fn read(
        &self,
        inbox: &sources::Inbox,
        engine: &mut Engine,
    ) -> Result<Option<(u32, Clip)>, Fault> {
        let mut windower = Windower::new(Slicer::new(DEFAULT_SILENCE_DBFS));
        let mut reading = Reading::default();
        for arrival in inbox {
            let (spec, truth) = &self.recordings[arrival.ordinal as usize];
            let closed = matches!(arrival.event, Event::Closed | Event::Cut);
            windower.push(arrival.event);
            for segment in windower.by_ref().filter(Segment::is_pair) {
                let added = reading.add(segment, truth.as_ref(), engine);
                added.map_err(Fault::environment)?;
            }
            if closed {
                let clip = reading.close(spec.clone(), truth.clone(), engine);
                return Ok(Some((arrival.ordinal, clip.map_err(Fault::environment)?)));
            }
        }
        Ok(None)
    }
}
