//! The live sources there are: put in and taken out while the program runs.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use sonoscope_operators::SourceId;

use super::{Camera, CameraSpec, Spread};
use crate::sources::Wake;

/// Live sources that there may be at the same time, unless told otherwise.
pub const DEFAULT_LIMIT: usize = 1000;

/// Ordinals of live sources begin here: behind those of all recordings, before those of parts.
const FIRST_ORDINAL: u32 = 1 << 30;

/// Whether a source of this ordinal is a live one.
pub fn is_camera(ordinal: u32) -> bool {
    (FIRST_ORDINAL..2 * FIRST_ORDINAL).contains(&ordinal)
}

/// Why a live source is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is one of this name.
    #[error("there is a source {0} already")]
    Taken(SourceId),
    /// There are as many as there may be.
    #[error("there are {0} live sources, and there may be no more")]
    Full(usize),
    /// The run is coming to its end.
    #[error("the run is ending")]
    Over,
}

/// All live sources of a run. Clones share them.
#[derive(Clone)]
pub struct Roster(Arc<Mutex<Book>>);

struct Book {
    cameras: BTreeMap<SourceId, Arc<Camera>>,
    /// Those that no worker has taken up yet.
    waiting: VecDeque<Arc<Camera>>,
    /// What calls the workers.
    workers: Vec<Wake>,
    limit: usize,
    next_ordinal: u32,
    /// Whether more may come.
    is_open: bool,
    /// Up to which Unix second those have come that were taken out: one of the same name begins
    /// behind it.
    left: BTreeMap<SourceId, i64>,
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roster({})", self.lock().cameras.len())
    }
}

impl Roster {
    /// No source yet, and at most so many.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Book {
            cameras: BTreeMap::new(),
            waiting: VecDeque::new(),
            workers: Vec::new(),
            limit,
            next_ordinal: FIRST_ORDINAL,
            is_open: true,
            left: BTreeMap::new(),
        })))
    }

    /// Puts a source in; a worker takes it up at once.
    ///
    /// # Errors
    /// When there is one of its name, or there are too many.
    pub fn add(&self, spec: CameraSpec) -> Result<Arc<Camera>, Refusal> {
        let mut book = self.lock();
        if !book.is_open {
            return Err(Refusal::Over);
        }
        if book.cameras.contains_key(&spec.id) {
            return Err(Refusal::Taken(spec.id));
        }
        if book.cameras.len() >= book.limit {
            return Err(Refusal::Full(book.limit));
        }
        let first_s = book.left.remove(&spec.id).map_or(0, |left_s| left_s + 1);
        let camera = Arc::new(Camera::new(spec, book.next_ordinal, first_s));
        book.next_ordinal += 1;
        book.cameras.insert(camera.spec.id.clone(), camera.clone());
        book.waiting.push_back(camera.clone());
        book.workers.iter().for_each(|wake| wake());
        Ok(camera)
    }

    /// Takes a source out and tells it to end; what it was, if it was there. Rows that are on
    /// their way still come.
    pub fn remove(&self, id: &SourceId) -> Option<Arc<Camera>> {
        let mut book = self.lock();
        let camera = book.cameras.remove(id)?;
        camera.stop.raise();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        book.left.insert(id.clone(), now_s);
        book.waiting
            .retain(|waiting| waiting.ordinal != camera.ordinal);
        // One may watch it elsewhere, and has to be told.
        book.workers.iter().for_each(|wake| wake());
        Some(camera)
    }

    /// The source of this name.
    pub fn get(&self, id: &SourceId) -> Option<Arc<Camera>> {
        self.lock().cameras.get(id).cloned()
    }

    /// The source of this name and ordinal: not another that has taken its name.
    pub fn find(&self, id: &SourceId, ordinal: u32) -> Option<Arc<Camera>> {
        self.get(id).filter(|camera| camera.ordinal == ordinal)
    }

    /// All sources, in the order of their names.
    pub fn all(&self) -> Vec<Arc<Camera>> {
        self.lock().cameras.values().cloned().collect()
    }

    /// No more sources are put in from here on.
    pub fn close(&self) {
        let mut book = self.lock();
        book.is_open = false;
        book.workers.iter().for_each(|wake| wake());
    }

    /// A worker from now on asks for sources with [`take`](Self::take), and is called by `wake`.
    pub fn hear(&self, wake: Wake) {
        self.lock().workers.push(wake);
    }

    /// A source that falls to one of these workers, and is not taken up yet.
    pub fn take(&self, workers: &Range<usize>, spread: Spread) -> Option<Arc<Camera>> {
        let mut book = self.lock();
        let is_ours = |camera: &Arc<Camera>| workers.contains(&spread.worker_of(camera));
        let at = book.waiting.iter().position(is_ours)?;
        book.waiting.remove(at)
    }

    /// Whether there is none to be taken up, and none will come.
    pub fn is_over(&self) -> bool {
        let book = self.lock();
        !book.is_open && book.waiting.is_empty()
    }

    /// A source has come to its end by itself, as standard input does.
    pub fn ended(&self, camera: &Camera) {
        let mut book = self.lock();
        let id = &camera.spec.id;
        if (book.cameras.get(id)).is_some_and(|other| other.ordinal == camera.ordinal) {
            book.cameras.remove(id);
        }
    }

    // Whoever panicked while it held the lock left a whole list behind.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str) -> CameraSpec {
        CameraSpec::new(SourceId::slug(name), "rtsp://host/".parse().unwrap())
    }

    #[test]
    fn each_source_falls_to_one_worker_and_is_named_once() {
        let roster = Roster::new(3);
        for name in ["a", "b", "c"] {
            roster.add(spec(name)).unwrap();
        }
        assert_eq!(
            roster.add(spec("b")).unwrap_err(),
            Refusal::Taken(SourceId::slug("b"))
        );
        assert_eq!(roster.add(spec("d")).unwrap_err(), Refusal::Full(3));
        assert!(
            roster
                .remove(&SourceId::slug("b"))
                .unwrap()
                .stop
                .is_raised()
        );
        let spread = Spread { here: 2, all: 2 };
        let taken = |worker: usize| {
            std::iter::from_fn(|| roster.take(&(worker..worker + 1), spread)).count()
        };
        assert_eq!(
            (taken(0), taken(1)),
            (2, 0),
            "b was the one of the second worker"
        );
        let again = roster.add(spec("b")).unwrap();
        assert_eq!(
            again.ordinal,
            FIRST_ORDINAL + 3,
            "no ordinal is given twice"
        );
        roster.close();
        assert_eq!(roster.add(spec("e")).unwrap_err(), Refusal::Over);
        assert!(!roster.is_over());
        assert_eq!(taken(1), 1);
        assert!(roster.is_over());
    }
}
