//! Where rows leave: epoch by epoch to the sinks, and about once a second into the ledger.

mod routes;
mod sinks;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sonoscope_operators::{Committed, Row, SourceId};

pub use sinks::{Manner, OpenSinks, Trouble};

use crate::{
    fault::Fault,
    graph,
    job::Witness,
    ledger::Ledger,
    sinks::{Account, SinkUri, delivery::LITTLE_PATIENCE},
    sources::Stop,
    tally::Tally,
    views::{Change, Intake},
};

/// The last stage of a run. Clones share it.
#[derive(Clone)]
pub struct Commit(Arc<Mutex<Stage>>);

/// What ends a run before its time: the first trouble is told, and everybody stops.
#[derive(Clone)]
pub struct Alarm {
    stop: Stop,
    fault: Arc<Mutex<Option<Fault>>>,
}

/// The ledger, and how often it is written.
#[derive(Clone)]
pub struct Keeping {
    /// The ledger.
    pub ledger: Arc<Ledger>,
    /// No more often than this: every commit waits for the disk.
    pub every: Duration,
}

/// Rows of a source that hold no longer, and are still in a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftBehind {
    /// The source, which has changed.
    pub source: SourceId,
    /// The sink.
    pub sink: SinkUri,
}

/// What became of rows that were not simply written.
#[derive(Debug, Default)]
pub struct Remains {
    /// Rows that hold no longer, and are still in a sink.
    pub left_behind: Vec<LeftBehind>,
    /// What became of the rows of sinks that deliver them.
    pub deliveries: Vec<(SinkUri, Account)>,
}

/// How much longer than it should a commit waits for views. Behind a commit that has not waited, an
/// end without warning may cost sinks the changes that were on their way.
const VIEWS_PATIENCE: Duration = Duration::from_secs(10);

/// How long receivers that do not answer are waited for at the end of a run.
const PATIENCE: Duration = Duration::from_secs(30);

struct Stage {
    sinks: OpenSinks,
    witness: Witness,
    tally: Arc<Tally>,
    keeping: Option<Keeping>,
    views: Option<Intake>,
    alarm: Alarm,
    committed: Instant,
    /// Whether anything was written since.
    has_written: bool,
    left_behind: Vec<LeftBehind>,
    is_broken: bool,
}

impl Alarm {
    /// One that raises `stop`.
    pub fn new(stop: Stop) -> Self {
        Self {
            stop,
            fault: Arc::default(),
        }
    }

    /// Ends the run.
    pub fn raise(&self, trouble: Trouble) {
        self.stop.raise();
        if let Some(fault) = trouble {
            self.lock().get_or_insert(fault);
        }
    }

    /// What was told.
    pub fn take(&self) -> Option<Fault> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Fault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Commit {
    /// A stage that hands rows to sinks, then to a witness and to views, if there are any; with a
    /// ledger, if one is kept.
    pub fn new(
        sinks: OpenSinks,
        witness: Witness,
        tally: Arc<Tally>,
        keeping: Option<Keeping>,
        views: Option<Intake>,
        alarm: Alarm,
    ) -> Self {
        Self(Arc::new(Mutex::new(Stage {
            sinks,
            witness,
            tally,
            keeping,
            views,
            alarm,
            committed: Instant::now(),
            has_written: false,
            left_behind: Vec::new(),
            is_broken: false,
        })))
    }

    /// What the dataflow calls with every epoch.
    pub fn write(&self) -> graph::Write {
        let this = self.clone();
        Box::new(move |epoch| this.lock().take(&epoch))
    }

    /// Hands changes of views to the sinks that asked for them.
    pub fn changes(&self, changes: &[Change]) {
        self.lock().guarded(|stage| stage.sinks.changes(changes));
    }

    /// What is about to be told cannot be written down: the run ends.
    pub fn cannot_keep(&self, error: &io::Error) {
        self.lock().guarded(|_| Err(Some(not_kept(error))));
    }

    /// Changes have been told: a commit may have waited for them.
    pub fn settled(&self) {
        self.lock().guarded(Stage::commit_if_due);
    }

    /// Commits what is left, when the dataflow has ended; what became of rows that were not simply
    /// written.
    pub fn finish(&self) -> Remains {
        let mut stage = self.lock();
        let patience = match stage.alarm.stop.is_raised() {
            true => LITTLE_PATIENCE,
            false => PATIENCE,
        };
        stage.guarded(|stage| stage.sinks.drain(patience));
        stage.guarded(|stage| stage.commit(true));
        // Also after trouble, unless another run goes on: what other sinks hold back is to come
        // out.
        if !stage.is_broken || stage.keeping.is_none() {
            stage.finish();
        }
        // A worker that waits for one that is gone may still have rows.
        stage.is_broken = true;
        Remains {
            left_behind: std::mem::take(&mut stage.left_behind),
            deliveries: stage.sinks.accounts(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    fn take(&mut self, epoch: &Committed<Row>) {
        self.guarded(|stage| {
            stage.write(epoch)?;
            stage.has_written = true;
            stage.commit_if_due()
        });
    }

    /// Commits if it is time to, and sinks have the changes of all rows that they have.
    fn commit_if_due(&mut self) -> Result<(), Trouble> {
        let Some(Keeping { every, .. }) = &self.keeping else {
            return Ok(());
        };
        let is_settled = self.views.as_ref().is_none_or(Intake::is_settled);
        let (since, every) = (self.committed.elapsed(), *every);
        let is_due = since >= every && (is_settled || since >= every + VIEWS_PATIENCE);
        match is_due && self.has_written {
            true => self.commit(false),
            false => Ok(()),
        }
    }

    /// Does something unless there was trouble before; trouble ends the run.
    fn guarded(&mut self, work: impl FnOnce(&mut Self) -> Result<(), Trouble>) {
        if self.is_broken {
            return;
        }
        if let Err(trouble) = work(self) {
            self.is_broken = true;
            self.alarm.raise(trouble);
        }
    }

    fn write(&mut self, epoch: &Committed<Row>) -> Result<(), Trouble> {
        self.withdraw()?;
        let ended = epoch.ended.iter();
        let ended: Vec<_> = ended.filter_map(|end| self.ending(end.ordinal)).collect();
        self.sinks.write(&epoch.rows, &ended)?;
        epoch
            .ended
            .iter()
            .for_each(|end| self.sinks.ended(end.ordinal));
        if let Some(Keeping { ledger, .. }) = &self.keeping {
            ledger.written(&epoch.rows, epoch.ended.iter().map(|end| end.ordinal));
        }
        self.tally.committed(&epoch.rows);
        for end in &epoch.ended {
            self.tally.closed(end.ordinal);
        }
        (self.witness)(&epoch.rows);
        if let Some(views) = &self.views {
            views.rows(&epoch.rows);
        }
        Ok(())
    }

    /// The source that has come to its end. One that was stopped on the way is not closed where a
    /// later run goes on with it.
    fn ending(&self, ordinal: u32) -> Option<SourceId> {
        match &self.keeping {
            Some(Keeping { ledger, .. }) => ledger.ending(ordinal),
            None => self.tally.id(ordinal),
        }
    }

    /// Takes back the rows of sources that have changed, before their new ones come.
    fn withdraw(&mut self) -> Result<(), Trouble> {
        let Some(Keeping { ledger, .. }) = &self.keeping else {
            return Ok(());
        };
        for source in ledger.take_withdrawals() {
            if let Some(views) = &self.views {
                views.withdraw(&source);
            }
            for sink in self.sinks.withdraw(&source)? {
                tracing::warn!(
                    "{source} has changed since its rows were written: the old ones are still in \
                     {sink}, before the new ones"
                );
                self.left_behind.push(LeftBehind {
                    source: source.clone(),
                    sink,
                });
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        if let Err(trouble) = self.sinks.finish() {
            self.alarm.raise(trouble);
        }
    }

    fn commit(&mut self, ended: bool) -> Result<(), Trouble> {
        let Some(Keeping { ledger, .. }) = &self.keeping else {
            return Ok(());
        };
        let positions = self.sinks.commit()?;
        let (_, found, _) = self.tally.sources();
        (ledger.commit(positions, self.tally.seconds(), found, ended))
            .map_err(|error| Some(Fault::from(error)))?;
        if let Some(views) = &self.views {
            views.committed().map_err(|error| Some(not_kept(&error)))?;
        }
        self.committed = Instant::now();
        self.has_written = false;
        Ok(())
    }
}

fn not_kept(error: &io::Error) -> Fault {
    let fault = Fault::environment(format!("the state folder takes no more: {error}"));
    fault.tip("make room and give the same command: it goes on where it stopped")
}
