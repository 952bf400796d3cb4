//! The changes of all views, gathered where they are handed over.

use std::collections::BTreeMap;

use timely::dataflow::{Scope, StreamVec, channels::pact::Exchange, operators::generic::Operator};

use super::{Change, Tell, Views, past};
use crate::ingest::Epoch;

/// Gathers changes at the first worker and hands over each time's when it is complete, in the order
/// of keys; what earlier runs answered once, when all of it has come.
pub fn gather<'scope>(
    scope: Scope<'scope, Epoch>,
    changes: StreamVec<'scope, Epoch, Change>,
    views: &Views,
) {
    let is_here = scope.index() == 0;
    let views = views.clone();
    let mut pending: BTreeMap<Epoch, Vec<Change>> = BTreeMap::new();
    let mut recalled = Recalled {
        left: match is_here {
            true => views.intake.take_left(),
            false => Vec::new(),
        },
        holds: BTreeMap::new(),
    };
    changes.sink(
        Exchange::new(|_: &Change| 0),
        "Tell",
        move |(input, frontier)| {
            input.for_each_stamp(|stamp, batches| {
                let Some(time) = stamp.least().copied() else {
                    return;
                };
                let changes = pending.entry(time).or_default();
                changes.extend(batches.flat_map(|batch| batch.drain(..)));
            });
            if !is_here {
                return;
            }
            let next = frontier.frontier().first().copied();
            while let Some(entry) = pending.first_entry() {
                let time = *entry.key();
                if next.is_some_and(|next| next <= time) {
                    break;
                }
                let mut changes = entry.remove();
                if time <= past::LATEST {
                    recalled.add(changes);
                    continue;
                }
                recalled.tell(&*views.tell);
                changes.sort_unstable_by(|one, other| one.key.cmp(&other.key));
                views.tell.changes(&changes);
            }
            if next.is_none_or(|next| next > past::LATEST) {
                recalled.tell(&*views.tell);
            }
            views.queries.settle(next);
            views.intake.settle(next);
            views.tell.settled();
        },
    );
}

/// What earlier runs answered, as far as it is read again.
struct Recalled {
    /// What they may have told beyond that, to be taken back unless it holds.
    left: Vec<Change>,
    holds: BTreeMap<String, Change>,
}

impl Recalled {
    fn add(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change.body {
                Some(_) => drop(self.holds.insert(change.key.clone(), change)),
                None => drop(self.holds.remove(&change.key)),
            }
        }
    }

    /// Tells what holds, once.
    fn tell(&mut self, tell: &dyn Tell) {
        let mut holds = std::mem::take(&mut self.holds);
        for left in std::mem::take(&mut self.left) {
            holds.entry(left.key.clone()).or_insert(left);
        }
        let changes: Vec<_> = holds.into_values().collect();
        if !changes.is_empty() {
            tell.changes(&changes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use sonoscope_operators::SourceId;

    use super::*;
    use crate::views::ViewName;

    #[derive(Default)]
    struct Heard(Mutex<Vec<(String, bool)>>);

    impl Tell for Heard {
        fn changes(&self, changes: &[Change]) {
            let said = changes
                .iter()
                .map(|one| (one.key.clone(), one.body.is_some()));
            self.0.lock().unwrap().extend(said);
        }

        fn settled(&self) {}
    }

    fn change(key: &str, holds: bool) -> Change {
        Change {
            view: ViewName::Nearest,
            source: SourceId::slug("yard"),
            key: key.into(),
            body: holds.then(|| "{}".to_owned()),
        }
    }

    #[test]
    fn what_holds_is_told_once_and_what_a_killed_run_left_is_taken_back() {
        let mut recalled = Recalled {
            left: vec![change("left", false), change("kept", false)],
            holds: BTreeMap::new(),
        };
        recalled.add(vec![change("gone", true), change("kept", true)]);
        recalled.add(vec![change("gone", false), change("new", true)]);
        let heard = Heard::default();
        recalled.tell(&heard);
        recalled.tell(&heard);
        let said = heard.0.into_inner().unwrap();
        let expected = [("kept", true), ("left", false), ("new", true)];
        assert_eq!(said, expected.map(|(key, holds)| (key.to_owned(), holds)));
    }
}
