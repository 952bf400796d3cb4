//! The threads that run the networks, shared by all workers.

mod engine;
mod openings;
mod relay;
mod stills;

pub use openings::Building;

use std::{
    sync::{Arc, Mutex, OnceLock, mpsc},
    thread,
    time::Duration,
};

use sonoscope_models::{
    Contract, LARGEST_BATCH, NetworkError, NetworkFiles, Precision, Provider, Runtime, zoo,
};
use sonoscope_operators::{Batching, Features, Job, Provenance, Score, Segment};

use crate::{fault::Fault, metrics::Metrics, sources::Stop};
use engine::Engine;
use stills::Stills;

/// A segment, and what each network of the run said of it, in their order. `None` where picture
/// or sound is missing, of the second or of its window, so that there is nothing to ask.
#[derive(Clone, Debug)]
pub struct Scored {
    /// The segment.
    pub segment: Segment,
    /// One for each network.
    pub scores: Vec<Option<Score>>,
    /// Who said it, in the same order: which provider it was may differ from batch to batch. `None`
    /// where that is as it was when the run began.
    pub said_by: Option<Arc<[Arc<Provenance>]>>,
}

/// What a worker hands to the pool. The result is `None` after a network has failed.
pub type InferJob = Job<Features, Option<Scored>>;

/// A network of the run: its files, and where they will run.
pub struct Member {
    /// The files, read once for all threads.
    pub files: NetworkFiles,
    /// Where they run: threads take turns. Never none.
    pub providers: Vec<Provider>,
}

impl Member {
    /// Reads the networks of these names or folders, all to run in the same places, which are of one
    /// kind.
    ///
    /// # Errors
    /// When a network is unknown or cannot be read.
    pub fn read_all(
        names: &[String],
        providers: &[Provider],
        precision: Precision,
    ) -> Result<Vec<Self>, Fault> {
        (names.iter())
            .map(|name| {
                let folder = zoo::resolve(name).map_err(Fault::usage)?;
                let first = providers.first().copied().unwrap_or(Provider::Cpu);
                let files = (NetworkFiles::load(&folder, precision))
                    .and_then(|files| files.for_provider(first))
                    .map_err(Fault::environment)?;
                let providers = providers.to_vec();
                Ok(Self { files, providers })
            })
            .collect()
    }
}

impl Member {
    /// Where the thread of this number runs it; the processor, if nothing was said.
    pub fn provider_of(&self, thread: usize) -> Provider {
        let turns = self.providers.iter().cycle();
        let count = self.providers.len().max(1);
        turns
            .take(count)
            .nth(thread % count)
            .copied()
            .unwrap_or(Provider::Cpu)
    }

    /// How rows name where it runs, before anything has run.
    pub fn provider_names(&self) -> String {
        let names: Vec<_> = self.providers.iter().map(Provider::to_string).collect();
        names.join(",")
    }

    /// Whether it runs on cards.
    pub fn is_on_card(&self) -> bool {
        self.providers
            .iter()
            .any(|provider| *provider != Provider::Cpu)
    }

    /// Sees that the network says how well sound and picture belong together, which this command
    /// of the program is about.
    ///
    /// # Errors
    /// When it gives embeddings alone.
    pub fn must_compare(&self, command: &str) -> Result<(), Fault> {
        must_compare(self.files.contract(), command)
    }
}

/// As [`Member::must_compare`], of a contract.
///
/// # Errors
/// When it is that of a network that gives embeddings alone.
pub fn must_compare(contract: &Contract, command: &str) -> Result<(), Fault> {
    if contract.outputs.compares() {
        return Ok(());
    }
    let network = &contract.network;
    Err(Fault::usage(format!(
        "{network} gives embeddings and does not compare sound and picture, so that {command} has \
         nothing to do with it"
    ))
    .tip("leave it to `sonoscope run --include embeddings`"))
}

/// How many threads run the networks, unless it is said: one a core, or two a card, so that one
/// batch is copied while another is computed.
pub fn threads(members: &[Member], said: Option<usize>) -> usize {
    let cards = members.iter().filter(|member| member.is_on_card());
    let cards = cards.map(|member| member.providers.len()).max();
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let usual = || cards.map_or_else(cores, |cards| 2 * cards);
    said.unwrap_or_else(usual).max(1)
}

/// The largest batch of windows of pictures: each takes tens of megabytes.
const WINDOWS: usize = 16;

/// When batches leave. To a card they leave when one of its threads has nothing to do, when they are
/// full, or when their oldest second has waited for a twentieth of one: cameras do not wait, and
/// archives fill batches up to what is said, or to what a card takes. On a processor batches gain
/// nothing, so pairs leave one by one and as soon as they can.
pub fn batching(members: &[Member], threads: usize, said: Option<usize>) -> Batching {
    let is_window = |member: &Member| member.files.contract().frame.clip.is_some();
    let most = match members.iter().any(is_window) {
        true => WINDOWS,
        false => LARGEST_BATCH,
    };
    let (size, deadline) = match members.iter().any(Member::is_on_card) {
        true => (said.unwrap_or(most).max(1), Duration::from_millis(50)),
        false => (1, Duration::ZERO),
    };
    Batching {
        size,
        deadline,
        idle_below: threads,
        outstanding: 2 * threads,
    }
}

/// Threads with a copy of every network each.
pub struct Pool {
    jobs: Option<Submit>,
    threads: Vec<thread::JoinHandle<()>>,
    failure: Arc<OnceLock<NetworkError>>,
    building: Building,
}

/// Where jobs are handed in. The pool ends when the last one is gone.
pub type Submit = mpsc::SyncSender<InferJob>;

impl Pool {
    /// Opens the networks once for each thread, all at the same time. At most `outstanding` jobs
    /// are under way at a time. When a network fails later on, `stop` is raised. What they do is
    /// measured, if `metrics` are kept.
    ///
    /// # Errors
    /// What keeps a network from being opened.
    pub fn start(
        runtime: &Runtime,
        members: Vec<Member>,
        threads: usize,
        outstanding: usize,
        stop: &Stop,
        metrics: Option<&Metrics>,
    ) -> Result<Self, NetworkError> {
        // Room for all that the workers have under way, so that none of them ever waits here.
        let (jobs, queue) = mpsc::sync_channel::<InferJob>(outstanding);
        let queue = Arc::new(Mutex::new(queue));
        let failure = Arc::new(OnceLock::new());
        let members = Arc::new(members);
        let (opened, ready) = mpsc::sync_channel(threads.max(1));
        let stills = Stills::default();
        let building = Building::default();
        let openings = openings::openings(runtime, &members, threads.max(1), &building);
        let spawn = |(index, openings): (usize, Vec<openings::Opening>)| {
            let (runtime, members, queue) = (runtime.clone(), members.clone(), queue.clone());
            let (failure, stop, opened) = (failure.clone(), stop.clone(), opened.clone());
            let (metrics, stills) = (metrics.cloned(), stills.clone());
            thread::Builder::new()
                .name(format!("infer {index}"))
                .spawn(move || {
                    let engine = Engine::open(&runtime, &members, openings, metrics, stills);
                    // Networks are in memory now; their files need not be.
                    drop(members);
                    let (engine, result) = match engine {
                        Ok(engine) => (Some(engine), Ok(())),
                        Err(error) => (None, Err(error)),
                    };
                    let _ = opened.send(result);
                    // Whoever waits for all to be open waits for the last sender to go.
                    drop(opened);
                    if let Some(engine) = engine {
                        engine.serve(&queue, &failure, &stop);
                    }
                })
        };
        let spawned = openings.into_iter().enumerate().map(spawn);
        let threads: Vec<_> = spawned.filter_map(Result::ok).collect();
        drop((opened, members));
        for result in ready {
            result?;
        }
        Ok(Self {
            jobs: Some(jobs),
            threads,
            failure,
            building,
        })
    }

    /// How many networks have engines being built.
    pub fn building(&self) -> Building {
        self.building.clone()
    }

    /// Where to hand jobs in.
    pub fn submit(&self) -> Option<Submit> {
        self.jobs.clone()
    }

    /// Waits until all work is done; what kept a network from working, if something did.
    pub fn finish(mut self) -> Result<(), NetworkError> {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        match Arc::into_inner(self.failure).and_then(OnceLock::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(names: &[&str], provider: Provider) -> Vec<Member> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        Member::read_all(&names, &[provider], Precision::Fp32).expect("are shipped")
    }

    #[test]
    fn batches_are_for_cards_and_of_windows_they_are_small() {
        let size =
            |names: &[&str], provider, said| batching(&members(names, provider), 2, said).size;
        let card = Provider::Cuda(0);
        assert_eq!(size(&["ave-small"], card, None), LARGEST_BATCH);
        assert_eq!(size(&["ave-small"], card, Some(4)), 4);
        assert_eq!(
            size(&["ave-small", "multisensory-small"], card, None),
            WINDOWS
        );
        assert_eq!(size(&["ave-small"], Provider::Cpu, Some(4)), 1);
        let batching = batching(&members(&["ave-small"], card), 2, None);
        assert!(
            batching.deadline <= Duration::from_millis(50),
            "for cameras"
        );
    }

    #[test]
    fn tensorrt_gets_int8_of_its_own() {
        let hash = |provider| {
            let names = ["ave-small".to_owned()];
            let members = Member::read_all(&names, &[provider], Precision::Int8);
            members.expect("is shipped")[0].files.network_hash()
        };
        assert_eq!(hash(Provider::Cpu), hash(Provider::Cuda(0)));
        assert_ne!(hash(Provider::Cpu), hash(Provider::TensorRt(0)));
    }
}
