//! Watching a source: whether it goes on, how far it has come, whether it should stop.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use sonoscope_operators::{Budget, Permit, SECOND_NS};

use super::SourceError;

/// A source from which nothing comes for this long is given up.
pub const STALL: Duration = Duration::from_secs(20);

/// A source in which no track is found for this long has none. parsebin keeps some errors of
/// demuxers to itself, after which nothing more comes.
const SEARCH: Duration = Duration::from_secs(10);

/// No recording has a gap this long; timestamps that say so lie.
const JUMP_NS: i64 = 3600 * SECOND_NS;

/// A flag that ends the run: raised once, seen by all who hold a clone.
#[derive(Clone, Debug)]
pub struct Stop(Vec<Arc<AtomicBool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(vec![Arc::default()])
    }
}

impl Stop {
    /// Asks everybody to come to an end.
    pub fn raise(&self) {
        if let Some(own) = self.0.first() {
            own.store(true, Ordering::Relaxed);
        }
    }

    /// One that is also raised when the other is.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// Whether somebody has asked.
    pub fn is_raised(&self) -> bool {
        self.0.iter().any(|flag| flag.load(Ordering::Relaxed))
    }
}

/// What a source's threads know of each other.
#[derive(Debug)]
pub struct Watch {
    stop: Stop,
    closing: AtomicBool,
    searching: AtomicBool,
    waiting: AtomicUsize,
    open_streams: AtomicUsize,
    leaves_out: AtomicBool,
    position_ns: AtomicI64,
    last_sign: Mutex<Instant>,
    hidden: AtomicBool,
    failed: AtomicBool,
    failure: Mutex<Option<SourceError>>,
}

impl Watch {
    /// A source that has just begun and ends when `stop` is raised.
    pub fn new(stop: Stop) -> Self {
        Self {
            stop,
            closing: AtomicBool::new(false),
            searching: AtomicBool::new(true),
            waiting: AtomicUsize::new(0),
            open_streams: AtomicUsize::new(0),
            leaves_out: AtomicBool::new(false),
            position_ns: AtomicI64::new(-1),
            last_sign: Mutex::new(Instant::now()),
            hidden: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            failure: Mutex::new(None),
        }
    }

    /// Whether the source's threads should go on.
    pub fn goes_on(&self) -> bool {
        !self.stop.is_raised() && !self.closing.load(Ordering::Relaxed)
    }

    /// Whether the whole run was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_raised()
    }

    /// Lets threads that wait go, since the pipeline is being taken down.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Pictures were let go: what is on show is not what should be.
    pub fn hide(&self) {
        self.hidden.store(true, Ordering::Relaxed);
    }

    /// Whether pictures were let go; told once.
    pub fn take_hidden(&self) -> bool {
        self.hidden.swap(false, Ordering::Relaxed)
    }

    /// The first failure stays: it is what the source ends with.
    pub fn fail(&self, error: SourceError) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(error);
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Whether something failed.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// What failed; told once.
    pub fn take_failure(&self) -> Option<SourceError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Something came of the source, at this time.
    pub fn sign_of_life(&self, time_ns: Option<i64>) {
        *self.sign() = Instant::now();
        if let Some(time_ns) = time_ns {
            self.position_ns.fetch_max(time_ns, Ordering::Relaxed);
        }
    }

    /// A stream goes on from one time to another.
    ///
    /// # Errors
    /// When that cannot be true.
    pub fn advance(&self, from_ns: i64, to_ns: i64) -> Result<(), SourceError> {
        if to_ns.saturating_sub(from_ns) > JUMP_NS {
            return Err(SourceError::Jump {
                from_s: from_ns / SECOND_NS,
                to_s: to_ns / SECOND_NS,
            });
        }
        self.sign_of_life(Some(to_ns));
        Ok(())
    }

    /// Whether nothing has come for so long, although nobody here made it wait.
    pub fn is_quiet(&self, time: Duration) -> bool {
        self.waiting.load(Ordering::Relaxed) == 0 && self.sign().elapsed() > time
    }

    /// All tracks of the source are known.
    pub fn search_ended(&self) {
        self.searching.store(false, Ordering::Relaxed);
        self.sign_of_life(None);
    }

    /// Whether the tracks of the source are not all known.
    pub fn is_searching(&self) -> bool {
        self.searching.load(Ordering::Relaxed)
    }

    /// Whether no track has been found for so long that there is none.
    pub fn is_searched_in_vain(&self) -> bool {
        self.is_searching() && self.sign().elapsed() > SEARCH
    }

    /// How far it has come.
    pub fn position(&self) -> Option<Duration> {
        let position_ns = self.position_ns.load(Ordering::Relaxed);
        u64::try_from(position_ns).ok().map(Duration::from_nanos)
    }

    /// Takes memory, waiting for it where there is none; `None` when the source is to end.
    pub fn acquire(&self, budget: &Budget, bytes: usize) -> Option<Permit> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let permit = budget.acquire(bytes, || self.goes_on());
        self.sign_of_life(None);
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        permit
    }

    /// One more stream to wait for.
    pub fn stream_opened(&self) {
        self.open_streams.fetch_add(1, Ordering::Relaxed);
    }

    /// There is a stream that nobody reads.
    pub fn stream_left_out(&self) {
        self.leaves_out.store(true, Ordering::Relaxed);
    }

    /// Whether there is a stream that nobody reads, which may be longer than those that are read.
    pub fn leaves_out(&self) -> bool {
        self.leaves_out.load(Ordering::Relaxed)
    }

    /// A stream has come to its end.
    pub fn stream_ended(&self) {
        self.open_streams.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether all streams have come to their ends.
    pub fn all_ended(&self) -> bool {
        !self.is_searching() && self.open_streams.load(Ordering::Relaxed) == 0
    }

    fn sign(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.last_sign
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
