//! The head of the dataflow: opens sources and lets in what comes of them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sonoscope_operators::{Arrival, Event};
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        Scope, StreamVec,
        operators::{Capability, generic::operator::source},
    },
};

use crate::{
    agenda::{Agenda, Opening},
    cameras::{self, Spread},
    sources::{self, Inbox, Inlet},
};

/// The timely timestamp: Unix milliseconds of processing, rounded down to a tick.
pub type Epoch = u64;

/// How long an epoch is, and so how long a row may wait for its commit.
const TICK: Duration = Duration::from_millis(50);

/// Recordings that one worker reads at the same time: while one ends and the next begins, there
/// is still something to do.
const OPEN_AT_ONCE: usize = 2;

/// Lets arrivals in, at the present epoch.
///
/// Holds one capability, which it downgrades to the present at every tick, and drops when no
/// source is left and none will come: so a source that is silent never holds another one back.
///
/// A process has so many `workers`. `clock_offset_ms` is what is to be added to its clock to have
/// that by which all processes count epochs.
pub fn ingest<'scope>(
    scope: Scope<'scope, Epoch>,
    agenda: Agenda,
    workers: usize,
    clock_offset_ms: i64,
) -> StreamVec<'scope, Epoch, Arrival> {
    source::<_, CapacityContainerBuilder<Vec<Arrival>>, _, _>(
        scope,
        "Ingest",
        |capability, info| {
            let wake = scope.worker().sync_activator_for(info.address.to_vec());
            let tick = scope.activator_for(info.address);
            // A worker that is gone need not be woken.
            let (inlet, inbox) = sources::inbox(move || wake.activate().unwrap_or_default());
            agenda.hear(inlet.wake());
            let mut door = Some(Door {
                agenda,
                inlet,
                inbox,
                open: 0,
                cameras: 0,
                may_come: true,
                cameras_may_come: true,
                worker: scope.index(),
                spread: Spread {
                    here: workers,
                    all: scope.peers(),
                },
                clock_offset_ms,
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
                if open_door.is_done() {
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
    /// Recordings that are open.
    open: usize,
    /// Live sources that are open.
    cameras: usize,
    /// Whether the agenda may have more.
    may_come: bool,
    /// Likewise, of live sources.
    cameras_may_come: bool,
    /// Which of all workers it is.
    worker: usize,
    spread: Spread,
    clock_offset_ms: i64,
    capability: Capability<Epoch>,
}

impl Door {
    fn advance(&mut self) {
        let tick = TICK.as_millis() as u64;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_millis() as u64);
        let now = now.saturating_add_signed(self.clock_offset_ms) / tick * tick;
        // The clock may be set back; epochs never go back.
        let epoch = now.max(*self.capability.time());
        self.capability.downgrade(&epoch);
    }

    /// What has come, having opened as many sources as there should be.
    fn arrivals(&mut self) -> Vec<Arrival> {
        let arrivals: Vec<_> = self.inbox.try_iter().collect();
        for Arrival { ordinal, event } in &arrivals {
            if matches!(event, Event::Closed | Event::Cut) {
                match cameras::is_camera(*ordinal) {
                    true => self.cameras -= 1,
                    false => self.open -= 1,
                }
            }
        }
        while self.open < OPEN_AT_ONCE && self.may_come {
            match self.agenda.open_next(&self.inlet) {
                Opening::Opened => self.open += 1,
                Opening::Later => break,
                Opening::Over => self.may_come = false,
            }
        }
        while self.cameras_may_come {
            match self
                .agenda
                .open_camera(&self.inlet, self.worker, self.spread)
            {
                Opening::Opened => self.cameras += 1,
                Opening::Later => break,
                Opening::Over => self.cameras_may_come = false,
            }
        }
        arrivals
    }

    /// Whether nothing more can come.
    fn is_done(&self) -> bool {
        self.open + self.cameras == 0 && !self.may_come && !self.cameras_may_come
    }
}
