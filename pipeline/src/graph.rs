//! The dataflow, assembled.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sonoscope_operators::{
    Batching, Committed, FeatureMaker, Preparation, Provenance, Row, Segment, WindowMaker,
    commit_into, features, infer, slice, window,
};
use timely::{
    CommunicationConfig, WorkerConfig,
    dataflow::{StreamVec, operators::vec::Map},
    execute::execute_from,
    worker::Worker,
};

use crate::{
    agenda::Agenda,
    cluster::Mesh,
    fault::Fault,
    heatmaps::Heatmaps,
    ingest::{Epoch, ingest},
    observer::Observer,
    pool::{Scored, Submit},
    views::{self, Views},
};

/// What the dataflow is made of.
pub struct Graph {
    /// Timely workers, each a thread.
    pub workers: usize,
    /// The links to the other processes of a cluster, if it is one.
    pub mesh: Option<Mesh>,
    /// The sources, to be read by whichever worker comes free.
    pub agenda: Agenda,
    /// Below this level, sound is silent.
    pub silence_dbfs: f32,
    /// What the networks want to see and hear.
    pub preparation: Preparation,
    /// The networks, as rows name them.
    pub networks: Vec<Arc<Provenance>>,
    /// When batches leave for the networks.
    pub batching: Batching,
    /// The networks themselves.
    pub pool: Submit,
    /// Where heatmap pictures go, if they are wanted.
    pub heatmaps: Option<Heatmaps>,
    /// Who hears of live sources.
    pub observer: Observer,
    /// What follows the rows, if anything does.
    pub views: Option<Views>,
}

/// Whoever takes the rows of each epoch, in order, and the sources that have ended with it: called
/// by one worker.
pub type Write = Box<dyn FnMut(Committed<Row>) + Send>;

/// Runs the dataflow until all sources have ended and all their rows are written.
///
/// # Errors
/// When the threads cannot be had.
pub fn run(mut graph: Graph, write: Write) -> io::Result<()> {
    let clock_offset_ms = graph.mesh.as_ref().map_or(0, |mesh| mesh.clock_offset_ms);
    let (builders, others) = match (graph.mesh.take(), graph.workers) {
        (Some(mesh), workers) => mesh.allocators(workers.max(1))?,
        (None, 0 | 1) => CommunicationConfig::Thread
            .try_build()
            .map_err(io::Error::other)?,
        (None, workers) => {
            let config = CommunicationConfig::Process(workers);
            config.try_build().map_err(io::Error::other)?
        }
    };
    let shared = Mutex::new((graph, Some(write)));
    let guards = execute_from(builders, others, WorkerConfig::default(), move |worker| {
        {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let write = if worker.index() == 0 {
                shared.1.take()
            } else {
                None
            };
            assemble(worker, &shared.0, clock_offset_ms, write);
        }
        while worker.has_dataflows() {
            worker.step_or_park(Some(Duration::from_millis(100)));
        }
    })
    .map_err(io::Error::other)?;
    for result in guards.join() {
        result.map_err(io::Error::other)?;
    }
    Ok(())
}

/// The way of the data, on one worker.
fn assemble(worker: &mut Worker, graph: &Graph, clock_offset_ms: i64, write: Option<Write>) {
    worker.dataflow::<Epoch, _, _>(|scope| {
        let agenda = graph.agenda.clone();
        let arrivals = ingest(scope, agenda, graph.workers.max(1), clock_offset_ms);
        let (segments, ends) = match graph.preparation.windows.is_empty() {
            true => slice(arrivals, graph.silence_dbfs),
            false => window(arrivals, graph.silence_dbfs),
        };
        let features = features(graph.watch(segments), graph.feature_maker());
        let pool = graph.pool.clone();
        let scored = infer(features, graph.batching, move |job| {
            let _ = pool.send(job);
        });
        let scored = graph.show(scored.flat_map(|scored| scored));
        let rows = graph.rows(scored);
        let mut write = write;
        let intake = graph.views.as_ref().map(|views| views.intake.clone());
        let committed = commit_into(rows, ends, Row::key, move |time, epoch| {
            if let Some(write) = &mut write {
                write(epoch);
            }
            let time = *time;
            let seen = intake
                .as_ref()
                .map(|intake| intake.take(time))
                .unwrap_or_default();
            seen.into_iter().map(move |(row, diff)| (row, time, diff))
        });
        if let Some(views) = &graph.views {
            views::assemble(scope, committed, views);
        }
    });
}

impl Graph {
    /// Whether features can be made as the networks want them.
    ///
    /// # Errors
    /// When a contract asks for what cannot be made.
    pub fn check(preparation: &Preparation) -> Result<(), Fault> {
        FeatureMaker::new(preparation).map_err(Fault::environment)?;
        for window in &preparation.windows {
            WindowMaker::new(window).map_err(Fault::environment)?;
        }
        Ok(())
    }

    fn feature_maker(&self) -> FeatureMaker {
        FeatureMaker::new(&self.preparation).expect("Graph::check was asked before")
    }

    /// Whoever hears of live sources hears that a second has been cut.
    fn watch<'scope>(
        &self,
        segments: StreamVec<'scope, Epoch, Segment>,
    ) -> StreamVec<'scope, Epoch, Segment> {
        let observer = self.observer.clone();
        segments.map(move |segment| {
            observer.cut(&segment);
            segment
        })
    }

    /// Pictures leave here, where they are: for heatmaps, and for whoever looks at live sources.
    /// Only rows travel further.
    fn show<'scope>(
        &self,
        scored: StreamVec<'scope, Epoch, Scored>,
    ) -> StreamVec<'scope, Epoch, Scored> {
        let (mut heatmaps, observer) = (self.heatmaps.clone(), self.observer.clone());
        let networks = self.networks.clone();
        scored.map(move |scored| {
            if let Some(heatmaps) = &mut heatmaps {
                heatmaps.draw(&scored, &networks);
            }
            observer.scored(&scored, &networks);
            scored
        })
    }

    /// A row for each network.
    fn rows<'scope>(
        &self,
        scored: StreamVec<'scope, Epoch, Scored>,
    ) -> StreamVec<'scope, Epoch, Row> {
        let networks = self.networks.clone();
        scored.flat_map(move |scored| {
            let Scored {
                segment,
                scores,
                said_by,
            } = scored;
            let networks = said_by.as_deref().unwrap_or(&networks);
            let rows = (0..).zip(networks).zip(scores);
            let wishes = segment.source.wishes;
            let rows = rows.filter(|((ordinal, _), _)| wishes.wants(*ordinal as usize));
            rows.map(|((ordinal, network), score)| {
                Row::new(&segment, ordinal, network.clone(), score)
            })
            .collect::<Vec<_>>()
        })
    }
}
