//! Deals sources out to one process, as its workers come free.

use std::{
    collections::HashMap,
    ops::Range,
    sync::Arc,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender},
    time::Instant,
};

use super::{
    abroad::Abroad,
    line::{BEAT, Line},
    message::{Down, End, Errand, Up},
    post::Post,
    recall::Recall,
};
use crate::{
    agenda::{Agenda, HandedOut, Joining, Opening},
    cameras::Spread,
    sources::{Stop, Wake},
};

/// What a dealer hears.
pub enum Heard {
    /// This, from the process.
    Up(Up),
    /// There may be more to deal.
    Wake,
}

/// What all dealers deal out of.
#[derive(Clone)]
pub struct Stock {
    /// The sources.
    pub agenda: Agenda,
    /// How live ones fall to workers.
    pub spread: Spread,
    /// What ends the run.
    pub stop: Stop,
    /// Those that were dealt.
    pub abroad: Abroad,
    /// What the processes are asked for.
    pub recall: Recall,
}

/// Deals sources out to one process.
pub struct Dealer {
    process: usize,
    line: Line,
    stock: Stock,
    wake: Wake,
    /// Workers that wait for a recording.
    asks: usize,
    /// The recordings that it reads.
    dealt: HashMap<u32, HandedOut>,
    /// The live sources that it watches, and whether it was told to leave them.
    watched: HashMap<u32, (Joining, bool)>,
    /// Whether it knows that no more live sources will come.
    knows_all: bool,
}

impl Dealer {
    /// To this process, whose line `heard` is told from.
    pub fn new(process: usize, line: Line, stock: Stock, heard: SyncSender<Heard>) -> Self {
        let wake: Wake = Arc::new(move || {
            let _ = heard.try_send(Heard::Wake);
        });
        stock.agenda.hear(wake.clone());
        Self {
            process,
            line,
            stock,
            wake,
            asks: 0,
            dealt: HashMap::new(),
            watched: HashMap::new(),
            knows_all: false,
        }
    }

    /// Deals, as long as the program runs.
    pub fn deal(mut self, hears: &Receiver<Heard>) {
        let mut next_beat = Instant::now();
        loop {
            let now = Instant::now();
            if now >= next_beat {
                let stop = self.stock.stop.is_raised();
                self.line.tell(&Down::Beat { stop });
                next_beat = now + BEAT;
            }
            match hears.recv_timeout(next_beat - now.min(next_beat)) {
                Ok(Heard::Up(message)) => self.take(message),
                Ok(Heard::Wake) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.hand_out();
            self.post();
            self.call_back();
        }
    }

    fn take(&mut self, message: Up) {
        match message {
            Up::Beat { stop: true } => self.stock.stop.raise(),
            Up::Beat { stop: false } => {}
            Up::Ask => self.asks += 1,
            Up::Offer { ordinal, length_s } => {
                let dealt = self.dealt.get(&ordinal);
                let end = dealt.and_then(|dealt| dealt.offer(length_s));
                self.line.tell(&Down::Cut { ordinal, end });
            }
            Up::Ended(end) => self.ended(end),
            Up::Found { ticket, found } => self.stock.recall.answered(ticket, found),
            Up::Fares(reports) => {
                for report in reports {
                    if let Some((joining, _)) = self.watched.get(&report.ordinal) {
                        report.tell(&joining.camera);
                    }
                }
            }
        }
    }

    fn ended(&mut self, end: End) {
        let (ordinal, agenda) = (end.ordinal, &self.stock.agenda);
        if let Some(dealt) = self.dealt.remove(&ordinal) {
            agenda.ended(dealt, end.result());
        } else if let Some((joining, _)) = self.watched.remove(&ordinal) {
            agenda.camera_ended(joining, end.result());
        }
        self.stock.abroad.is_back(ordinal);
    }

    /// Recordings, as many as were asked for.
    fn hand_out(&mut self) {
        while self.asks > 0 {
            match self.stock.agenda.hand_out(&self.wake) {
                Ok(handed) => {
                    let (id, ordinal) = (&handed.spec.id, handed.spec.ordinal);
                    tracing::debug!("{id} goes to process {}", self.process);
                    self.asks -= 1;
                    self.stock.abroad.goes(ordinal);
                    self.line.tell(&Down::Source(Errand::of(&handed.spec)));
                    self.dealt.insert(ordinal, handed);
                }
                Err(Opening::Over) => {
                    self.asks = 0;
                    self.line.tell(&Down::Over);
                }
                Err(_) => return,
            }
        }
    }

    /// The live sources that fall to it.
    fn post(&mut self) {
        let spread = self.stock.spread;
        let workers = self.workers();
        while !self.knows_all {
            match self.stock.agenda.hand_camera(&workers, spread) {
                Ok(joining) => {
                    let camera = &joining.camera;
                    tracing::debug!("{} goes to process {}", camera.spec.id, self.process);
                    // A source is dealt once.
                    let _ = camera.away.set(self.process);
                    let ordinal = camera.ordinal;
                    self.stock.abroad.goes(ordinal);
                    let post = Post::of(&joining, spread.worker_of(camera));
                    self.line.tell(&Down::Watch(post));
                    self.watched.insert(ordinal, (joining, false));
                }
                Err(Opening::Over) => {
                    self.knows_all = true;
                    self.line.tell(&Down::NoneToWatch);
                }
                Err(_) => return,
            }
        }
    }

    /// Its workers, counted over all processes.
    fn workers(&self) -> Range<usize> {
        let each = self.stock.spread.here;
        self.process * each..(self.process + 1) * each
    }

    /// Takes back the live sources that were taken out.
    fn call_back(&mut self) {
        for (&ordinal, (joining, is_told)) in &mut self.watched {
            if joining.camera.stop.is_raised() && !*is_told {
                *is_told = true;
                self.line.tell(&Down::Leave { ordinal });
            }
        }
    }
}
