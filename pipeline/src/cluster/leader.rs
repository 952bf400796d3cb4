//! Process 0: deals sources out to the others as their workers come free, and watches over them.

use std::{
    collections::HashMap,
    net::TcpStream,
    sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};

use super::{
    line::{BEAT, Line},
    loss::{self, Loss},
    message::{Down, Errand, Up},
};
use crate::{
    agenda::{Agenda, HandedOut, Opening},
    fault::Fault,
    sources::{Stop, Wake},
};

/// What may wait for a dealer. Whoever wakes it does not wait: it looks again after whatever it
/// has at hand.
const WAITING: usize = 64;

/// The lines to the other processes.
pub struct Leader {
    lines: Vec<Line>,
    is_over: Arc<AtomicBool>,
}

/// What a dealer hears.
enum Heard {
    Up(Up),
    /// There may be more to deal.
    Wake,
}

impl Leader {
    /// Deals the sources of an agenda out over these links.
    ///
    /// # Errors
    /// When the system has no threads or descriptors to give.
    pub fn start(
        links: Vec<Option<TcpStream>>,
        agenda: &Agenda,
        stop: &Stop,
        tell: &loss::Tell,
    ) -> Result<Self, Fault> {
        let mut leader = Self {
            lines: Vec::new(),
            is_over: Arc::default(),
        };
        let mut peers = Vec::new();
        for (process, link) in links.into_iter().enumerate() {
            if let Some(socket) = link {
                let line = Line::new(socket).map_err(Fault::environment)?;
                leader.lines.push(line.clone());
                peers.push((process, line));
            }
        }
        for (process, line) in peers {
            let (heard, hears) = mpsc::sync_channel(WAITING);
            let listener = Listener {
                process,
                line: line.clone(),
                others: leader.lines.clone(),
                is_over: leader.is_over.clone(),
                tell: tell.clone(),
            };
            let heeding = heard.clone();
            spawn(move || listener.listen(&heeding))?;
            let dealer = Dealer::new(process, line, agenda.clone(), stop.clone(), heard);
            spawn(move || dealer.deal(&hears))?;
        }
        Ok(leader)
    }

    /// All rows are written: the others may go.
    pub fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.lines.iter().for_each(|line| line.tell(&Down::End));
    }
}

/// Hears what a process says, until it is gone.
struct Listener {
    process: usize,
    line: Line,
    others: Vec<Line>,
    is_over: Arc<AtomicBool>,
    tell: loss::Tell,
}

impl Listener {
    fn listen(self, heard: &SyncSender<Heard>) {
        let why = loop {
            match self.line.hear() {
                Ok(message) => {
                    if heard.send(Heard::Up(message)).is_err() {
                        return;
                    }
                }
                Err(why) => break why,
            }
        };
        if self.is_over.load(Ordering::Relaxed) {
            return;
        }
        let process = self.process;
        let told = Down::Lost {
            process,
            why: why.clone(),
        };
        self.others.iter().for_each(|line| line.tell(&told));
        let _ = self.tell.try_send(Loss { process, why });
    }
}

/// Deals sources out to one process.
struct Dealer {
    process: usize,
    line: Line,
    agenda: Agenda,
    stop: Stop,
    wake: Wake,
    /// Workers that wait for a source.
    asks: usize,
    /// What it reads.
    dealt: HashMap<u32, HandedOut>,
}

impl Dealer {
    fn new(
        process: usize,
        line: Line,
        agenda: Agenda,
        stop: Stop,
        heard: SyncSender<Heard>,
    ) -> Self {
        Self {
            process,
            line,
            agenda,
            stop,
            wake: Arc::new(move || {
                let _ = heard.try_send(Heard::Wake);
            }),
            asks: 0,
            dealt: HashMap::new(),
        }
    }

    fn deal(mut self, hears: &Receiver<Heard>) {
        let mut next_beat = Instant::now();
        loop {
            let now = Instant::now();
            if now >= next_beat {
                let stop = self.stop.is_raised();
                self.line.tell(&Down::Beat { stop });
                next_beat = now + BEAT;
            }
            match hears.recv_timeout(next_beat - now.min(next_beat)) {
                Ok(Heard::Up(message)) => self.take(message),
                Ok(Heard::Wake) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.hand_out();
        }
    }

    fn take(&mut self, message: Up) {
        match message {
            Up::Beat { stop: true } => self.stop.raise(),
            Up::Beat { stop: false } => {}
            Up::Ask => self.asks += 1,
            Up::Offer { ordinal, length_s } => {
                let dealt = self.dealt.get(&ordinal);
                let end = dealt.and_then(|dealt| dealt.offer(length_s));
                self.line.tell(&Down::Cut { ordinal, end });
            }
            Up::Ended(end) => {
                if let Some(dealt) = self.dealt.remove(&end.ordinal) {
                    self.agenda.ended(dealt, end.result());
                }
            }
        }
    }

    fn hand_out(&mut self) {
        while self.asks > 0 {
            match self.agenda.hand_out(&self.wake) {
                Ok(handed) => {
                    tracing::debug!("{} goes to process {}", handed.spec.id, self.process);
                    self.asks -= 1;
                    self.line.tell(&Down::Source(Errand::of(&handed.spec)));
                    self.dealt.insert(handed.spec.ordinal, handed);
                }
                Err(Opening::Over) => {
                    self.asks = 0;
                    self.line.tell(&Down::Over);
                }
                Err(_) => return,
            }
        }
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
    let thread = thread::Builder::new().name("cluster".into());
    thread.spawn(work).map_err(Fault::environment)?;
    Ok(())
}
