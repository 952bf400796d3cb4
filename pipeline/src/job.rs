//! A run, from what was asked for to what came of it.

use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sonoscope_models::{Device, Precision, Provider, Runtime};
use sonoscope_operators::{Batching, Committed, GridSpec, Include, Preparation, Provenance, Row};

use crate::{
    agenda::{Agenda, Audience},
    fault::Fault,
    graph::{self, Graph},
    heatmaps::Heatmaps,
    inputs::{Inputs, nothing},
    parts::{InOrder, Parts},
    pool::{Member, Pool},
    progress::Progress,
    roll::Roll,
    sinks::{Sink, SinkUri},
    sources::{Ended, Reading, SourceSpec, Stop},
    tally::{Tally, Totals},
};

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// What goes in.
    pub inputs: Inputs,
    /// How it is read.
    pub reading: Reading,
    /// Who remembers what was opened, for the end.
    pub roll: Roll,
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
    /// What became of the sources.
    pub totals: Totals,
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
    pub fn run(self, stop: &Stop, witness: Witness) -> Result<Outcome, Fault> {
        let runtime = Runtime::load().map_err(Fault::environment)?;
        let members = self.members(&runtime)?;
        warn_of_synthetic(&members);
        let networks = members.iter().map(|m| Arc::new(m.provenance())).collect();
        let preparation = Preparation::new(members.iter().map(|m| m.files.contract()));
        Graph::check(&preparation)?;
        let reading = self.reading.with_grid(grid(&preparation)?)?;
        let batching = self.batching(members.iter().any(|m| m.provider != Provider::Cpu));
        let sinks = self.open_sinks()?;
        let heatmaps = (self.heatmaps.map(Heatmaps::new).transpose())
            .map_err(|e| Fault::environment(format!("cannot make the heatmap folder: {e}")))?;
        let outstanding = batching.outstanding * self.workers.max(1);
        let pool = Pool::start(&runtime, members, self.threads, outstanding, stop)
            .map_err(Fault::environment)?;

        let Some(submit) = pool.submit() else {
            return Err(Fault::environment("there is no thread to run networks on"));
        };
        let tally = Arc::new(Tally::default());
        let audience = Hearers {
            tally: tally.clone(),
            roll: self.roll,
        };
        let parts = Arc::new(Parts::default());
        let cut = Some((parts.clone(), self.workers));
        let (agenda, feed) = Agenda::fed(stop.clone(), audience, cut);
        let (named, is_endless) = (self.inputs.named(), self.inputs.is_endless());
        (self.inputs.start(reading, feed, tally.clone()))
            .map_err(|error| Fault::environment(format!("cannot look for recordings: {error}")))?;
        let progress = Progress::start(tally.clone());
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
        let commit = Commit {
            sinks,
            witness,
            tally: tally.clone(),
            trouble: trouble.clone(),
            stop: stop.clone(),
        };
        let write = InOrder::new(parts).before(commit.into_write());
        let ran = graph::run(graph, write);
        let finished = pool.finish();
        drop(progress);
        let trouble = trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let fault = (trouble)
            .or(finished.err().map(Fault::environment))
            .or(ran.err().map(Fault::environment));
        let totals = tally.totals();
        let is_nothing = totals.counts.found == 0 && !is_endless && !stop.is_raised();
        let fault = fault.or(is_nothing.then(|| nothing(&named)));
        Ok(Outcome { totals, fault })
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

    fn open_sinks(&self) -> Result<Vec<OpenSink>, Fault> {
        (self.sinks.iter())
            .map(|uri| match uri.open(self.include, None) {
                Ok(sink) => Ok((uri.clone(), sink)),
                Err(error) => Err(Fault::environment(format!("cannot open {uri}: {error}"))
                    .tip("check that the path can be written to")),
            })
            .collect()
    }
}

/// Those who hear of sources.
struct Hearers {
    tally: Arc<Tally>,
    roll: Roll,
}

impl Audience for Hearers {
    fn opening(&self, source: &SourceSpec) {
        self.tally.opening(source);
        self.roll.add(source);
    }

    fn ended(&self, end: Ended) {
        self.tally.ended(end);
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
}

/// Hands the rows of each epoch to all sinks, then counts them.
struct Commit {
    sinks: Vec<OpenSink>,
    witness: Witness,
    tally: Arc<Tally>,
    trouble: Arc<Mutex<Option<Fault>>>,
    stop: Stop,
}

impl Commit {
    fn into_write(mut self) -> graph::Write {
        let mut broken = false;
        Box::new(move |epoch| {
            if broken {
                return;
            }
            match self.write(&epoch) {
                Ok(()) => {
                    self.tally.committed(&epoch.rows);
                    let ended = epoch.ended.iter();
                    ended.for_each(|end| self.tally.closed(end.ordinal));
                    (self.witness)(&epoch.rows);
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
    fn write(&mut self, epoch: &Committed<Row>) -> Result<(), Option<Fault>> {
        let ended = epoch.ended.iter();
        let ended: Vec<_> = ended.filter_map(|end| self.tally.id(end.ordinal)).collect();
        for (uri, sink) in &mut self.sinks {
            let closed = |sink: &mut Box<dyn Sink>| {
                ended
                    .iter()
                    .try_for_each(|source| sink.close_source(source))
            };
            let written = sink.write(&epoch.rows).and_then(|()| closed(sink));
            match written.and_then(|()| sink.flush()) {
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

fn refused(uri: &SinkUri, error: &io::Error) -> Fault {
    let fault = Fault::environment(format!("{uri} takes no more rows: {error}"));
    match error.kind() {
        ErrorKind::StorageFull => {
            fault.tip("make room and run it again; the rows that are written are whole")
        }
        _ => fault.tip("the rows that were written before are whole"),
    }
}
