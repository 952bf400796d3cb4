//! A run, from what was asked for to what came of it.

use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sonoscope_models::{Device, Precision, Provider, Runtime};
use sonoscope_operators::{Batching, GridSpec, Include, Preparation, Provenance, Row};

use crate::{
    fault::Fault,
    graph::{self, Graph},
    heatmaps::Heatmaps,
    ingest::Agenda,
    pool::{Member, Pool},
    progress::Progress,
    sinks::{Form, NetworkForm, Sink, SinkUri},
    sources::{SourceError, SourceSpec, Stop},
    tally::{SourceTally, Tally},
};

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// The sources, in order.
    pub sources: Vec<SourceSpec>,
    /// Networks, by name or folder.
    pub networks: Vec<String>,
    /// Where rows go.
    pub sinks: Vec<SinkUri>,
    /// What rows carry besides.
    pub include: Include,
    /// Where heatmap pictures go.
    pub heatmaps: Option<PathBuf>,
    /// Timely workers.
    pub workers: usize,
    /// Threads that run the networks.
    pub threads: usize,
    /// What the networks run on.
    pub device: Device,
    /// In which numbers.
    pub precision: Precision,
    /// Below this level, sound is silent.
    pub silence_dbfs: f32,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Each source, as it ended.
    pub sources: Vec<SourceTally>,
    /// What ended the run before its time.
    pub fault: Option<Fault>,
}

/// A sink, and what it was asked for as.
type OpenSink = (SinkUri, Box<dyn Sink>);

/// Everybody who wants to see rows when they are committed.
pub type Witness = Box<dyn FnMut(&[Row]) + Send>;

impl Job {
    /// Does it. `witness` sees all rows, after the sinks have them.
    ///
    /// # Errors
    /// What keeps the run from beginning.
    pub fn run(mut self, stop: &Stop, witness: Witness) -> Result<Outcome, Fault> {
        let runtime = Runtime::load().map_err(Fault::environment)?;
        let members = self.members(&runtime)?;
        warn_of_synthetic(&members);
        let networks = members.iter().map(|m| Arc::new(m.provenance())).collect();
        let preparation = Preparation::new(members.iter().map(|m| m.files.contract()));
        Graph::check(&preparation)?;
        let grid = grid(&preparation)?;
        (self.sources.iter_mut()).try_for_each(|source| source.want_grid(grid))?;
        let batching = self.batching(members.iter().any(|m| m.provider != Provider::Cpu));
        let sinks = self.open_sinks(&members)?;
        let heatmaps = (self.heatmaps.map(Heatmaps::new).transpose())
            .map_err(|e| Fault::environment(format!("cannot make the heatmap folder: {e}")))?;
        let outstanding = batching.outstanding * self.workers.max(1);
        let pool = Pool::start(&runtime, members, self.threads, outstanding, stop)
            .map_err(Fault::environment)?;

        let tally = Arc::new(Tally::new(&self.sources));
        let lengths = self
            .sources
            .iter()
            .map(|spec| spec.length.clone())
            .collect();
        let progress = Progress::start(tally.clone(), lengths);
        let on_end = tally.clone();
        let agenda = Agenda::new(self.sources, stop.clone(), move |end| on_end.ended(end));
        let Some(submit) = pool.submit() else {
            return Err(Fault::environment("there is no thread to run networks on"));
        };
        let graph = Graph {
            workers: self.workers,
            agenda,
            silence_dbfs: self.silence_dbfs,
            preparation,
            networks,
            batching,
            pool: submit,
            heatmaps,
        };
        let trouble = Arc::new(Mutex::new(None));
        let sinks = Arc::new(Mutex::new(sinks));
        let commit = Commit {
            sinks: sinks.clone(),
            witness,
            tally: tally.clone(),
            trouble: trouble.clone(),
            stop: stop.clone(),
        };
        let ran = graph::run(graph, commit.into_write());
        let finished = pool.finish();
        drop(progress);
        let trouble = trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let closed = finish(&sinks);
        let fault = (trouble)
            .or(closed)
            .or(finished.err().map(Fault::environment))
            .or(ran.err().map(Fault::environment));
        Ok(Outcome {
            sources: tally.take_sources(|| SourceError::TooShort),
            fault,
        })
    }

    fn members(&self, runtime: &Runtime) -> Result<Vec<Member>, Fault> {
        let provider = runtime.resolve(self.device).map_err(Fault::environment)?;
        if self.device == Device::Auto {
            tracing::info!("networks run on {provider}");
        }
        Member::read_all(&self.networks, provider, self.precision)
    }

    /// On a processor a batch gains nothing, so pairs leave one by one and as soon as they can.
    fn batching(&self, on_card: bool) -> Batching {
        let (size, deadline) = match on_card {
            true => (16, Duration::from_millis(50)),
            false => (1, Duration::ZERO),
        };
        Batching {
            size,
            deadline,
            outstanding: 2 * self.threads.max(1),
        }
    }

    fn open_sinks(&self, members: &[Member]) -> Result<Vec<OpenSink>, Fault> {
        let form = Form {
            include: self.include,
            networks: members.iter().map(Member::form).collect(),
        };
        // A sink that is refused must not have cost the lines of one that was begun anew.
        let (refusing, other) = (self.sinks.iter()).partition::<Vec<_>, _>(|uri| uri.may_refuse());
        (refusing.into_iter().chain(other))
            .map(|uri| match uri.open(&form, None) {
                Ok(sink) => Ok((uri.clone(), sink)),
                Err(error) => Err(cannot_open(uri, &error)),
            })
            .collect()
    }
}

/// The pictures that sources are to give beside those of the seconds' middles.
///
/// # Errors
/// When networks want different ones.
pub(crate) fn grid(preparation: &Preparation) -> Result<Option<GridSpec>, Fault> {
    match preparation.grids()[..] {
        [] => Ok(None),
        [grid] => Ok(Some(grid)),
        [one, other, ..] => {
            let told = |grid: GridSpec| {
                let GridSpec {
                    rate_hz,
                    width,
                    height,
                    ..
                } = grid;
                format!("{rate_hz} pictures a second of {width}x{height}")
            };
            let fault = Fault::usage(format!(
                "one network looks at {}, another at {}, which one run cannot give",
                told(one),
                told(other)
            ));
            Err(fault.tip("run them one after the other"))
        }
    }
}

/// Says once of which networks no wonders are to be expected.
fn warn_of_synthetic(members: &[Member]) {
    let contracts = members.iter().map(|member| member.files.contract());
    let synthetic: Vec<&str> = contracts
        .filter(|contract| contract.provenance.is_synthetic())
        .map(|contract| contract.network.as_str())
        .collect();
    if !synthetic.is_empty() {
        tracing::warn!(
            "{} learned in a synthetic world: of real recordings expect little better than \
             chance. `sonoscope train` makes networks from your own, `sonoscope networks pull` \
             fetches published ones",
            synthetic.join(", ")
        );
    }
}

impl Member {
    /// The network as rows name it.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance {
            network: self.files.contract().network.clone(),
            network_hash: self.files.network_hash(),
            provider: self.provider.to_string(),
            precision: self.files.precision.to_string(),
        }
    }

    /// What the form of its rows depends on.
    fn form(&self) -> NetworkForm {
        NetworkForm {
            network: self.files.contract().network.clone(),
            network_hash: self.files.network_hash(),
            contract: self.files.contract().clone(),
        }
    }
}

/// Hands the rows of each epoch to all sinks, then counts them.
struct Commit {
    sinks: Arc<Mutex<Vec<OpenSink>>>,
    witness: Witness,
    tally: Arc<Tally>,
    trouble: Arc<Mutex<Option<Fault>>>,
    stop: Stop,
}

impl Commit {
    fn into_write(mut self) -> graph::Write {
        let mut broken = false;
        Box::new(move |rows| {
            if broken {
                return;
            }
            match self.write(&rows) {
                Ok(()) => {
                    self.tally.committed(&rows);
                    (self.witness)(&rows);
                }
                Err(trouble) => {
                    broken = true;
                    self.stop.raise();
                    *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
                }
            }
        })
    }

    /// # Errors
    /// What is to be told; nothing when the reader of standard output has simply gone.
    fn write(&mut self, rows: &[Row]) -> Result<(), Option<Fault>> {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        for (uri, sink) in sinks.iter_mut() {
            match sink.write(rows).and_then(|()| sink.flush()) {
                Ok(()) => {}
                Err(error) if uri.is_stdout() && error.kind() == ErrorKind::BrokenPipe => {
                    return Err(None);
                }
                Err(error) => return Err(Some(refused(uri, &error))),
            }
        }
        Ok(())
    }
}

/// Lets everything out that sinks hold back; the first that cannot is told of.
fn finish(sinks: &Mutex<Vec<OpenSink>>) -> Option<Fault> {
    let mut sinks = sinks.lock().unwrap_or_else(PoisonError::into_inner);
    let faults =
        (sinks.iter_mut()).filter_map(|(uri, sink)| Some(refused(uri, &sink.finish().err()?)));
    faults.reduce(|first, _| first)
}

fn cannot_open(uri: &SinkUri, error: &io::Error) -> Fault {
    let fault = Fault::environment(format!("cannot open {uri}: {error}"));
    match error.kind() {
        ErrorKind::AlreadyExists => fault.tip("name a folder that is empty or not there yet"),
        ErrorKind::ResourceBusy => fault.tip("wait for its end, or name another place"),
        _ => fault.tip("check that the path can be written to"),
    }
}

fn refused(uri: &SinkUri, error: &io::Error) -> Fault {
    let fault = Fault::environment(format!("{uri} takes no more rows: {error}"));
    match error.kind() {
        ErrorKind::StorageFull => {
            fault.tip("make room and run it again; the rows that are written are whole")
        }
        _ => fault.tip("the rows that were written before are whole"),
    }
}
