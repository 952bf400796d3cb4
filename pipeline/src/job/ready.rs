//! What a run needs before it is known what it reads: the networks, and how to feed them.

use std::{mem, sync::Arc};

use sonoscope_models::Runtime;
use sonoscope_operators::{Batching, GridSpec, Preparation, Provenance};

use super::Job;
use crate::{
    fault::Fault,
    graph::Graph,
    heatmaps::Heatmaps,
    metrics::Metrics,
    pool::{self, Member, Pool, Submit},
    sources::{Reading, Stop},
};

/// The networks of a run, and how sources are read for them.
pub(super) struct Ready {
    pub runtime: Runtime,
    pub members: Vec<Member>,
    /// As rows name them.
    pub networks: Vec<Arc<Provenance>>,
    pub preparation: Preparation,
    pub reading: Reading,
    pub batching: Batching,
    threads: usize,
}

impl Job {
    /// Reads the networks, and sees whether they go together.
    ///
    /// # Errors
    /// When they do not, or one is not there.
    pub(super) fn ready(&self) -> Result<Ready, Fault> {
        let runtime = Runtime::load_for(&self.device).map_err(Fault::environment)?;
        let members = self.members(&runtime)?;
        warn_of_synthetic(&members);
        self.warn_of_embeddings(&members);
        let networks = members.iter().map(|m| Arc::new(m.provenance())).collect();
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
        Ok(Ready {
            runtime,
            members,
            networks,
            preparation,
            reading,
            batching,
            threads,
        })
    }

    /// Threads with the networks, and where they take what they are to look at.
    ///
    /// # Errors
    /// When they cannot be had.
    pub(super) fn pool(
        &self,
        ready: &mut Ready,
        stop: &Stop,
        metrics: Option<&Metrics>,
    ) -> Result<(Pool, Submit), Fault> {
        let outstanding = ready.batching.outstanding * self.workers.max(1);
        // Once they are open, nobody needs their files in memory.
        let (members, threads) = (mem::take(&mut ready.members), ready.threads);
        let pool = Pool::start(&ready.runtime, members, threads, outstanding, stop, metrics)
            .map_err(Fault::environment)?;
        match pool.submit() {
            Some(submit) => Ok((pool, submit)),
            None => Err(Fault::environment("there is no thread to run networks on")),
        }
    }

    /// Where heatmap pictures go, if they are wanted.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(super) fn heatmaps(&self) -> Result<Option<Heatmaps>, Fault> {
        (self.heatmaps.clone().map(Heatmaps::new).transpose())
            .map_err(|e| Fault::environment(format!("cannot make the heatmap folder: {e}")))
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
