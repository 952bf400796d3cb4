//! The sources of a run, handed out as they are found.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sonoscope_operators::Event;

use crate::sources::{self, Ended, Inlet, SourceError, SourceSpec, Stop, Wake};

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
}

#[derive(Default)]
struct List {
    waiting: VecDeque<SourceSpec>,
    complete: bool,
    /// Those who asked for a source when there was none.
    asleep: Vec<Wake>,
}

impl Agenda {
    /// These sources and no others, until `stop` is raised.
    pub fn new(sources: Vec<SourceSpec>, stop: Stop, audience: impl Audience + 'static) -> Self {
        let (agenda, _feed) = Self::fed(stop, audience);
        agenda.0.lock().waiting = sources.into();
        agenda
    }

    /// Sources as they are put in on the other side, until `stop` is raised.
    pub fn fed(stop: Stop, audience: impl Audience + 'static) -> (Self, Feed) {
        let shared = Arc::new(Shared {
            list: Mutex::default(),
            room: Condvar::new(),
            audience: Box::new(audience),
            stop,
        });
        (Self(shared.clone()), Feed(shared))
    }

    /// Opens the next source, if there is one.
    pub fn open_next(&self, inlet: &Inlet) -> Opening {
        let spec = loop {
            let mut spec = match self.next(inlet) {
                Ok(spec) => spec,
                Err(none) => return none,
            };
            if self.0.audience.opening(&mut spec) {
                break spec;
            }
        };
        let (outlet, refused) = (inlet.outlet(spec.ordinal), inlet.outlet(spec.ordinal));
        let (shared, failed) = (self.0.clone(), spec.clone());
        let spawned = sources::spawn(spec, outlet, self.0.stop.clone(), move |end| {
            shared.audience.ended(end);
        });
        if let Err(cause) = spawned {
            let result = Err(SourceError::Setup(format!("no thread: {cause}")));
            let spec = failed;
            self.0.audience.ended(Ended { spec, result });
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
            if list.complete {
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
