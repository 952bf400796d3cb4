//! The head of the dataflow: opens sources and lets in what comes of them.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sonoscope_operators::{Arrival, Event};
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        Scope, StreamVec,
        operators::{Capability, generic::operator::source},
    },
};

use crate::sources::{self, Ended, Inbox, Inlet, SourceSpec, Stop};

/// The timely timestamp: Unix milliseconds of processing, rounded down to a tick.
pub type Epoch = u64;

/// How long an epoch is, and so how long a row may wait for its commit.
const TICK: Duration = Duration::from_millis(50);

/// Recordings that one worker reads at the same time: while one ends and the next begins, there
/// is still something to do.
const OPEN_AT_ONCE: usize = 2;

/// The sources of a run, handed out to workers as they come free.
#[derive(Clone)]
pub struct Agenda {
    waiting: Arc<Mutex<VecDeque<SourceSpec>>>,
    audience: Arc<dyn Audience>,
    stop: Stop,
}

/// Whoever decides over sources, or wants to hear of them.
pub trait Audience: Send + Sync {
    /// A source is about to be handed out: whether it is to be read, and from where.
    fn admit(&self, _source: &mut SourceSpec) -> bool {
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

impl Agenda {
    /// These sources, until `stop` is raised.
    pub fn new(sources: Vec<SourceSpec>, stop: Stop, audience: impl Audience + 'static) -> Self {
        Self {
            waiting: Arc::new(Mutex::new(sources.into())),
            audience: Arc::new(audience),
            stop,
        }
    }

    fn next(&self) -> Option<SourceSpec> {
        loop {
            let mut spec = self.take()?;
            if self.audience.admit(&mut spec) {
                return Some(spec);
            }
            // Nothing more will be known of it.
            spec.length.set_seconds(0);
        }
    }

    fn take(&self) -> Option<SourceSpec> {
        if self.stop.is_raised() {
            return None;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front()
    }

    /// Opens the next source, which will end in `Closed` or `Cut`; whether there was one.
    pub fn open_next(&self, inlet: &Inlet) -> bool {
        let Some(spec) = self.next() else {
            return false;
        };
        let (outlet, refused) = (inlet.outlet(spec.ordinal), inlet.outlet(spec.ordinal));
        let audience = self.audience.clone();
        let failed = spec.clone();
        let stop = self.stop.clone();
        let spawned = sources::spawn(spec, outlet, stop, move |end| audience.ended(end));
        if let Err(cause) = spawned {
            let result = Err(sources::SourceError::Setup(format!("no thread: {cause}")));
            self.audience.ended(Ended {
                spec: failed,
                result,
            });
            refused.send(Event::Cut);
        }
        true
    }
}

/// Lets arrivals in, at the present epoch.
///
/// Holds one capability, which it downgrades to the present at every tick, and drops when no
/// source is left: so a source that is silent never holds another one back.
pub fn ingest<'scope>(
    scope: Scope<'scope, Epoch>,
    agenda: Agenda,
) -> StreamVec<'scope, Epoch, Arrival> {
    source::<_, CapacityContainerBuilder<Vec<Arrival>>, _, _>(
        scope,
        "Ingest",
        |capability, info| {
            let wake = scope.worker().sync_activator_for(info.address.to_vec());
            let tick = scope.activator_for(info.address);
            // A worker that is gone need not be woken.
            let (inlet, inbox) = sources::inbox(move || wake.activate().unwrap_or_default());
            let mut door = Some(Door {
                agenda,
                inlet,
                inbox,
                open: 0,
                capability,
            });
            let mut next_tick = Instant::now();
            move |output| {
                let Some(open_door) = door.as_mut() else {
                    return;
                };
                open_door.advance();
                let arrivals = open_door.arrivals();
                output
                    .session(&open_door.capability)
                    .give_iterator(arrivals.into_iter());
                if open_door.open == 0 {
                    door = None;
                } else if Instant::now() >= next_tick {
                    // Guarded: every timer that is set fires, and would set another.
                    next_tick = Instant::now() + TICK;
                    tick.activate_after(TICK);
                }
            }
        },
    )
}

/// What the operator holds while there are sources.
struct Door {
    agenda: Agenda,
    inlet: Inlet,
    inbox: Inbox,
    open: usize,
    capability: Capability<Epoch>,
}

impl Door {
    fn advance(&mut self) {
        let tick = TICK.as_millis() as u64;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_millis() as u64) / tick * tick;
        // The clock may be set back; epochs never go back.
        let epoch = now.max(*self.capability.time());
        self.capability.downgrade(&epoch);
    }

    /// What has come, having opened as many sources as there should be.
    fn arrivals(&mut self) -> Vec<Arrival> {
        let arrivals: Vec<_> = self.inbox.try_iter().collect();
        self.open -= (arrivals.iter())
            .filter(|arrival| matches!(arrival.event, Event::Closed | Event::Cut))
            .count();
        while self.open < OPEN_AT_ONCE && self.agenda.open_next(&self.inlet) {
            self.open += 1;
        }
        arrivals
    }
}
