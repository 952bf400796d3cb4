//! A run as the only process sees it, or process 0 of a cluster: it knows what is read, has the
//! sinks, and answers questions.

use std::sync::{Arc, mpsc::Receiver};

use super::{Job, Outcome, Witness, answering::Answering, hearers::Hearers, ready::Ready};
use crate::{
    agenda::Agenda,
    cluster::{self, Leader, Links, Loss, Mesh, Place},
    commit::{Alarm, Commit},
    fault::{Exit, Fault},
    graph::{Graph, Write},
    inputs::nothing,
    metrics::Metrics,
    observer::Observer,
    parts::{InOrder, Parts},
    pool::{Member, Pool},
    progress::Progress,
    server::{NetworkCard, Networks},
    sinks::Form,
    sources::Stop,
    tally::Tally,
};

impl Job {
    /// Does it as the only process, or as process 0.
    pub(super) fn lead(
        self,
        mut ready: Ready,
        stop: &Stop,
        witness: Witness,
    ) -> Result<Outcome, Fault> {
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
        let place = self.cluster.clone();
        let links = place.as_ref().map(|place| place.link(&terms, stop));
        let links = links.transpose()?;

        let tally = Arc::new(Tally::default());
        let alarm = Alarm::new(stop.clone());
        let audience = Hearers {
            tally: tally.clone(),
            roll: self.roll,
            ledger: keeping.as_ref().map(|keeping| keeping.ledger.clone()),
            alarm: alarm.clone(),
            networks: self.networks,
        };
        let parts = Arc::new(Parts::default());
        let processes = place.as_ref().map_or(1, |place| place.hosts.count());
        let cut = Some((parts.clone(), self.workers * processes));
        let (agenda, feed) = Agenda::fed(stop.clone(), audience, cut);
        agenda.watch_over(self.cameras.clone(), ready.reading);
        let others = Others::new(links, self.workers, &agenda, &answering, stop)?;
        let named = self.inputs.named();
        let is_endless = self.inputs.is_endless() || !self.cameras.is_over();
        (self.inputs.start(ready.reading, feed, tally.clone()))
            .map_err(|error| Fault::environment(format!("cannot look for recordings: {error}")))?;
        let progress = match is_endless {
            true => Progress::start_endless(tally.clone()),
            false => Progress::start(tally.clone()),
        };
        let commit = Commit::new(
            sinks,
            observer.clone().before(witness),
            tally.clone(),
            keeping,
            intake.clone(),
            alarm.clone(),
        );
        let views = intake.map(|intake| answering.views(intake, &commit));
        let write = others.before(InOrder::new(parts).before(commit.write()));
        let graph = Graph {
            workers: self.workers,
            mesh: others.mesh,
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
        let ran = run(graph, write, &others.losses, place.as_ref());
        let running = Running {
            pool,
            leader: others.leader,
            commit,
            progress,
            alarm,
            tally,
        };
        let mut outcome = running.end(ran, stop);
        let is_nothing = outcome.totals.counts.found == 0 && !is_endless && !stop.is_raised();
        outcome.fault = (outcome.fault).or_else(|| is_nothing.then(|| nothing(&named)));
        Ok(outcome)
    }
}

/// Runs the dataflow to its end, or until another process is lost.
fn run(
    graph: Graph,
    write: Write,
    losses: &Receiver<Loss>,
    place: Option<&Place>,
) -> Result<(), Fault> {
    match (place, cluster::run(graph, write, losses)) {
        (_, Ok(ran)) => ran.map_err(Fault::environment),
        (Some(place), Err(loss)) => Err(loss.fault(&place.hosts)),
        (None, Err(loss)) => Err(Fault::environment(loss.why)),
    }
}

/// The other processes of a cluster, as many as there are.
struct Others {
    mesh: Option<Mesh>,
    leader: Option<Leader>,
    losses: Receiver<Loss>,
}

impl Others {
    fn new(
        links: Option<Links>,
        workers: usize,
        agenda: &Agenda,
        answering: &Answering,
        stop: &Stop,
    ) -> Result<Self, Fault> {
        let (lost, losses) = cluster::losses();
        let Some(links) = links else {
            return Ok(Self {
                mesh: None,
                leader: None,
                losses,
            });
        };
        cluster::catch_broken_links(lost.clone());
        let leader = Leader::start(links.control, workers.max(1), agenda, stop, &lost)?;
        answering.memory.ask_also(leader.others());
        Ok(Self {
            mesh: Some(Mesh::of_leader(links.data)),
            leader: Some(leader),
            losses,
        })
    }

    fn before(&self, write: Write) -> Write {
        match &self.leader {
            Some(leader) => leader.before(write),
            None => write,
        }
    }
}

/// What runs beside the dataflow, and is ended after it.
struct Running {
    pool: Pool,
    leader: Option<Leader>,
    commit: Commit,
    progress: Progress,
    alarm: Alarm,
    tally: Arc<Tally>,
}

impl Running {
    /// Ends all of it in turn: rows first, so that none is lost with what comes after.
    fn end(self, ran: Result<(), Fault>, stop: &Stop) -> Outcome {
        let is_cut_off = matches!(&ran, Err(fault) if fault.code == Exit::PeerLost);
        if is_cut_off {
            stop.raise();
        }
        let remains = self.commit.finish();
        if let Some(leader) = self.leader.filter(|_| !is_cut_off) {
            leader.end();
        }
        // What a worker that cannot end still holds of the pool would be waited for.
        let finished = if is_cut_off {
            Ok(())
        } else {
            self.pool.finish()
        };
        drop(self.progress);
        let fault = (self.alarm.take())
            .or(finished.err().map(Fault::environment))
            .or(ran.err());
        Outcome {
            totals: self.tally.totals(),
            remains,
            fault,
        }
    }
}
