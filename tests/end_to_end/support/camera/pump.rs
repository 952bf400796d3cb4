//! Gives packets out when it is time for them: the content of a camera is a function of the wall
//! clock, so that whoever knows the time knows what is to be seen and heard.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSrc, AppSrcCallbacks};

use super::track::Track;

/// Two looks within this time are at the same moment.
const MOMENT_NS: u64 = 100_000;

/// One thread that feeds any number of outlets.
pub struct Pump {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

/// What an outlet gives, and when.
#[derive(Clone)]
pub struct Plan {
    /// The packets. At Unix time `t` those of `t modulo round` are due.
    pub track: Arc<Track>,
    /// By how much later than that they are given, and said to be captured.
    pub skew_ns: u64,
    /// For how long nothing comes after the first packet, without which a track is not announced.
    pub late_ns: u64,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    outlets: Vec<Outlet>,
    is_frozen: bool,
    has_ended: bool,
}

/// A source in a pipeline that plays.
struct Outlet {
    source: AppSrc,
    plan: Plan,
    /// The Unix time of its pipeline's running time zero.
    zero_ns: u64,
    /// Which round the next packet is of, and which of the round it is.
    next: (u64, usize),
}

impl Pump {
    /// Starts its thread, which ends when the pump is dropped.
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        let run = {
            let shared = shared.clone();
            move || shared.run()
        };
        let builder = thread::Builder::new().name("camera-pump".into());
        Self {
            shared,
            thread: Some(builder.spawn(run).unwrap()),
        }
    }

    /// Feeds a source from when its pipeline plays until the pipeline is gone.
    pub fn feed(&self, source: &AppSrc, plan: Plan) {
        source.set_caps(Some(&plan.track.caps));
        let shared = Arc::downgrade(&self.shared);
        let mut plan = Some(plan);
        let begin = move |source: &AppSrc, _| {
            if let (Some(shared), Some(plan)) = (shared.upgrade(), plan.take()) {
                shared.lock().outlets.push(Outlet::open(source, plan));
                shared.changed.notify_one();
            }
        };
        source.set_callbacks(AppSrcCallbacks::builder().need_data(begin).build());
    }

    /// Gives nothing more, or goes on with what is due by then.
    pub fn freeze(&self, is_frozen: bool) {
        self.shared.lock().is_frozen = is_frozen;
        self.shared.changed.notify_one();
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.shared.lock().has_ended = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of it has been told by now.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.has_ended {
            let now_ns = unix_ns();
            let is_frozen = state.is_frozen;
            (state.outlets).retain_mut(|outlet| outlet.give(now_ns, is_frozen));
            let due_ns = state.outlets.iter().map(Outlet::due_ns).min();
            state = match due_ns {
                None => self.changed.wait(state).unwrap(),
                Some(due_ns) => {
                    let wait = Duration::from_nanos(due_ns.saturating_sub(unix_ns()));
                    self.changed.wait_timeout(state, wait).unwrap().0
                }
            };
        }
    }
}

impl Outlet {
    fn open(source: &AppSrc, plan: Plan) -> Self {
        let (now_ns, running_ns) = both_clocks(source);
        let mut outlet = Self {
            source: source.clone(),
            next: ((now_ns - plan.skew_ns) / plan.track.round_ns, 0),
            plan,
            zero_ns: now_ns - running_ns,
        };
        outlet.step_to(now_ns);
        outlet
    }

    /// To the first packet from then on at which one can begin.
    fn step_to(&mut self, unix_ns: u64) {
        while self.due_ns() < unix_ns || !self.packet().is_key {
            self.step();
        }
    }

    fn packet(&self) -> &super::track::Packet {
        &self.plan.track.packets[self.next.1]
    }

    fn due_ns(&self) -> u64 {
        self.next.0 * self.plan.track.round_ns + self.packet().at_ns + self.plan.skew_ns
    }

    fn step(&mut self) {
        self.next.1 += 1;
        if self.next.1 == self.plan.track.packets.len() {
            self.next = (self.next.0 + 1, 0);
        }
    }

    /// Gives all that is due, or passes over it. False when nobody takes it any more.
    fn give(&mut self, now_ns: u64, is_frozen: bool) -> bool {
        while self.due_ns() <= now_ns {
            if !is_frozen && self.source.push_buffer(self.stamped()).is_err() {
                return false;
            }
            self.step();
            let late_ns = mem::take(&mut self.plan.late_ns);
            if late_ns > 0 {
                self.step_to(self.due_ns() + late_ns);
            }
        }
        true
    }

    /// The next packet with its time: its bytes are not copied.
    fn stamped(&self) -> gst::Buffer {
        let mut buffer = self.packet().buffer.copy();
        let pts_ns = self.due_ns() - self.zero_ns;
        // The copy of a moment ago is nobody else's.
        let writable = buffer.make_mut();
        writable.set_pts(gst::ClockTime::from_nseconds(pts_ns));
        writable.set_dts(gst::ClockTime::from_nseconds(pts_ns));
        buffer
    }
}

/// Unix time and running time of the same moment. A thread may have to wait between two looks.
fn both_clocks(source: &AppSrc) -> (u64, u64) {
    let mut looks = 0;
    loop {
        let before_ns = unix_ns();
        let running = source.current_running_time().unwrap_or_default();
        looks += 1;
        if unix_ns() - before_ns < MOMENT_NS || looks == 100 {
            return (before_ns, running.nseconds());
        }
    }
}

/// What time it is.
pub fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_nanos() as u64
}
