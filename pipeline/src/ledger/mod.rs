//! The ledger of a job: what is committed, so that the same command goes on where the last one
//! stopped, however that came about.
//!
//! A state folder holds `ledger.sqlite` and `lock`. A commit is made in two steps: all sinks make
//! durable what they have, and say where they stand; then one transaction writes down these
//! positions, the next segment wanted of each source, and which sources are done or have failed.
//! Whatever comes between leaves the ledger of before, and sinks that are cut back to it.

mod book;
mod error;
mod identity;
mod lock;
mod schema;
mod status;
mod store;
mod terms;
#[cfg(test)]
mod tests;
mod units;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use sonoscope_operators::{Row, SourceId};

pub use error::LedgerError;
pub use status::{Activity, Failure, Sources, Status};
pub use terms::Terms;
pub use units::words;

use crate::{
    sinks::Position,
    sources::{Ended, SourceSpec},
};
use book::Book;
use identity::{Identity, Stamp};
use lock::Lock;
use store::{Entry, Group, Sample, State, Store};
use units::now_ms;

/// Whether a folder is that of a job's state.
pub fn is_state(folder: &Path) -> bool {
    schema::path_in(folder).is_file()
}

/// The sinks of a job, by their URIs as they were given, and where each stood at the last commit;
/// none if it has not begun. Another process may be working on it.
///
/// # Errors
/// When it is no state folder, or is damaged, newer or cannot be read.
pub fn positions(folder: &Path) -> Result<Vec<(String, Position)>, LedgerError> {
    store::sinks_of(&schema::read(folder)?, &schema::path_in(folder))
}

/// A state folder, held by this process. Shared by those who hand out sources and by the commit.
pub struct Ledger {
    folder: PathBuf,
    store: Mutex<Store>,
    book: Mutex<Book>,
    retry_failed: bool,
    run_ms: u64,
    _lock: Lock,
}

/// What is to be done with a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is read, from the first second of its range on.
    Read {
        /// Seconds of it that are committed already.
        before_s: i64,
    },
    /// It was done before.
    Done,
    /// It failed before, and is not tried again.
    Failed {
        /// Why it failed.
        reason: String,
    },
    /// Its id is that of another recording.
    Taken {
        /// The other one.
        by: PathBuf,
    },
}

/// Whether a recording is what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Same,
    Changed,
    Gone,
}

impl Ledger {
    /// Opens a state folder, or makes one; `retry_failed` if sources that have failed are to be
    /// tried again.
    ///
    /// # Errors
    /// When another process holds it, it is damaged or newer, or cannot be written.
    pub fn open(folder: &Path, retry_failed: bool) -> Result<Self, LedgerError> {
        fs::create_dir_all(folder).map_err(|cause| LedgerError::Unwritable {
            path: folder.into(),
            cause,
        })?;
        Ok(Self {
            _lock: Lock::take(folder)?,
            store: Mutex::new(Store::open(folder)?),
            book: Mutex::default(),
            folder: folder.into(),
            retry_failed,
            run_ms: now_ms(SystemTime::now()),
        })
    }

    /// The sinks of the job and where they stand, if it has begun before.
    ///
    /// # Errors
    /// When it has begun by other terms, or the database refuses.
    pub fn sinks(&self, terms: &Terms) -> Result<Option<Vec<(String, Position)>>, LedgerError> {
        let store = self.store();
        let Some(written) = store.terms()? else {
            return Ok(None);
        };
        let differences = terms.differences(&written);
        if !differences.is_empty() {
            return Err(self.other_job(differences));
        }
        store.sinks().map(Some)
    }

    /// That the state is of a job that differs so.
    pub fn other_job(&self, differences: Vec<String>) -> LedgerError {
        LedgerError::OtherJob {
            folder: self.folder.clone(),
            differences,
        }
    }

    /// Begins a job, with sinks in which nothing is.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin(&self, terms: &Terms, sinks: &[(String, Position)]) -> Result<(), LedgerError> {
        self.store().begin(terms, sinks)
    }

    /// Decides over a source that is about to be handed out, and where it is to be read from.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn admit(&self, spec: &mut SourceSpec) -> Result<Admission, LedgerError> {
        let path = std::path::absolute(&spec.path).unwrap_or_else(|_| spec.path.clone());
        let Some(known) = self.store().source(&spec.id)? else {
            return Ok(self.hand_out(spec, Entry::new(spec, path), false));
        };
        let standing = Standing::of(&known, &spec.path);
        if path != known.path && standing != Standing::Same {
            return Ok(Admission::Taken { by: known.path });
        }
        Ok(match (standing, known.state.clone()) {
            (Standing::Changed, _) => {
                self.hand_out(spec, Entry::new(spec, path), known.seconds > 0)
            }
            (_, State::Done) => Admission::Done,
            (_, State::Failed { reason, .. }) if !self.retry_failed => Admission::Failed { reason },
            (_, State::Open | State::Failed { .. }) => {
                spec.range.from = spec.range.from.max(known.next_segment);
                let state = State::Open;
                self.hand_out(
                    spec,
                    Entry {
                        path,
                        state,
                        ..known
                    },
                    false,
                )
            }
        })
    }

    /// A live source is about to be handed out: the first of its seconds that is not committed, 0
    /// if none is. It is never done, since there is always more to come.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn join(&self, spec: &SourceSpec) -> Result<i64, LedgerError> {
        let known = self.store().source(&spec.id)?;
        let entry = Entry {
            id: spec.id.clone(),
            path: spec.path.clone(),
            identity: None,
            length_s: None,
            next_segment: known.as_ref().map_or(0, |known| known.next_segment),
            seconds: known.as_ref().map_or(0, |known| known.seconds),
            state: State::Open,
        };
        let first_s = entry.next_segment;
        (self.book()).open(spec.ordinal, entry, spec.length.clone(), false);
        Ok(first_s)
    }

    fn hand_out(&self, spec: &SourceSpec, entry: Entry, withdraw: bool) -> Admission {
        let before_s = entry.seconds;
        (self.book()).open(spec.ordinal, entry, spec.length.clone(), withdraw);
        Admission::Read { before_s }
    }

    /// A source's thread has ended.
    pub fn ended(&self, end: &Ended) {
        self.book().ended(end.spec.ordinal, &end.result);
    }

    /// The sources whose committed rows hold no longer; told once, to be withdrawn from all sinks
    /// before the next rows are written.
    pub fn take_withdrawals(&self) -> Vec<SourceId> {
        self.book().take_withdrawals()
    }

    /// The id of a source that has come to its end, unless the run was stopped before.
    pub fn ending(&self, ordinal: u32) -> Option<SourceId> {
        self.book().ending(ordinal).cloned()
    }

    /// The sinks have these rows, and all rows of these sources.
    pub fn written(&self, rows: &[Row], closed: impl IntoIterator<Item = u32>) {
        let mut book = self.book();
        book.written(rows);
        closed.into_iter().for_each(|ordinal| book.closed(ordinal));
    }

    /// Writes down what the sinks have made durable, and how far the run is: seconds that it has
    /// written, sources that it has found, and whether it ends.
    ///
    /// # Errors
    /// When the database refuses; then all is as it was at the last commit.
    pub fn commit(
        &self,
        sinks: Vec<(String, Position)>,
        seconds: i64,
        found: u64,
        ended: bool,
    ) -> Result<(), LedgerError> {
        let sources = self.book().take_changes();
        let sample = Sample {
            at_ms: now_ms(SystemTime::now()),
            run_ms: self.run_ms,
            seconds,
            found,
            ended,
        };
        self.store().commit(&Group {
            sources,
            sinks,
            sample,
        })
    }

    // Whoever panicked while holding a lock ended the process.
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Of a source of which nothing is committed.
    fn new(spec: &SourceSpec, path: PathBuf) -> Self {
        Self {
            id: spec.id.clone(),
            identity: Identity::of(&path),
            path,
            length_s: None,
            next_segment: spec.range.from,
            seconds: 0,
            state: State::Open,
        }
    }
}

impl Standing {
    /// How the file at a path stands to what is known. One that could not be read, and still
    /// cannot, is the same.
    fn of(known: &Entry, path: &Path) -> Self {
        let is_same = match &known.identity {
            Some(identity) => identity.is_still_at(path),
            None => Identity::of(path).is_none(),
        };
        match is_same {
            true => Self::Same,
            false if Stamp::of(path).is_none() => Self::Gone,
            false => Self::Changed,
        }
    }
}
