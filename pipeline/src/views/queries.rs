//! The standing queries of a run, which come and go while it goes on.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sonoscope_operators::views::Query;

use super::past;
use crate::ingest::Epoch;

/// More queries than this do not stand at a time: each row is compared with every one.
pub const MOST_QUERIES: usize = 1000;

/// Where they are kept, in the folder of a run's state.
const FILE: &str = "queries.json";

/// The queries that stand, on their way from whoever asks into the dataflow. Clones share them.
///
/// With a state folder they outlast the run: a query that is taken stands again when the job goes
/// on, until somebody takes it out.
#[derive(Clone, Debug, Default)]
pub struct Queries(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    standing: BTreeMap<String, Standing>,
    /// What has not gone into the dataflow yet.
    changes: Vec<(Query, isize)>,
    /// The number of the next name.
    next: u64,
    folder: Option<PathBuf>,
}

/// A query, and how far it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What is asked.
    pub query: Query,
    /// When it went in; nothing if it is still on its way.
    asked: Option<Epoch>,
    /// Whether all that was there has been looked at, so that what is answered is the answer.
    pub is_answered: bool,
}

/// Why a query does not stand.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// There is one of its name.
    #[error("there is a query {0} already")]
    Taken(String),
    /// There are as many as there may be.
    #[error("there are {MOST_QUERIES} queries, and there may be no more")]
    Full,
    /// It cannot be kept.
    #[error("the queries cannot be kept in {0}: {1}")]
    NotKept(PathBuf, io::Error),
}

impl Queries {
    /// The queries of a run that keeps its state in this folder, if it keeps one: those of earlier
    /// runs stand again.
    ///
    /// # Errors
    /// When the file of earlier runs cannot be read, or is none.
    pub fn open(folder: Option<&Path>) -> io::Result<Self> {
        let mut book = Book {
            folder: folder.map(Path::to_owned),
            ..Book::default()
        };
        for query in folder.map(read).transpose()?.unwrap_or_default() {
            book.put(query);
        }
        Ok(Self(Arc::new(Mutex::new(book))))
    }

    /// A query more. `query` makes it of its name: the one it was given, or one that is free.
    ///
    /// # Errors
    /// When there is one of this name, when there are too many, or when it cannot be kept.
    pub fn add(
        &self,
        name: Option<String>,
        query: impl FnOnce(&str) -> Query,
    ) -> Result<Standing, NotTaken> {
        let mut book = self.lock();
        if book.standing.len() >= MOST_QUERIES {
            return Err(NotTaken::Full);
        }
        let name = name.unwrap_or_else(|| book.free_name());
        if book.standing.contains_key(&name) {
            return Err(NotTaken::Taken(name));
        }
        let standing = book.put(query(&name));
        let kept = book.keep();
        if kept.is_err() {
            book.withdraw(&name);
        }
        kept.map(|()| standing)
    }

    /// Takes a query out; what it was. Its answers go.
    ///
    /// # Errors
    /// When that cannot be kept: it will stand again when the job goes on.
    pub fn remove(&self, name: &str) -> Result<Option<Standing>, NotTaken> {
        let mut book = self.lock();
        let removed = book.withdraw(name);
        match removed.is_some() {
            true => book.keep().map(|()| removed),
            false => Ok(None),
        }
    }

    /// The query of this name.
    pub fn get(&self, name: &str) -> Option<Standing> {
        self.lock().standing.get(name).cloned()
    }

    /// All of them, in the order of their names.
    pub fn all(&self) -> Vec<Standing> {
        self.lock().standing.values().cloned().collect()
    }

    /// What has changed since this was last asked; it goes into the dataflow at this epoch.
    pub fn take(&self, epoch: Epoch) -> Vec<(Query, isize)> {
        let mut book = self.lock();
        let changes = std::mem::take(&mut book.changes);
        for (query, _) in &changes {
            if let Some(standing) = book.standing.get_mut(&query.id) {
                // Rows of earlier runs go in before all else, and are answered as one.
                standing.asked.get_or_insert(epoch.max(past::LATEST));
            }
        }
        changes
    }

    /// All answers before this epoch have been told; all there are, if it is none.
    pub fn settle(&self, before: Option<Epoch>) {
        let mut book = self.lock();
        let waiting = book.standing.values_mut().filter(|one| !one.is_answered);
        for standing in waiting {
            let asked = standing.asked;
            standing.is_answered =
                asked.is_some_and(|asked| before.is_none_or(|before| asked < before));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn put(&mut self, query: Query) -> Standing {
        let standing = Standing {
            query: query.clone(),
            asked: None,
            is_answered: false,
        };
        self.standing.insert(query.id.clone(), standing.clone());
        self.changes.push((query, 1));
        standing
    }

    fn withdraw(&mut self, name: &str) -> Option<Standing> {
        let standing = self.standing.remove(name)?;
        self.changes.push((standing.query.clone(), -1));
        Some(standing)
    }

    fn free_name(&mut self) -> String {
        loop {
            self.next += 1;
            let name = format!("query-{}", self.next);
            if !self.standing.contains_key(&name) {
                return name;
            }
        }
    }

    fn keep(&self) -> Result<(), NotTaken> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let queries: Vec<&Query> = self.standing.values().map(|one| &one.query).collect();
        write(folder, &queries).map_err(|error| NotTaken::NotKept(folder.join(FILE), error))
    }
}

fn read(folder: &Path) -> io::Result<Vec<Query>> {
    match fs::read(folder.join(FILE)) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// In place of what was there, as a whole or not at all.
fn write(folder: &Path, queries: &[&Query]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut file, queries)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(FILE))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::views::{Embedding, Network};

    use super::*;

    fn query(name: &str) -> Query {
        let embedding = Embedding::from(&[0.25, -1.0 / 3.0][..]);
        Query::new(name, Network::new("ave", "0"), embedding, 5)
    }

    fn names(queries: &Queries) -> Vec<String> {
        queries.all().into_iter().map(|one| one.query.id).collect()
    }

    #[test]
    fn queries_outlast_the_run_until_they_are_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let queries = Queries::open(Some(folder.path())).unwrap();
        for name in [None, Some("dog".to_owned()), None] {
            queries.add(name, query).unwrap();
        }
        queries.remove("query-1").unwrap().unwrap();
        assert!(queries.remove("query-1").unwrap().is_none());
        assert!(queries.add(Some("dog".into()), query).is_err());

        let again = Queries::open(Some(folder.path())).unwrap();
        assert_eq!(names(&again), ["dog", "query-2"]);
        let changes = again.take(0);
        assert_eq!(changes, [(query("dog"), 1), (query("query-2"), 1)]);
        let next = again.add(None, query).unwrap().query.id;
        assert_eq!(next, "query-1", "names that are free are given");
        fs::write(folder.path().join(FILE), "[{").unwrap();
        assert!(Queries::open(Some(folder.path())).is_err());
    }

    #[test]
    fn it_is_answered_when_the_dataflow_has_passed_it() {
        let queries = Queries::default();
        queries.add(Some("dog".into()), query).unwrap();
        let is_answered = || queries.get("dog").unwrap().is_answered;
        queries.settle(Some(past::LATEST + 9));
        assert!(!is_answered(), "it is on its way");
        let epoch = past::LATEST + 10;
        assert_eq!(queries.take(epoch).len(), 1);
        queries.settle(Some(epoch));
        assert!(!is_answered());
        queries.settle(Some(epoch + 1));
        assert!(is_answered());
        queries.remove("dog").unwrap();
        assert_eq!(queries.take(epoch + 2), [(query("dog"), -1)]);
    }

    #[test]
    fn there_are_so_many_and_no_more() {
        let queries = Queries::default();
        for _ in 0..MOST_QUERIES {
            queries.add(None, query).unwrap();
        }
        assert!(matches!(queries.add(None, query), Err(NotTaken::Full)));
    }
}
