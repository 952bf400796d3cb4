//! A run as any process of a cluster but 0 sees it: networks and workers, and what it is dealt.

use std::sync::Arc;

use sonoscope_operators::views::Finder;

use super::{Job, Outcome, ready::Ready};
use crate::{
    agenda::Agenda,
    cluster::{self, Away, Mesh, Place},
    commit::Remains,
    fault::Fault,
    graph::Graph,
    observer::Observer,
    sources::Stop,
    tally::Tally,
    views::{Change, Intake, Queries, Tell, ViewSettings, ViewStore, Views},
};

impl Job {
    /// What has to be the same in all processes.
    pub(super) fn terms(&self, ready: &Ready) -> cluster::hello::Terms {
        let networks = ready.networks.iter().map(|network| {
            let hash: String = network.network_hash.chars().take(12).collect();
            format!("{} ({}, {hash})", network.network, network.precision)
        });
        let hosts = self.cluster.as_ref().map(|place| place.hosts.to_string());
        let terms = [
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("row schema", sonoscope_operators::ROW_SCHEMA.to_string()),
            ("hosts", hosts.unwrap_or_default()),
            ("--workers", self.workers.max(1).to_string()),
            ("networks", networks.collect::<Vec<_>>().join(", ")),
            ("--silence", self.silence_dbfs.to_string()),
            (
                "--frames",
                format!("{:?}", self.reading.frames).to_lowercase(),
            ),
            ("--include", format!("{:?}", self.include)),
            ("views", format!("{:?}", self.views)),
        ];
        terms.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// Reads what process 0 deals, until all is read.
    pub(super) fn follow(
        mut self,
        mut ready: Ready,
        place: &Place,
        stop: &Stop,
    ) -> Result<Outcome, Fault> {
        let terms = self.terms(&ready);
        // Process 0 keeps the state and answers questions.
        self.state = None;
        self.server = None;
        let answering = self.answering(&ready.runtime, &ready.members)?;
        let heatmaps = self.heatmaps()?;
        let (pool, submit) = self.pool(&mut ready, stop, None)?;
        let mut links = place.link(&terms, stop)?;
        let (lost, losses) = cluster::losses();
        cluster::catch_broken_links(lost.clone());
        let Some(control) = links.control[0].take() else {
            return Err(Fault::environment("there is no line to process 0"));
        };
        let finder = Finder::default();
        let away = Away::start(control, ready.reading, finder.clone(), stop, lost)?;
        let graph = Graph {
            workers: self.workers,
            mesh: Some(Mesh {
                process: place.process,
                links: links.data,
                clock_offset_ms: links.clock_offset_ms,
            }),
            agenda: Agenda::away(away.clone()),
            silence_dbfs: self.silence_dbfs,
            preparation: ready.preparation,
            networks: ready.networks,
            batching: ready.batching,
            pool: submit,
            heatmaps,
            observer: Observer::new(self.cameras.clone(), self.include, None),
            views: views(&answering.settings, finder),
        };
        let ran = cluster::run(graph, Box::new(|_| {}), &losses);
        let fault = match ran {
            Ok(ran) => {
                let finished = pool.finish();
                away.wait_for_end();
                let lost = losses.try_recv().map(|loss| loss.fault(&place.hosts));
                (finished.err().map(Fault::environment))
                    .or(ran.err().map(Fault::environment))
                    .or(lost.ok())
            }
            Err(loss) => Some(loss.fault(&place.hosts)),
        };
        Ok(Outcome {
            totals: Tally::default().totals(),
            remains: Remains::default(),
            fault,
        })
    }
}

/// The views of process 0, of which nothing is taken in or told here.
fn views(settings: &Arc<[ViewSettings]>, finder: Finder) -> Option<Views> {
    if settings.is_empty() {
        return None;
    }
    let has_embeddings = settings.iter().any(ViewSettings::has_embeddings);
    Some(Views {
        settings: settings.clone(),
        intake: Intake::new(false, has_embeddings),
        queries: Queries::default(),
        finder,
        store: ViewStore::new(settings, false),
        tell: Arc::new(Elsewhere),
    })
}

/// Process 0 hears of changes.
struct Elsewhere;

impl Tell for Elsewhere {
    fn changes(&self, _: &[Change]) {}

    fn settled(&self) {}
}
