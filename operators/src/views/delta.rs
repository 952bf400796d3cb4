//! Changes of answers as sinks want them: what to write, and what to delete.

use std::collections::BTreeMap;

use differential_dataflow::consolidation::consolidate;

use super::Answer;

/// What a sink that holds the present answers is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delta<A> {
    /// Write this one in place of whatever had its key.
    Upsert {
        /// Its key.
        key: String,
        /// The answer.
        answer: A,
    },
    /// Nothing has this key any longer.
    Delete {
        /// The key.
        key: String,
    },
}

/// All changes of one time as what is to be written and deleted, in the order of keys.
///
/// ```
/// # use sonoscope_operators::views::{Answer, Delta, deltas};
/// #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
/// struct Count(&'static str, u32);
///
/// impl Answer for Count {
///     fn key(&self) -> String {
///         format!("count/{}", self.0)
///     }
/// }
///
/// let changes = vec![(Count("a", 1), -1), (Count("a", 2), 1), (Count("b", 7), -1)];
/// assert_eq!(deltas(changes), [
///     Delta::Upsert { key: "count/a".into(), answer: Count("a", 2) },
///     Delta::Delete { key: "count/b".into() },
/// ]);
/// ```
pub fn deltas<A: Answer>(mut changes: Vec<(A, isize)>) -> Vec<Delta<A>> {
    consolidate(&mut changes);
    let mut by_key: BTreeMap<String, Option<A>> = BTreeMap::new();
    for (answer, diff) in changes {
        let standing = by_key.entry(answer.key()).or_default();
        if diff > 0 {
            *standing = Some(answer);
        }
    }
    let delta = |(key, answer)| match answer {
        Some(answer) => Delta::Upsert { key, answer },
        None => Delta::Delete { key },
    };
    by_key.into_iter().map(delta).collect()
}
