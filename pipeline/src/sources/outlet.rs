//! The way from a source's threads into the dataflow.

use std::sync::{
    Arc,
    mpsc::{Receiver, Sender, channel},
};

use sonoscope_operators::{Arrival, Event};

/// A worker's end: what its sources have sent.
pub type Inbox = Receiver<Arrival>;

/// The sending side of an [`Inbox`], from which each source gets its [`Outlet`].
#[derive(Clone)]
pub struct Inlet {
    arrivals: Sender<Arrival>,
    wake: Wake,
}

/// Calls the worker to its inbox.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A source's end. Bounded by the budgets that its events carry permits of.
#[derive(Clone)]
pub struct Outlet {
    ordinal: u32,
    inlet: Inlet,
}

/// A new inbox, and the side that feeds it and calls `wake` when it has.
#[expect(
    clippy::disallowed_methods,
    reason = "bounded in bytes, by the permits of what is sent"
)]
pub fn inbox(wake: impl Fn() + Send + Sync + 'static) -> (Inlet, Inbox) {
    let (arrivals, inbox) = channel();
    let wake = Arc::new(wake);
    (Inlet { arrivals, wake }, inbox)
}

impl Inlet {
    /// What calls the worker.
    pub fn wake(&self) -> Wake {
        self.wake.clone()
    }

    /// The outlet of one source.
    pub fn outlet(&self, ordinal: u32) -> Outlet {
        Outlet {
            ordinal,
            inlet: self.clone(),
        }
    }
}

impl Outlet {
    /// Sends an event on. A dataflow that is gone wants nothing any more, which is no error here:
    /// whoever ended it also stops the sources.
    pub fn send(&self, event: Event) {
        let arrival = Arrival {
            ordinal: self.ordinal,
            event,
        };
        if self.inlet.arrivals.send(arrival).is_ok() {
            (self.inlet.wake)();
        }
    }
}
