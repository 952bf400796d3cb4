//! The sources of a run, handed out as they are found.

mod live;

use std::{
    collections::VecDeque,
    fmt,
    ops::ControlFlow,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use sonoscope_operators::Event;

pub use live::Joining;

use crate::{
    cameras::{CameraSpec, Roster},
    cluster::Away,
    parts::Parts,
    sources::{self, Ended, Inlet, Reading, Sharing, SourceError, SourceSpec, Stop, Wake},
};

/// Sources that may be known before they are opened. Whoever finds more waits: an archive may
/// have more files than there is memory for their names.
const WAITING: usize = 10_000;

/// How often whoever waits for room asks whether the run goes on.
const POLL: Duration = Duration::from_millis(100);

/// The sources of a run, handed out to workers as they come free. Clones share them.
#[derive(Clone)]
pub struct Agenda(Held);

/// Who holds the list.
#[derive(Clone)]
enum Held {
    Here(Arc<Shared>),
    /// Another process of the cluster, which deals out of it.
    Away(Away),
}

/// A source that was handed out, to be read here or elsewhere.
pub struct HandedOut {
    /// What to read.
    pub spec: SourceSpec,
    share: Option<Arc<Share>>,
}

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
        let (agenda, feed) = Self::fed(stop, audience, None);
        feed.0.lock().waiting = sources.into();
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
        (Self(Held::Here(shared.clone())), Feed(shared))
    }

    /// Those that another process deals out.
    pub fn away(away: Away) -> Self {
        Self(Held::Away(away))
    }

    fn here(&self) -> Option<&Arc<Shared>> {
        match &self.0 {
            Held::Here(shared) => Some(shared),
            Held::Away(_) => None,
        }
    }

    /// Opens the next source, if there is one.
    pub fn open_next(&self, inlet: &Inlet) -> Opening {
        let shared = match &self.0 {
            Held::Here(shared) => shared,
            Held::Away(away) => return away.open_next(inlet),
        };
        let HandedOut { spec, share } = match shared.hand_out(&inlet.wake()) {
            Ok(handed) => handed,
            Err(none) => return none,
        };
        let (outlet, refused) = (inlet.outlet(spec.ordinal), inlet.outlet(spec.ordinal));
        let (hearing, failed, undecided) = (shared.clone(), spec.clone(), share.clone());
        let spawned = sources::spawn(spec, outlet, shared.stop.clone(), move |end| {
            hearing.ended(end, share.as_deref());
        });
        if let Err(cause) = spawned {
            let result = Err(SourceError::Setup(format!("no thread: {cause}")));
            let spec = failed;
            shared.ended(Ended { spec, result }, undecided.as_deref());
            refused.send(Event::Cut);
        }
        Opening::Opened
    }

    /// The next source, to be read elsewhere and then told to [`Agenda::ended`]; or else why there
    /// is none. `wake` is called when there may be one.
    pub fn hand_out(&self, wake: &Wake) -> Result<HandedOut, Opening> {
        self.here().ok_or(Opening::Over)?.hand_out(wake)
    }

    /// A source that was handed out has ended so.
    pub fn ended(&self, handed: HandedOut, result: Result<(), SourceError>) {
        let HandedOut { spec, share } = handed;
        // What is known of its length now is all there will be.
        spec.length.set_seconds(0);
        if let Some(shared) = self.here() {
            shared.ended(Ended { spec, result }, share.as_deref());
        }
    }
}

impl HandedOut {
    /// It is open elsewhere, and lasts so long: the first second that others read, if it is cut.
    pub fn offer(&self, length_s: Option<u64>) -> Option<i64> {
        let share = self.share.as_ref()?;
        share.offer(&self.spec, length_s);
        if let Some(length_s) = length_s {
            self.spec.lasts(length_s);
        }
        share.end()
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
    fn hand_out(self: &Arc<Self>, wake: &Wake) -> Result<HandedOut, Opening> {
        loop {
            let mut spec = self.next(wake)?;
            // Later parts were let in with the first.
            let is_later = self.is_later_part(&spec);
            if is_later || self.audience.opening(&mut spec) {
                let share = if is_later { None } else { self.share() };
                spec.sharing = share.clone().map(|share| share as _);
                return Ok(HandedOut { spec, share });
            }
        }
    }

    fn next(&self, wake: &Wake) -> Result<SourceSpec, Opening> {
        if self.stop.is_raised() {
            return Err(Opening::Over);
        }
        let mut list = self.lock();
        let Some(spec) = list.waiting.pop_front() else {
            if list.complete && list.undecided == 0 {
                return Err(Opening::Over);
            }
            if !list.asleep.iter().any(|other| Arc::ptr_eq(other, wake)) {
                list.asleep.push(wake.clone());
            }
            return Err(Opening::Later);
        };
        drop(list);
        self.room.notify_one();
        Ok(spec)
    }

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
