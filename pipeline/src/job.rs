//! A run, from what was asked for to what came of it.

mod answering;
mod following;
mod hearers;
mod leading;
mod ready;

use std::{path::PathBuf, sync::Arc, time::Duration};

use sonoscope_models::{Devices, Precision};
use sonoscope_operators::{Include, Provenance, ROW_SCHEMA, Row};

use answering::Answering;
pub(crate) use ready::grid;

use crate::{
    cameras::Roster,
    cluster::Place,
    commit::{Keeping, Manner, OpenSinks, Remains},
    fault::Fault,
    inputs::Inputs,
    ledger::{Ledger, Terms},
    metrics::Metrics,
    pool::Member,
    roll::Roll,
    server::{self, Deps, Networks, Server},
    sinks::{Form, NetworkForm, SinkSpec},
    sources::{Reading, Stop},
    tally::Totals,
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
