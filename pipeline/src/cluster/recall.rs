//! Seconds that other processes remember: each has a part of what `nearest` holds.

use std::{
    collections::HashMap,
    sync::mpsc::{self, SyncSender},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{line::Line, message::Down};
use crate::ask::{Found, Sought};

/// So long they are waited for. One that is lost ends the run.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks all others. Clones share it.
#[derive(Clone)]
pub struct Recall(Arc<Shared>);

struct Shared {
    lines: Vec<Line>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next_ticket: u64,
    waiting: HashMap<u64, SyncSender<Option<Found>>>,
}

impl Recall {
    /// Over these lines.
    pub fn new(lines: Vec<Line>) -> Self {
        Self(Arc::new(Shared {
            lines,
            open: Mutex::default(),
        }))
    }

    /// Where a second lies, if one of them remembers it. Blocks until all have answered.
    pub fn ask(&self, sought: &Sought) -> Option<Found> {
        let (lines, until) = (&self.0.lines, Instant::now() + PATIENCE);
        let (answers, answered) = mpsc::sync_channel(lines.len());
        let ticket = {
            let mut open = self.lock();
            open.next_ticket += 1;
            let ticket = open.next_ticket;
            open.waiting.insert(ticket, answers);
            ticket
        };
        let sought = sought.clone();
        let question = Down::Find { ticket, sought };
        lines.iter().for_each(|line| line.tell(&question));
        let found = lines.iter().find_map(|_| {
            let left = until.saturating_duration_since(Instant::now());
            answered.recv_timeout(left).ok().flatten()
        });
        self.lock().waiting.remove(&ticket);
        found
    }

    /// One has answered.
    pub fn answered(&self, ticket: u64, found: Option<Found>) {
        if let Some(waiting) = self.lock().waiting.get(&ticket) {
            // There is room for one answer of each.
            let _ = waiting.try_send(found);
        }
    }

    // Whoever panicked while it held the lock left whole entries behind.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
