//! The views of a run, before it runs.

use std::sync::Arc;

use sonoscope_models::Runtime;

use super::Job;
use crate::{
    ask::{Desk, Memory, Spaces},
    commit::{Commit, Keeping, OpenSinks},
    fault::Fault,
    ledger,
    pool::Member,
    views::{self, Change, Intake, Past, Queries, Tell, ViewName, ViewSettings, ViewStore, Views},
};

/// What a run is to answer, and who can ask.
pub(super) struct Answering {
    pub settings: Arc<[ViewSettings]>,
    /// What holds, for whoever looks on.
    pub store: ViewStore,
    /// Where questions are taken, if `nearest` is among the views.
    pub desk: Option<Desk>,
    /// What was already seen, for those who ask.
    pub memory: Memory,
    queries: Queries,
}

impl Job {
    /// What is to be answered in a run of these networks.
    ///
    /// # Errors
    /// When settings cannot be meant, a network fails, or the queries of earlier runs cannot be
    /// read.
    pub(super) fn answering(
        &self,
        runtime: &Runtime,
        members: &[Member],
    ) -> Result<Answering, Fault> {
        let known: Vec<_> = members.iter().map(Member::provenance).collect();
        let asked = self.networks.iter().map(String::as_str);
        let networks: Vec<_> = asked.zip(&known).collect();
        let heads = match self.views.wants_heads() {
            true => views::heads(runtime, members).map_err(Fault::environment)?,
            false => None,
        };
        let settings = self.views.settings(&networks, heads.as_ref())?;
        let (queries, memory) = (self.queries()?, Memory::default());
        let desk = self.views.wants(ViewName::Nearest).then(|| {
            let spaces = Spaces::new(runtime, members, &self.networks);
            Desk::new(spaces, queries.clone(), memory.clone())
        });
        Ok(Answering {
            store: ViewStore::new(&settings, self.server.is_some()),
            settings: settings.into(),
            desk,
            memory,
            queries,
        })
    }

    /// The queries that stand from the beginning.
    fn queries(&self) -> Result<Queries, Fault> {
        let folder = self.state.as_ref().map(|state| state.folder.as_path());
        let folder = folder.filter(|_| self.views.wants(ViewName::Nearest));
        Queries::open(folder).map_err(|error| {
            let cause = format!("the queries of the state folder cannot be read: {error}");
            Fault::environment(cause).tip("restore or remove queries.json in it")
        })
    }

    /// What leads rows into views, if there are any, with all that earlier runs committed.
    ///
    /// # Errors
    /// When that cannot be read again.
    pub(super) fn intake(
        &self,
        answering: &Answering,
        sinks: &mut OpenSinks,
        keeping: Option<&Keeping>,
    ) -> Result<Option<Intake>, Fault> {
        let settings = &answering.settings;
        if settings.is_empty() {
            return Ok(None);
        }
        let has_embeddings = settings.iter().any(ViewSettings::has_embeddings);
        let intake = Intake::new(keeping.is_some(), has_embeddings);
        if let Some(state) = &self.state {
            let positions = ledger::positions(&state.folder)?;
            let past = Past {
                sinks,
                specs: &self.sinks,
                positions: &positions,
                include: self.include,
                has_embeddings,
            };
            views::replay(past, &intake)?;
            intake.keep(&state.folder).map_err(|error| {
                let folder = state.folder.display();
                Fault::environment(format!("{folder} cannot be written to: {error}"))
            })?;
        }
        Ok(Some(intake))
    }
}

impl Answering {
    /// The views, behind rows that come in so, of which sinks hear through the last stage.
    pub fn views(self, intake: Intake, commit: &Commit) -> Views {
        let tell = Told {
            intake: intake.clone(),
            store: self.store.clone(),
            commit: commit.clone(),
        };
        Views {
            settings: self.settings,
            intake,
            queries: self.queries,
            finder: self.memory.here,
            store: self.store,
            tell: Arc::new(tell),
        }
    }
}

/// Those who hear of changes: whoever looks on, then the sinks.
struct Told {
    intake: Intake,
    store: ViewStore,
    commit: Commit,
}

impl Tell for Told {
    fn changes(&self, changes: &[Change]) {
        self.store.take(changes);
        // Sinks hear of nothing that a later run could not take back.
        match self.intake.telling(changes) {
            Ok(()) => self.commit.changes(changes),
            Err(error) => self.commit.cannot_keep(&error),
        }
    }

    fn settled(&self) {
        self.commit.settled();
    }
}
