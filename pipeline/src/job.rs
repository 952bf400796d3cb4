//! A run, from what was asked for to what came of it.

mod answering;
mod following;
mod hearers;
mod ready;

use std::{path::PathBuf, sync::Arc, time::Duration};

use sonoscope_models::{Devices, Precision};
use sonoscope_operators::{Include, Provenance, ROW_SCHEMA, Row};

use answering::Answering;
use hearers::Hearers;
use ready::Ready;
pub(crate) use ready::grid;

use crate::{
    agenda::Agenda,
    cameras::Roster,
    cluster::{self, Leader, Mesh, Place},
    commit::{Alarm, Commit, Keeping, Manner, OpenSinks, Remains},
    fault::{Exit, Fault},
    graph::Graph,
    inputs::{Inputs, nothing},
    ledger::{Ledger, Terms},
    metrics::Metrics,
    observer::Observer,
    parts::{InOrder, Parts},
    pool::Member,
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
    /// Which process of a cluster this is, if it is one.
    pub cluster: Option<Place>,
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
        let ready = self.ready()?;
        match self.cluster.clone() {
            Some(place) if place.process > 0 => self.follow(ready, &place, stop),
            _ => self.lead(ready, stop, witness),
        }
    }

    /// Does it as the only process, or as process 0.
    fn lead(self, mut ready: Ready, stop: &Stop, witness: Witness) -> Result<Outcome, Fault> {
        let terms = self.terms(&ready);
        let form = Form {
            include: self.include,
            networks: ready.members.iter().map(Member::form).collect(),
        };
        let cards = Networks::new(NetworkCard::all(&ready.members, &self.networks));
        let metrics = (self.server.as_ref()).map(|_| Metrics::new(&self.cameras));
        let observer = Observer::new(self.cameras.clone(), self.include, metrics.clone());
        let answering = self.answering(&ready.runtime, &ready.members)?;
        let _server = self.serve(&cards, metrics.as_ref(), &answering)?;
        let (mut sinks, keeping) = self.open(&form, &ready.networks, stop)?;
        let intake = self.intake(&answering, &mut sinks, keeping.as_ref())?;
        let sinks = sinks
            .chosen_by(self.cameras.clone())
            .measured(metrics.clone());
        let heatmaps = self.heatmaps()?;
        let (pool, submit) = self.pool(&mut ready, stop, metrics.as_ref())?;
        cards.loaded(pool.building());
        let links = match &self.cluster {
            Some(place) => Some(place.link(&terms, stop)?),
            None => None,
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
        let processes = (self.cluster.as_ref()).map_or(1, |place| place.hosts.count());
        let cut = Some((parts.clone(), self.workers * processes));
        let (agenda, feed) = Agenda::fed(stop.clone(), audience, cut);
        agenda.watch_over(self.cameras.clone(), ready.reading);
        let (lost, losses) = cluster::losses();
        let (mesh, leader) = match links {
            Some(links) => {
                cluster::catch_broken_links(lost.clone());
                let workers = self.workers.max(1);
                let leader = Leader::start(links.control, workers, &agenda, stop, &lost)?;
                answering.memory.ask_also(leader.others());
                (Some(Mesh::of_leader(links.data)), Some(leader))
            }
            None => (None, None),
        };
        let (named, is_endless) = (self.inputs.named(), self.inputs.is_endless());
        let is_endless = is_endless || !self.cameras.is_over();
        (self.inputs.start(ready.reading, feed, tally.clone()))
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
            mesh,
            agenda,
            silence_dbfs: self.silence_dbfs,
            preparation: ready.preparation,
            networks: ready.networks,
            batching: ready.batching,
            pool: submit,
            heatmaps,
            observer,
            views,
        };
        let write = InOrder::new(parts).before(commit.write());
        let write = match &leader {
            Some(leader) => leader.before(write),
            None => write,
        };
        let ran = match (&self.cluster, cluster::run(graph, write, &losses)) {
            (_, Ok(ran)) => ran.map_err(Fault::environment),
            (Some(place), Err(loss)) => Err(loss.fault(&place.hosts)),
            (None, Err(loss)) => Err(Fault::environment(loss.why)),
        };
        let is_cut_off = matches!(&ran, Err(fault) if fault.code == Exit::PeerLost);
        if is_cut_off {
            stop.raise();
        }
        let remains = commit.finish();
        if let Some(leader) = leader.filter(|_| !is_cut_off) {
            leader.end();
        }
        // What a worker that cannot end still holds of the pool would be waited for.
        let finished = if is_cut_off { Ok(()) } else { pool.finish() };
        drop(progress);
        let fault = (alarm.take())
            .or(finished.err().map(Fault::environment))
            .or(ran.err());
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
