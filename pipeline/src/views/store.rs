//! The present answers of all views, for whoever asks.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use sonoscope_operators::{
    SourceId,
    views::{Held, Sizes},
};
use tokio::sync::broadcast;

use super::{Change, ViewName, ViewSettings};
use crate::cameras::Listeners;

/// An answer that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAnswer {
    /// Which answer.
    pub key: String,
    /// Whose it is.
    pub source: SourceId,
    /// The answer, as JSON.
    pub body: Arc<str>,
}

/// How much a view remembers, on all workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewSize {
    /// The view.
    pub view: ViewName,
    /// What it holds.
    pub held: Held,
}

/// The present answers. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ViewStore(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    boards: BTreeMap<ViewName, Board>,
    /// Whether answers are kept: only where somebody can ask.
    is_kept: bool,
}

/// What is known of one view.
#[derive(Debug, Default)]
struct Board {
    answers: Mutex<BTreeMap<String, (SourceId, Arc<str>)>>,
    listeners: Listeners,
    /// Of each worker.
    sizes: Mutex<Vec<Sizes>>,
}

/// A change as listeners read it.
#[derive(Serialize)]
struct Told<'a> {
    key: &'a str,
    source: &'a SourceId,
    holds: bool,
    answer: Option<serde_json::Value>,
}

impl ViewStore {
    /// Of these views. Without `is_kept`, it knows their sizes and no more.
    pub fn new(views: &[ViewSettings], is_kept: bool) -> Self {
        let boards = views.iter().map(|view| (view.name(), Board::default()));
        Self(Arc::new(Inner {
            boards: boards.collect(),
            is_kept,
        }))
    }

    /// The views that the run has.
    pub fn names(&self) -> impl Iterator<Item = ViewName> + '_ {
        self.0.boards.keys().copied()
    }

    /// What a view holds on one worker is found there.
    pub fn measure(&self, view: ViewName, sizes: Sizes) {
        if let Some(board) = self.0.boards.get(&view) {
            lock(&board.sizes).push(sizes);
        }
    }

    /// How much each view remembers.
    pub fn sizes(&self) -> Vec<ViewSize> {
        let size = |(view, board): (&ViewName, &Board)| ViewSize {
            view: *view,
            held: lock(&board.sizes)
                .iter()
                .fold(Held::default(), |sum, sizes| {
                    let held = sizes.get();
                    Held {
                        rows: sum.rows + held.rows,
                        answers: sum.answers + held.answers,
                        bytes: sum.bytes + held.bytes,
                    }
                }),
        };
        self.0.boards.iter().map(size).collect()
    }

    /// Takes changes in, and tells those who listen.
    pub fn take(&self, changes: &[Change]) {
        if !self.0.is_kept {
            return;
        }
        for change in changes {
            let Some(board) = self.0.boards.get(&change.view) else {
                continue;
            };
            let mut answers = lock(&board.answers);
            match &change.body {
                Some(body) => {
                    let standing = (change.source.clone(), body.as_str().into());
                    answers.insert(change.key.clone(), standing);
                }
                None => drop(answers.remove(&change.key)),
            }
            drop(answers);
            if !board.listeners.is_empty() {
                board.tell(change);
            }
        }
    }

    /// The answers of a view that hold now, in the order of their keys: those behind a key, of one
    /// source if one is named, at most so many. Nothing if the run has no such view.
    pub fn answers(
        &self,
        view: ViewName,
        source: Option<&SourceId>,
        after: Option<&str>,
        most: usize,
    ) -> Option<Vec<HeldAnswer>> {
        let answers = lock(&self.0.boards.get(&view)?.answers);
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = answers.range::<str, _>((behind, Bound::Unbounded));
        let wanted = range.filter(|(_, (of, _))| source.is_none_or(|source| of == source));
        let standing = wanted.take(most).map(|(key, (source, body))| HeldAnswer {
            key: key.clone(),
            source: source.clone(),
            body: body.clone(),
        });
        Some(standing.collect())
    }

    /// The answers of a view that hold now and whose keys begin so. Nothing if the run has no such
    /// view.
    pub fn below(&self, view: ViewName, prefix: &str) -> Option<Vec<HeldAnswer>> {
        let answers = lock(&self.0.boards.get(&view)?.answers);
        let behind = answers.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        let below = behind.take_while(|(key, _)| key.starts_with(prefix));
        let held = below.map(|(key, (source, body))| HeldAnswer {
            key: key.clone(),
            source: source.clone(),
            body: body.clone(),
        });
        Some(held.collect())
    }

    /// The changes of a view from now on, each as JSON. Nothing if the run has no such view.
    pub fn listen(&self, view: ViewName) -> Option<broadcast::Receiver<Arc<str>>> {
        Some(self.0.boards.get(&view)?.listeners.listen())
    }
}

/// Whether a change, as listeners read it, is of a source's answer.
pub fn is_of_source(change: &str, source: &SourceId) -> bool {
    // No name has anything in it that JSON writes otherwise.
    change.contains(&format!("\",\"source\":\"{source}\",\"holds\":"))
}

/// Whether a change, as listeners read it, is of an answer whose key begins so.
pub fn is_below(change: &str, prefix: &str) -> bool {
    let key = change.strip_prefix("{\"key\":\"");
    key.is_some_and(|key| key.starts_with(prefix))
}

impl Board {
    fn tell(&self, change: &Change) {
        let answer = change.body.as_deref().map(serde_json::from_str).transpose();
        let told = answer.and_then(|answer| {
            serde_json::to_string(&Told {
                key: &change.key,
                source: &change.source,
                holds: change.body.is_some(),
                answer,
            })
        });
        match told {
            Ok(json) => self.listeners.tell(json.into()),
            Err(error) => tracing::error!("nobody hears of {}: {error}", change.key),
        }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::views::EpisodeSettings;

    use super::*;

    const VIEW: ViewName = ViewName::Episodes;

    fn store() -> ViewStore {
        ViewStore::new(&[ViewSettings::Episodes(EpisodeSettings::default())], true)
    }

    fn change(source: &str, start: i64, body: Option<&str>) -> Change {
        Change {
            view: VIEW,
            source: SourceId::slug(source),
            key: format!("episodes/{source}/{start}"),
            body: body.map(str::to_owned),
        }
    }

    #[test]
    fn what_holds_is_told_page_by_page_and_source_by_source() {
        let store = store();
        store.take(&[
            change("a", 1, Some("1")),
            change("a", 2, Some("2")),
            change("b", 1, Some("3")),
        ]);
        store.take(&[change("a", 1, Some("4")), change("a", 2, None)]);
        let bodies = |source: Option<&str>, after: Option<&str>, most| {
            let source = source.map(SourceId::slug);
            let answers = store.answers(VIEW, source.as_ref(), after, most).unwrap();
            answers
                .iter()
                .map(|answer| answer.body.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(bodies(None, None, 9), ["4", "3"]);
        assert_eq!(bodies(None, None, 1), ["4"]);
        assert_eq!(bodies(None, Some("episodes/a/1"), 1), ["3"]);
        assert_eq!(bodies(Some("a"), None, 9), ["4"]);
        assert!(store.answers(ViewName::Rolling, None, None, 9).is_none());
        let below = |prefix: &str| store.below(VIEW, prefix).unwrap().len();
        assert_eq!(
            (below("episodes/a/"), below("episodes/"), below("f")),
            (1, 2, 0)
        );
    }

    #[test]
    fn listeners_hear_what_holds_and_what_holds_no_longer() {
        let store = store();
        let mut heard = store.listen(VIEW).unwrap();
        store.take(&[change("a", 1, Some("{\"end\":7}")), change("b", 1, None)]);
        let [first, told] = [(); 2].map(|()| heard.try_recv().unwrap());
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let (one, other) = (read(&first), read(&told));
        assert_eq!(
            (&one["holds"], &one["answer"]["end"]),
            (&true.into(), &7.into())
        );
        assert_eq!(
            (&other["holds"], &other["source"]),
            (&false.into(), &"b".into())
        );
        let ids = ["b", "a"].map(SourceId::slug);
        assert_eq!(
            ids.each_ref().map(|id| is_of_source(&told, id)),
            [true, false]
        );
        assert!(is_below(&told, "episodes/b/") && !is_below(&told, "episodes/a"));
        assert!(store.listen(ViewName::Versus).is_none());
    }
}
