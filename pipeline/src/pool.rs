//! The threads that run the networks, shared by all workers.

mod stills;

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    thread,
    time::Instant,
};

use sonoscope_models::{
    Contract, Network, NetworkError, NetworkFiles, Precision, Provider, Runtime, zoo,
};
use sonoscope_operators::{
    Features, Heatmap, Inputs, Job, Preparation, Score, Segment, WindowMaker,
};

use crate::{fault::Fault, metrics::Metrics, sources::Stop};
use stills::Stills;

/// A segment, and what each network of the run said of it, in their order. `None` where picture
/// or sound is missing, of the second or of its window, so that there is nothing to ask.
#[derive(Clone, Debug)]
pub struct Scored {
    /// The segment.
    pub segment: Segment,
    /// One for each network.
    pub scores: Vec<Option<Score>>,
}

/// What a worker hands to the pool. The result is `None` after a network has failed.
pub type InferJob = Job<Features, Option<Scored>>;

/// A network of the run: its files, and where they will run.
pub struct Member {
    /// The files, read once for all threads.
    pub files: NetworkFiles,
    /// Where they run.
    pub provider: Provider,
}

impl Member {
    /// Reads the networks of these names or folders, all to run in the same place.
    ///
    /// # Errors
    /// When a network is unknown or cannot be read.
    pub fn read_all(
        names: &[String],
        provider: Provider,
        precision: Precision,
    ) -> Result<Vec<Self>, Fault> {
        (names.iter())
            .map(|name| {
                let folder = zoo::resolve(name).map_err(Fault::usage)?;
                let files = NetworkFiles::load(&folder, precision).map_err(Fault::environment)?;
                Ok(Self { files, provider })
            })
            .collect()
    }
}

impl Member {
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

/// Threads with a copy of every network each.
pub struct Pool {
    jobs: Option<Submit>,
    threads: Vec<thread::JoinHandle<()>>,
    failure: Arc<OnceLock<NetworkError>>,
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
        let spawn = |index: usize| {
            let (runtime, members, queue) = (runtime.clone(), members.clone(), queue.clone());
            let (failure, stop, opened) = (failure.clone(), stop.clone(), opened.clone());
            let (metrics, stills) = (metrics.cloned(), stills.clone());
            thread::Builder::new()
                .name(format!("infer {index}"))
                .spawn(move || {
                    let engine = Engine::open(&runtime, &members, metrics, stills);
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
        let threads: Vec<_> = (0..threads.max(1)).filter_map(|i| spawn(i).ok()).collect();
        drop((opened, members));
        for result in ready {
            result?;
        }
        Ok(Self {
            jobs: Some(jobs),
            threads,
            failure,
        })
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

/// One thread's networks.
struct Engine {
    networks: Vec<Network>,
    inputs: Vec<Inputs>,
    windows: Vec<WindowMaker>,
    metrics: Option<Metrics>,
    stills: Stills,
}

impl Engine {
    fn open(
        runtime: &Runtime,
        members: &[Member],
        metrics: Option<Metrics>,
        stills: Stills,
    ) -> Result<Self, NetworkError> {
        let networks: Vec<_> = members
            .iter()
            .map(|member| Network::from_files(runtime, &member.files, member.provider, 1))
            .collect::<Result<_, _>>()?;
        let preparation = Preparation::new(networks.iter().map(Network::contract));
        let windows = (preparation.windows.iter())
            .map(|window| WindowMaker::new(window).expect("Graph::check was asked before"));
        Ok(Self {
            windows: windows.collect(),
            inputs: preparation.networks,
            networks,
            metrics,
            stills,
        })
    }

    fn serve(
        mut self,
        queue: &Mutex<mpsc::Receiver<InferJob>>,
        failure: &OnceLock<NetworkError>,
        stop: &Stop,
    ) {
        loop {
            let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = job else {
                return;
            };
            job.run(|batch| {
                if let Some(metrics) = &self.metrics {
                    metrics.batch(batch.len());
                }
                let scored = |features| {
                    if failure.get().is_some() {
                        return None;
                    }
                    self.score(features)
                        .map_err(|error| {
                            let _ = failure.set(error);
                            stop.raise();
                        })
                        .ok()
                };
                batch.into_iter().map(scored).collect()
            });
        }
    }

    fn score(&mut self, features: Features) -> Result<Scored, NetworkError> {
        let Self {
            networks,
            inputs,
            windows,
            metrics,
            stills,
        } = self;
        let mut scores = Vec::with_capacity(networks.len());
        let wishes = features.segment.source.wishes;
        for (ordinal, (network, inputs)) in networks.iter_mut().zip(inputs).enumerate() {
            if !wishes.wants(ordinal) {
                scores.push(None);
                continue;
            }
            let tensors: Option<(&[f32], &[f32])> = match *inputs {
                Inputs::Second { frame, sound } => features.pair(frame, sound),
                Inputs::Window(place) => {
                    let window = features.segment.window.as_deref();
                    window.map(|window| windows[place].make(window))
                }
            };
            let begun = metrics.as_ref().map(|metrics| (metrics, Instant::now()));
            let segment = &features.segment;
            let score = tensors.map(|(frame, sound)| {
                let looks_at_one = matches!(inputs, Inputs::Second { .. });
                let seen = match looks_at_one {
                    true => stills.seen(segment, ordinal, || network.frame_features(frame, 1)),
                    false => network.frame_features(frame, 1),
                }?;
                ask(network, &seen, sound)
            });
            if let Some((metrics, begun)) = begun.filter(|_| score.is_some()) {
                metrics.inferred(&network.contract().network, begun.elapsed());
            }
            scores.push(score.transpose()?);
        }
        Ok(Scored {
            segment: features.segment,
            scores,
        })
    }
}

/// What one network says of a picture, of which its frame tower has made this, and a sound.
fn ask(
    network: &mut Network,
    seen: &sonoscope_models::Features,
    sound: &[f32],
) -> Result<Score, NetworkError> {
    let heard = network.audio_features(sound, 1)?;
    let outputs = network.contract().outputs.clone();
    let embedding = |values: &[f32]| outputs.embedding.map(|_| values.to_vec());
    let embeddings = Score {
        frame_embedding: embedding(seen.item(0)),
        audio_embedding: embedding(heard.item(0)),
        ..Score::default()
    };
    if !outputs.compares() {
        return Ok(embeddings);
    }
    let mut scores = network.score(seen, &heard)?;
    let score = scores.pop().map(|score| Score {
        correspondence: Some(score.correspondence),
        distance: score.distance,
        heatmap: (score.heatmap.zip(outputs.heatmap))
            .map(|(cells, [_, columns])| Heatmap { columns, cells }),
        ..embeddings
    });
    Ok(score.unwrap_or_default())
}
