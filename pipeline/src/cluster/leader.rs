//! Process 0: deals sources out to the others as their workers come free, and watches over them.

use std::{
    net::TcpStream,
    sync::mpsc::{self, SyncSender},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{
    abroad::Abroad,
    dealer::{Dealer, Heard, Stock},
    line::Line,
    loss::{self, Loss},
    message::Down,
    recall::Recall,
};
use crate::{agenda::Agenda, ask::Others, cameras::Spread, fault::Fault, graph, sources::Stop};

/// What may wait for a dealer. Whoever wakes it does not wait: it looks again after whatever it
/// has at hand.
const WAITING: usize = 64;

/// The lines to the other processes.
pub struct Leader {
    lines: Vec<Line>,
    is_over: Arc<AtomicBool>,
    abroad: Abroad,
    recall: Recall,
}

impl Leader {
    /// Deals the sources of an agenda out over these links, to so many workers in each process.
    ///
    /// # Errors
    /// When the system has no threads or descriptors to give.
    pub fn start(
        links: Vec<Option<TcpStream>>,
        workers: usize,
        agenda: &Agenda,
        stop: &Stop,
        tell: &loss::Tell,
    ) -> Result<Self, Fault> {
        let spread = Spread {
            here: workers,
            all: workers * links.len(),
        };
        let links = (links.into_iter().enumerate())
            .filter_map(|(process, link)| Some((process, Line::new(link?))));
        let mut peers = Vec::new();
        for (process, line) in links {
            peers.push((process, line.map_err(Fault::environment)?));
        }
        let lines: Vec<_> = peers.iter().map(|(_, line)| line.clone()).collect();
        let leader = Self {
            recall: Recall::new(lines.clone()),
            lines,
            is_over: Arc::default(),
            abroad: Abroad::default(),
        };
        let stock = Stock {
            agenda: agenda.clone(),
            spread,
            stop: stop.clone(),
            abroad: leader.abroad.clone(),
            recall: leader.recall.clone(),
        };
        for (process, line) in peers {
            let (heard, hears) = mpsc::sync_channel(WAITING);
            let listener = Listener {
                process,
                line: line.clone(),
                others: leader.lines.clone(),
                is_over: leader.is_over.clone(),
                abroad: leader.abroad.clone(),
                tell: tell.clone(),
            };
            let heeding = heard.clone();
            spawn(move || listener.listen(&heeding))?;
            let dealer = Dealer::new(process, line, stock.clone(), heard);
            spawn(move || dealer.deal(&hears))?;
        }
        Ok(leader)
    }

    /// Hands each epoch to `write` when it is known how its sources have ended.
    pub fn before(&self, write: graph::Write) -> graph::Write {
        self.abroad.clone().before(write)
    }

    /// Looks seconds up that the others remember.
    pub fn others(&self) -> Others {
        let recall = self.recall.clone();
        Box::new(move |sought| recall.ask(sought))
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
    abroad: Abroad,
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
        self.abroad.lost();
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
    let thread = thread::Builder::new().name("cluster".into());
    thread.spawn(work).map_err(Fault::environment)?;
    Ok(())
}
