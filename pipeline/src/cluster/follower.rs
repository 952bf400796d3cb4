//! Any process but 0: reads what it is dealt.

use std::{
    collections::{HashMap, VecDeque},
    fmt, mem,
    net::TcpStream,
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
};

use sonoscope_operators::{Event, views::Finder};

use super::{
    line::{BEAT, Line},
    loss::{self, Loss},
    message::{Down, End, Errand, Up},
    post::Report,
    watching::Watching,
};
use crate::{
    agenda::Opening,
    fault::Fault,
    sources::{self, Ended, Inlet, Reading, Sharing, SourceError, SourceSpec, Stop, Wake},
};

/// Live sources of which one message tells.
const MOST_REPORTS: usize = 500;

/// The agenda of a run, as it is seen from a process that does not hold it. Clones share it.
#[derive(Clone)]
pub struct Away(Arc<Shared>);

struct Shared {
    line: Line,
    reading: Reading,
    finder: Finder,
    stop: Stop,
    watching: Watching,
    dealt: Mutex<Dealt>,
    /// Called when something in it has changed.
    changed: Condvar,
}

#[derive(Default)]
struct Dealt {
    errands: VecDeque<Errand>,
    /// No more will come.
    is_over: bool,
    /// All rows are written, or nobody is there any more who could say so.
    is_ended: bool,
    /// Errands that were asked for and have not come yet.
    asked: usize,
    /// Workers that wait for one.
    asleep: Vec<Wake>,
    /// Where sources that were offered end, if they were cut.
    cuts: HashMap<u32, Option<i64>>,
}

impl Away {
    /// What process 0 deals over this link. It also asks for what `finder` knows.
    ///
    /// # Errors
    /// When the system has no threads or descriptors to give.
    pub fn start(
        link: TcpStream,
        reading: Reading,
        finder: Finder,
        stop: &Stop,
        tell: loss::Tell,
    ) -> Result<Self, Fault> {
        let away = Self(Arc::new(Shared {
            line: Line::new(link).map_err(Fault::environment)?,
            reading,
            finder,
            stop: stop.clone(),
            watching: Watching::default(),
            dealt: Mutex::default(),
            changed: Condvar::new(),
        }));
        let (hearing, beating) = (away.0.clone(), away.0.clone());
        spawn(move || hearing.listen(&tell))?;
        spawn(move || {
            while !beating.lock().is_ended {
                let stop = beating.stop.is_raised();
                beating.line.tell(&Up::Beat { stop });
                beating.report();
                thread::sleep(BEAT);
            }
        })?;
        Ok(away)
    }

    /// Opens the next source that is dealt, if there is one; asks for one if not.
    pub fn open_next(&self, inlet: &Inlet) -> Opening {
        if self.0.stop.is_raised() {
            return Opening::Over;
        }
        let mut dealt = self.0.lock();
        let Some(errand) = dealt.errands.pop_front() else {
            if dealt.is_over {
                return Opening::Over;
            }
            let wake = inlet.wake();
            if !dealt.asleep.iter().any(|other| Arc::ptr_eq(other, &wake)) {
                dealt.asleep.push(wake);
            }
            if dealt.asked < dealt.asleep.len() {
                dealt.asked += 1;
                drop(dealt);
                self.0.line.tell(&Up::Ask);
            }
            return Opening::Later;
        };
        drop(dealt);
        self.open(errand, inlet);
        Opening::Opened
    }

    /// Watches the next live source that falls to this worker, if there is one.
    pub fn open_camera(&self, inlet: &Inlet, worker: usize) -> Opening {
        if self.0.stop.is_raised() {
            return Opening::Over;
        }
        let joining = match self.0.watching.take(worker) {
            Ok(joining) => joining,
            Err(none) => return none,
        };
        let away = self.0.clone();
        joining.watch(inlet, &self.0.stop, move |end| {
            if let Some(camera) = away.watching.ended(end.spec.ordinal) {
                // Its last word goes before its end.
                away.line.tell(&Up::Fares(vec![Report::of(&camera)]));
            }
            away.line.tell(&Up::Ended(End::of(&end)));
        });
        Opening::Opened
    }

    /// The live sources that are watched here.
    pub fn watching(&self) -> &Watching {
        &self.0.watching
    }

    fn open(&self, errand: Errand, inlet: &Inlet) {
        let is_shared = errand.is_shared;
        let mut spec = errand.spec(self.0.reading);
        if is_shared {
            spec.sharing = Some(Arc::new(Share {
                away: self.0.clone(),
                end: OnceLock::new(),
            }));
        }
        let (outlet, refused) = (inlet.outlet(spec.ordinal), inlet.outlet(spec.ordinal));
        let (line, failed) = (self.0.line.clone(), spec.clone());
        let spawned = sources::spawn(spec, outlet, self.0.stop.clone(), move |end| {
            line.tell(&Up::Ended(End::of(&end)));
        });
        if let Err(cause) = spawned {
            let result = Err(SourceError::Setup(format!("no thread: {cause}")));
            let end = Ended {
                spec: failed,
                result,
            };
            self.0.line.tell(&Up::Ended(End::of(&end)));
            refused.send(Event::Cut);
        }
    }

    /// Waits until process 0 has written all rows, or is gone.
    pub fn wait_for_end(&self) {
        let ended = self
            .0
            .changed
            .wait_while(self.0.lock(), |dealt| !dealt.is_ended);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Shared {
    fn listen(&self, tell: &loss::Tell) {
        let loss = loop {
            match self.line.hear() {
                Ok(Down::Lost { process, why }) => break Some(Loss { process, why }),
                Ok(Down::End) => break None,
                Ok(message) => self.take(message),
                Err(why) => break Some(Loss { process: 0, why }),
            }
        };
        let mut dealt = self.lock();
        dealt.is_ended = true;
        dealt.is_over = true;
        self.changed.notify_all();
        if let Some(loss) = loss {
            self.stop.raise();
            let _ = tell.try_send(loss);
        }
    }

    /// Tells how live sources fare.
    fn report(&self) {
        let mut reports = self.watching.reports();
        while !reports.is_empty() {
            let rest = reports.split_off(reports.len().min(MOST_REPORTS));
            self.line.tell(&Up::Fares(reports));
            reports = rest;
        }
    }

    fn take(&self, message: Down) {
        match message {
            Down::Beat { stop } => {
                if stop {
                    self.stop.raise();
                    self.deal(|_| {});
                }
            }
            Down::Source(errand) => self.deal(|dealt| {
                dealt.asked = dealt.asked.saturating_sub(1);
                dealt.errands.push_back(errand);
            }),
            Down::Over => self.deal(|dealt| dealt.is_over = true),
            Down::Cut { ordinal, end } => {
                self.lock().cuts.insert(ordinal, end);
                self.changed.notify_all();
            }
            Down::Watch(post) => self.watching.add(post.worker, post.joining(self.reading)),
            Down::Leave { ordinal } => {
                if !self.watching.remove(ordinal) {
                    self.line.tell(&Up::Ended(End::unread(ordinal)));
                }
            }
            Down::NoneToWatch => self.watching.close(),
            Down::Find { ticket, sought } => {
                let found = sought.within(&self.finder);
                self.line.tell(&Up::Found { ticket, found });
            }
            // Whoever listens has heard that.
            Down::Lost { .. } | Down::End => {}
        }
    }

    /// Changes what is dealt, and calls the workers that wait for it.
    fn deal(&self, change: impl FnOnce(&mut Dealt)) {
        let mut dealt = self.lock();
        change(&mut dealt);
        let asleep = mem::take(&mut dealt.asleep);
        drop(dealt);
        asleep.iter().for_each(|wake| wake());
    }

    // Whoever panicked while it held the lock left whole entries behind.
    fn lock(&self) -> MutexGuard<'_, Dealt> {
        self.dealt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets process 0 cut a source that is read here.
struct Share {
    away: Arc<Shared>,
    /// Decided, and then where it ends, if it was cut.
    end: OnceLock<Option<i64>>,
}

impl Sharing for Share {
    fn offer(&self, source: &SourceSpec, length_s: Option<u64>) {
        self.end.get_or_init(|| {
            let ordinal = source.ordinal;
            self.away.line.tell(&Up::Offer { ordinal, length_s });
            let is_open = |dealt: &mut Dealt| !dealt.is_ended && !dealt.cuts.contains_key(&ordinal);
            let dealt = self.away.changed.wait_while(self.away.lock(), is_open);
            let mut dealt = dealt.unwrap_or_else(PoisonError::into_inner);
            dealt.cuts.remove(&ordinal).flatten()
        });
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

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
    let thread = thread::Builder::new().name("cluster".into());
    thread.spawn(work).map_err(Fault::environment)?;
    Ok(())
}
