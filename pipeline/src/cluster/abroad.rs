//! The sources that other processes read.

use std::{
    collections::HashSet,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use crate::graph;

/// The sources that were dealt out and of which it has not been heard how they ended. Clones share
/// them.
///
/// The end of a source comes with its rows, through the dataflow, and how it ended over the control
/// line: either may be first. What has ended is written when both are known.
#[derive(Clone, Default)]
pub struct Abroad(Arc<Shared>);

#[derive(Default)]
struct Shared {
    dealt: Mutex<Dealt>,
    changed: Condvar,
}

#[derive(Default)]
struct Dealt {
    sources: HashSet<u32>,
    /// A process is gone: of its sources nothing more is heard.
    is_lost: bool,
}

impl Abroad {
    /// A source is dealt out.
    pub fn goes(&self, ordinal: u32) {
        self.lock().sources.insert(ordinal);
    }

    /// It was heard how a source ended, and told to all who have to know.
    pub fn is_back(&self, ordinal: u32) {
        self.lock().sources.remove(&ordinal);
        self.0.changed.notify_all();
    }

    /// Nothing more is waited for.
    pub fn lost(&self) {
        self.lock().is_lost = true;
        self.0.changed.notify_all();
    }

    /// Hands each epoch to `write` when it is known how its sources have ended.
    pub fn before(self, mut write: graph::Write) -> graph::Write {
        Box::new(move |epoch| {
            for end in &epoch.ended {
                self.wait_for(end.ordinal);
            }
            write(epoch);
        })
    }

    fn wait_for(&self, ordinal: u32) {
        let is_away = |dealt: &mut Dealt| !dealt.is_lost && dealt.sources.contains(&ordinal);
        drop(self.0.changed.wait_while(self.lock(), is_away));
    }

    // Whoever panicked while it held the lock left a whole set behind.
    fn lock(&self) -> MutexGuard<'_, Dealt> {
        (self.0.dealt.lock()).unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread};

    use sonoscope_operators::{Committed, SourceEnd};

    use super::*;

    fn epoch(ordinals: &[u32]) -> Committed<sonoscope_operators::Row> {
        let end = |&ordinal| SourceEnd {
            ordinal,
            segments: 1,
            whole: true,
        };
        Committed {
            rows: Vec::new(),
            ended: ordinals.iter().map(end).collect(),
        }
    }

    #[test]
    fn what_has_ended_elsewhere_is_written_when_it_is_known_how() {
        let (abroad, (written, seen)) = (Abroad::default(), mpsc::sync_channel(9));
        let mut write = abroad.clone().before(Box::new(move |epoch| {
            written.send(epoch.ended.len()).unwrap();
        }));
        abroad.goes(7);
        write(epoch(&[3]));
        assert_eq!(seen.try_recv(), Ok(1), "one that was read here");
        thread::scope(|scope| {
            scope.spawn(|| write(epoch(&[3, 7])));
            assert!(seen.try_recv().is_err());
            abroad.is_back(7);
        });
        assert_eq!(seen.try_recv(), Ok(2));
    }

    #[test]
    fn nothing_is_waited_for_when_a_process_is_gone() {
        let abroad = Abroad::default();
        abroad.goes(7);
        abroad.lost();
        abroad.before(Box::new(|_| {}))(epoch(&[7]));
    }
}
