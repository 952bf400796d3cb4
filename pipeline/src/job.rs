//! A run, from what was asked for to what came of it.

mod answering;
mod hearers;

use std::{path::PathBuf, sync::Arc, time::Duration};

use sonoscope_models::{Devices, Precision, Runtime};
use sonoscope_operators::{GridSpec, Include, Preparation, Provenance, ROW_SCHEMA, Row};

use answering::Answering;
use hearers::Hearers;

use crate::{
    agenda::Agenda,
    cameras::Roster,
    commit::{Alarm, Commit, Keeping, Manner, OpenSinks, Remains},
    fault::Fault,
    graph::{self, Graph},
    heatmaps::Heatmaps,
    inputs::{Inputs, nothing},
    ledger::{Ledger, Terms},
    metrics::Metrics,
    observer::Observer,
    parts::{InOrder, Parts},
    pool::{self, Member, Pool},
    progress::Progress,
    roll::Roll,
    server::{self, Deps, NetworkCard, Networks, Server},
    sinks::{Form, NetworkForm, SinkSpec},
    sources::{Reading, Stop},
    tally::{Tally, Totals},
    views::ViewTables,
};

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// What goes in.
    pub inputs: Inputs,
    /// The live sources, which may become more and fewer.
    pub cameras: Roster,
    /// How it is read.
    pub reading: Reading,
    /// Who remembers what was opened, for the end.
    pub roll: Roll,
    /// Networks, by name or folder.
    pub networks: Vec<String>,
    /// Where rows go.
    pub sinks: Vec<SinkSpec>,
    /// What is answered while rows come.
    pub views: ViewTables,
    /// What rows carry besides.
    pub include: Include,
    /// Where heatmap pictures go.
    pub heatmaps: Option<PathBuf>,
    /// Timely workers.
    pub workers: usize,
    /// Threads that run the networks; if nothing is said, one a core, or two a card.
    pub threads: Option<usize>,
    /// Seconds that a card is given at once, at most; if nothing is said, what suits the networks.
    pub batch: Option<usize>,
    /// What the networks run on.
    pub device: Devices,
    /// In which numbers.
    pub precision: Precision,
    /// Below this level, sound is silent.
    pub silence_dbfs: f32,
    /// How the state of the job is kept, if it is.
    pub state: Option<StateOptions>,
    /// The interface to it, if one is to be opened.
    pub server: Option<server::Options>,
}

/// How the state of a job is kept.
#[derive(Clone, Debug)]
pub struct StateOptions {
    /// The state folder.
    pub folder: PathBuf,
    /// Whether sources that have failed are tried again.
    pub retry_failed: bool,
    /// Time from one commit to the next.
    pub commit_every: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What became of the sources.
    pub totals: Totals,
    /// What became of rows that were not simply written.
    pub remains: Remains,
    /// What ended the run before its time.
    pub fault: Option<Fault>,
}

/// Everybody who wants to see rows when they are committed.
pub type Witness = Box<dyn FnMut(&[Row]) + Send>;

impl Job {
    /// Does it. `witness` sees all rows, after the sinks have them.
    ///
    /// # Errors
    /// What keeps the run from beginning.
    pub fn run(self, stop: &Stop, witness: Witness) -> Result<Outcome, Fault> {
        let runtime = Runtime::load_for(&self.device).map_err(Fault::environment)?;
        let members = self.members(&runtime)?;
        warn_of_synthetic(&members);
        self.warn_of_embeddings(&members);
        let networks: Vec<_> = (members.iter().map(|m| Arc::new(m.provenance()))).collect();
        let on_card = members.iter().any(Member::is_on_card);
        let mut preparation = Preparation::new(members.iter().map(|m| m.files.contract()));
        preparation.in_bytes = on_card;
        Graph::check(&preparation)?;
        let mut reading = self.reading.with_grid(grid(&preparation)?)?;
        reading.decoding = reading.decoding.resolved(on_card);
        let threads = pool::threads(&members, self.threads);
        let batching = pool::batching(&members, threads, self.batch);
        if self.batch.is_some() && !on_card {
            tracing::warn!("--batch is for cards: on a processor seconds leave one by one");
        }
        let form = Form {
            include: self.include,
            networks: members.iter().map(Member::form).collect(),
        };
        let cards = Networks::new(NetworkCard::all(&members, &self.networks));
        let metrics = (self.server.as_ref()).map(|_| Metrics::new(&self.cameras));
        let observer = Observer::new(self.cameras.clone(), self.include, metrics.clone());
        let answering = self.answering(&runtime, &members)?;
        let _server = self.serve(&cards, metrics.as_ref(), &answering)?;
        let (mut sinks, keeping) = self.open(&form, &networks, stop)?;
        let intake = self.intake(&answering, &mut sinks, keeping.as_ref())?;
        let sinks = sinks
            .chosen_by(self.cameras.clone())
            .measured(metrics.clone());
        let heatmaps = (self.heatmaps.map(Heatmaps::new).transpose())
            .map_err(|e| Fault::environment(format!("cannot make the heatmap folder: {e}")))?;
        let outstanding = batching.outstanding * self.workers.max(1);
        let pool = Pool::start(
            &runtime,
            members,
            threads,
            outstanding,
            stop,
            metrics.as_ref(),
        )
        .map_err(Fault::environment)?;
        cards.loaded(pool.building());

        let Some(submit) = pool.submit() else {
            return Err(Fault::environment("there is no thread to run networks on"));
        };
        let tally = Arc::new(Tally::default());
        let alarm = Alarm::new(stop.clone());
        let audience = Hearers {
            tally: tally.clone(),
            roll: self.roll,
            ledger: keeping.as_ref().map(|keeping| keeping.ledger.clone()),
            alarm: alarm.clone(),
            networks: self.networks.clone(),
        };
        let parts = Arc::new(Parts::default());
        let cut = Some((parts.clone(), self.workers));
        let (agenda, feed) = Agenda::fed(stop.clone(), audience, cut);
        agenda.watch_over(self.cameras.clone(), reading);
        let (named, is_endless) = (self.inputs.named(), self.inputs.is_endless());
        let is_endless = is_endless || !self.cameras.is_over();
        (self.inputs.start(reading, feed, tally.clone()))
            .map_err(|error| Fault::environment(format!("cannot look for recordings: {error}")))?;
        let progress = match is_endless {
            true => Progress::start_endless(tally.clone()),
            false => Progress::start(tally.clone()),
        };
        let witness = observer.clone().before(witness);
        let alarmed = alarm.clone();
        let commit = Commit::new(
            sinks,
            witness,
            tally.clone(),
            keeping,
            intake.clone(),
            alarmed,
        );
        let views = intake.map(|intake| answering.views(intake, &commit));
        let graph = Graph {
            workers: self.workers,
            agenda,
            silence_dbfs: self.silence_dbfs,
            preparation,
            networks,
            batching,
            pool: submit,
            heatmaps,
            observer,
            views,
        };
        let write = InOrder::new(parts).before(commit.write());
        let ran = graph::run(graph, write);
        let remains = commit.finish();
        let finished = pool.finish();
        drop(progress);
        let fault = (alarm.take())
            .or(finished.err().map(Fault::environment))
            .or(ran.err().map(Fault::environment));
        let totals = tally.totals();
        let is_nothing = totals.counts.found == 0 && !is_endless && !stop.is_raised();
        let fault = fault.or(is_nothing.then(|| nothing(&named)));
        Ok(Outcome {
            totals,
            remains,
            fault,
        })
    }

    /// The interface, if one is to be opened; closed when it is dropped.
    fn serve(
        &self,
        networks: &Networks,
        metrics: Option<&Metrics>,
        answering: &Answering,
    ) -> Result<Option<Server>, Fault> {
        let (Some(options), Some(metrics)) = (&self.server, metrics) else {
            return Ok(None);
        };
        metrics.has_views(answering.store.clone());
        let deps = Deps {
            roster: self.cameras.clone(),
            networks: networks.clone(),
            sinks: self.sinks.iter().map(|sink| sink.uri.clone()).collect(),
            metrics: metrics.clone(),
            views: answering.store.clone(),
            desk: answering.desk.clone(),
        };
        Server::start(options.clone(), deps).map(Some)
    }

    fn members(&self, runtime: &Runtime) -> Result<Vec<Member>, Fault> {
        let providers = runtime
            .resolve_all(&self.device)
            .map_err(Fault::environment)?;
        if self.device.is_auto() {
            for provider in &providers {
                tracing::info!("networks run on {provider}");
            }
        }
        Member::read_all(&self.networks, &providers, self.precision)
    }

    /// Says of which networks nothing will be seen in rows as they were asked for.
    fn warn_of_embeddings(&self, members: &[Member]) {
        let contracts = members.iter().map(|member| member.files.contract());
        let silent: Vec<&str> = contracts
            .filter(|contract| !contract.outputs.compares())
            .map(|contract| contract.network.as_str())
            .collect();
        if !silent.is_empty() && !self.include.embeddings {
            tracing::warn!(
                "{} gives embeddings and no more: ask for them with --include embeddings",
                silent.join(", ")
            );
        }
    }

    /// The sinks and, if a state is kept, its ledger.
    fn open(
        &self,
        form: &Form,
        networks: &[Arc<Provenance>],
        stop: &Stop,
    ) -> Result<(OpenSinks, Option<Keeping>), Fault> {
        let state = self.state.as_ref().map(|state| state.folder.as_path());
        let manner = Manner { form, state, stop };
        let Some(state) = &self.state else {
            return Ok((OpenSinks::begin(&self.sinks, manner)?, None));
        };
        OpenSinks::can_be_kept(&self.sinks)?;
        let terms = Terms {
            row_schema: ROW_SCHEMA,
            networks: networks.iter().map(|network| (**network).clone()).collect(),
            heatmap: self.include.heatmap,
            embeddings: self.include.embeddings,
            silence_dbfs: self.silence_dbfs,
            frames: format!("{:?}", self.reading.frames).to_lowercase(),
            from_s: self.reading.range.from,
            to_s: self.reading.range.to,
            clock: self.inputs.clock().to_string(),
        };
        let ledger = Ledger::open(&state.folder, state.retry_failed)?;
        let sinks = OpenSinks::resume(&self.sinks, manner, &ledger, &terms)?;
        let keeping = Keeping {
            ledger: Arc::new(ledger),
            every: state.commit_every,
        };
        Ok((sinks, Some(keeping)))
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
            provider: self.provider_names(),
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
