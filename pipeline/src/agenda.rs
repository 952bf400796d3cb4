//! The sources of a run, handed out as they are found.

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use sonoscope_operators::Event;

use crate::{
    cameras::{CameraSpec, Roster},
    parts::Parts,
    sources::{self, Ended, Inlet, Reading, Sharing, SourceError, SourceSpec, Stop, Wake, live},
};

/// Sources that may be known before they are opened. Whoever finds more waits: an archive may
/// have more files than there is memory for their names.
const WAITING: usize = 10_000;

/// How often whoever waits for room asks whether the run goes on.
const POLL: Duration = Duration::from_millis(100);

/// The sources of a run, handed out to workers as they come free. Clones share them.
#[derive(Clone)]
pub struct Agenda(Arc<Shared>);

/// The side that sources are put in on. When it is dropped, there are no more.
pub struct Feed(Arc<Shared>);

/// Whoever decides over sources, or wants to hear of them.
pub trait Audience: Send + Sync {
    /// A source is about to be handed out: whether it is read, and from where.
    fn opening(&self, _source: &mut SourceSpec) -> bool {
        true
    }

    /// A live source is about to be handed out: the first of its seconds that is wanted, if that
    /// is not the present one.
    fn joining(&self, _source: &mut SourceSpec, _camera: &CameraSpec) -> i64 {
        0
    }

    /// A source has ended. Its rows may still be on their way.
    fn ended(&self, end: Ended);
}

impl<F: Fn(Ended) + Send + Sync> Audience for F {
    fn ended(&self, end: Ended) {
        self(end);
    }
}

/// What became of asking for another source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// One was opened, and will end in [`Event::Closed`] or [`Event::Cut`].
    Opened,
    /// None is there yet. Whoever asked is woken when there is.
    Later,
    /// There is none any more.
    Over,
}

struct Shared {
    list: Mutex<List>,
    room: Condvar,
    audience: Box<dyn Audience>,
    stop: Stop,
    /// The recordings that were cut, and among how many workers.
    cut: Option<(Arc<Parts>, usize)>,
    /// The live sources, and how they are read.
    cameras: OnceLock<(Roster, Reading)>,
}

#[derive(Default)]
struct List {
    waiting: VecDeque<SourceSpec>,
    complete: bool,
    /// Sources that are open and may yet be cut.
    undecided: usize,
    /// Those who asked for a source when there was none.
    asleep: Vec<Wake>,
}

impl Agenda {
    /// These sources and no others, until `stop` is raised.
    pub fn new(sources: Vec<SourceSpec>, stop: Stop, audience: impl Audience + 'static) -> Self {
        let (agenda, _feed) = Self::fed(stop, audience, None);
        agenda.0.lock().waiting = sources.into();
        agenda
    }

    /// Sources as they are put in on the other side, until `stop` is raised. Long ones are cut
    /// into parts for so many workers, if that is asked for.
    pub fn fed(
        stop: Stop,
        audience: impl Audience + 'static,
        cut: Option<(Arc<Parts>, usize)>,
    ) -> (Self, Feed) {
        let shared = Arc::new(Shared {
            list: Mutex::default(),
            room: Condvar::new(),
            audience: Box::new(audience),
            stop,
            cut: cut.filter(|(_, workers)| *workers > 1),
            cameras: OnceLock::new(),
        });
        (Self(shared.clone()), Feed(shared))
    }

    /// Hands these live sources out, too, each to one worker, all at once.
    pub fn watch_over(&self, roster: Roster, reading: Reading) {
        // Said once, before anybody asks.
        let _ = self.0.cameras.set((roster, reading));
    }

    /// A worker is there for live sources, and called when there are more.
    pub fn hear(&self, inlet: &Inlet) {
        if let Some((roster, _)) = self.0.cameras.get() {
            roster.hear(inlet.wake());
        }
    }

    /// Opens the next live source that falls to this one of so many workers, if there is one.
    pub fn open_camera(&self, inlet: &Inlet, worker: usize, workers: usize) -> Opening {
        let Some((roster, reading)) = self.0.cameras.get() else {
            return Opening::Over;
        };
        if self.0.stop.is_raised() {
            return Opening::Over;
        }
        let Some(camera) = roster.take(worker, workers) else {
            return match roster.is_over() {
                true => Opening::Over,
                false => Opening::Later,
            };
        };
        let mut spec = live::spec_of(&camera, *reading);
        let first_s = self
            .0
            .audience
            .joining(&mut spec, &camera.spec)
            .max(camera.first_s);
        let (outlet, refused) = (inlet.outlet(spec.ordinal), inlet.outlet(spec.ordinal));
        let (shared, roster, stop) = (self.0.clone(), roster.clone(), self.0.stop.clone());
        let ending = camera.clone();
        let ended = move |end| {
            roster.ended(&ending);
            shared.ended(end, None);
        };
        if let Err(cause) = live::spawn(camera, spec.clone(), first_s, outlet, stop, ended) {
            let result = Err(SourceError::Setup(format!("no thread: {cause}")));
            self.0.ended(Ended { spec, result }, None);
            refused.send(Event::Cut);
        }
        Opening::Opened
    }

    /// Opens the next source, if there is one.
    pub fn open_next(&self, inlet: &Inlet) -> Opening {
        let (mut spec, share) = loop {
            let mut spec = match self.next(inlet) {
                Ok(spec) => spec,
                Err(none) => return none,
            };
            // Later parts were let in with the first.
            if self.0.is_later_part(&spec) {
                break (spec, None);
            }
            if self.0.audience.opening(&mut spec) {
                let share = self.0.share();
                break (spec, share);
            }
        };
        spec.sharing = share.clone().map(|share| share as _);
        let (outlet, refused) = (inlet.outlet(spec.ordinal), inlet.outlet(spec.ordinal));
        let (shared, failed, undecided) = (self.0.clone(), spec.clone(), share.clone());
        let spawned = sources::spawn(spec, outlet, self.0.stop.clone(), move |end| {
            shared.ended(end, share.as_deref());
        });
        if let Err(cause) = spawned {
            let result = Err(SourceError::Setup(format!("no thread: {cause}")));
            let spec = failed;
            self.0.ended(Ended { spec, result }, undecided.as_deref());
            refused.send(Event::Cut);
        }
        Opening::Opened
    }

    fn next(&self, inlet: &Inlet) -> Result<SourceSpec, Opening> {
        if self.0.stop.is_raised() {
            return Err(Opening::Over);
        }
        let mut list = self.0.lock();
        let Some(spec) = list.waiting.pop_front() else {
            if list.complete && list.undecided == 0 {
                return Err(Opening::Over);
            }
            let wake = inlet.wake();
            if !list.asleep.iter().any(|other| Arc::ptr_eq(other, &wake)) {
                list.asleep.push(wake);
            }
            return Err(Opening::Later);
        };
        drop(list);
        self.0.room.notify_one();
        Ok(spec)
    }
}

impl Feed {
    /// Puts a source in, as soon as there is room; breaks when none is wanted any more.
    pub fn put(&self, spec: SourceSpec) -> ControlFlow<()> {
        let mut list = self.0.lock();
        while list.waiting.len() >= WAITING {
            if self.is_over() {
                return ControlFlow::Break(());
            }
            list = (self.0.room.wait_timeout(list, POLL))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if self.is_over() {
            return ControlFlow::Break(());
        }
        list.waiting.push_back(spec);
        list.wake_all();
        ControlFlow::Continue(())
    }

    /// Whether the run was stopped.
    pub fn is_over(&self) -> bool {
        self.0.stop.is_raised()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let mut list = self.0.lock();
        list.complete = true;
        list.wake_all();
    }
}

impl Shared {
    fn is_later_part(&self, spec: &SourceSpec) -> bool {
        (self.cut.as_ref()).is_some_and(|(parts, _)| parts.is_later(spec.ordinal))
    }

    /// What lets a source be cut, if any are.
    fn share(self: &Arc<Self>) -> Option<Arc<Share>> {
        self.cut.as_ref()?;
        self.lock().undecided += 1;
        Some(Arc::new(Share {
            shared: self.clone(),
            end: OnceLock::new(),
        }))
    }

    fn ended(&self, end: Ended, share: Option<&Share>) {
        if let Some(share) = share {
            share.decide(|| None);
        }
        let end = match &self.cut {
            Some((parts, _)) => parts.ended(end),
            None => Some(end),
        };
        if let Some(end) = end {
            self.audience.ended(end);
        }
    }

    /// The parts of a source but the first are to be opened next; gives where the first ends.
    fn cut(&self, spec: &SourceSpec, length_s: u64) -> Option<i64> {
        let (parts, workers) = self.cut.as_ref()?;
        let cut = parts.cut(spec, length_s, *workers)?;
        tracing::info!("{}: shared out in {} parts", spec.id, cut.len());
        let mut cut = cut.into_iter();
        let end = cut.next()?.range.to;
        let mut list = self.lock();
        cut.rev().for_each(|part| list.waiting.push_front(part));
        Some(end)
    }

    // A thread that panicked while it held the lock left a list behind that is whole.
    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn wake_all(&mut self) {
        self.asleep.drain(..).for_each(|wake| wake());
    }
}

/// Lets a source that is open be cut, once.
struct Share {
    shared: Arc<Shared>,
    /// Decided, and then where it ends, if it was cut.
    end: OnceLock<Option<i64>>,
}

impl Share {
    fn decide(&self, cut: impl FnOnce() -> Option<i64>) {
        let mut is_new = false;
        self.end.get_or_init(|| {
            is_new = true;
            cut()
        });
        if is_new {
            let mut list = self.shared.lock();
            list.undecided -= 1;
            list.wake_all();
        }
    }
}

impl Sharing for Share {
    fn offer(&self, source: &SourceSpec, length_s: Option<u64>) {
        self.decide(|| self.shared.cut(source, length_s?));
    }

    fn end(&self) -> Option<i64> {
        self.end.get().copied().flatten()
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
