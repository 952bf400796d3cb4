//! Rows leave when their epoch is complete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use timely::{
    ExchangeData,
    dataflow::{
        StreamVec,
        channels::pact::Exchange,
        operators::{Concat, generic::Operator, vec::Map},
    },
    order::TotalOrder,
    progress::Timestamp,
};

use crate::SourceEnd;

/// What an epoch brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed<Row> {
    /// Its rows, in order.
    pub rows: Vec<Row>,
    /// The sources that have ended, in the order of their ordinals: all their rows are among these,
    /// or were handed over before.
    pub ended: Vec<SourceEnd>,
}

impl<Row> Default for Committed<Row> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            ended: Vec::new(),
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
enum Item<Row> {
    Row(Row),
    End(SourceEnd),
}

/// Gathers all rows and the ends of all sources at one worker and hands them over epoch by epoch,
/// each when no more of it can come, the rows sorted by `key`, so that the order does not depend on
/// how many workers there are.
///
/// Holds no capability. `write` is called on the worker's thread: while it blocks, so does all
/// that is upstream, which is how a slow receiver slows a recording down.
pub fn commit<'scope, T, Row, K>(
    rows: StreamVec<'scope, T, Row>,
    ends: StreamVec<'scope, T, SourceEnd>,
    key: impl Fn(&Row) -> K + 'static,
    mut write: impl FnMut(&T, Committed<Row>) + 'static,
) where
    T: Timestamp + TotalOrder,
    Row: ExchangeData,
    K: Ord,
{
    let mut epochs: BTreeMap<T, Committed<Row>> = BTreeMap::new();
    let items = rows.map(Item::Row).concat(ends.map(Item::End));
    items.sink(
        Exchange::new(|_: &Item<Row>| 0),
        "Commit",
        move |(input, frontier)| {
            input.for_each_stamp(|stamp, batches| {
                let Some(time) = stamp.least().cloned() else {
                    return;
                };
                let epoch = epochs.entry(time).or_default();
                for item in batches.flat_map(|batch| batch.drain(..)) {
                    match item {
                        Item::Row(row) => epoch.rows.push(row),
                        Item::End(end) => epoch.ended.push(end),
                    }
                }
            });
            while let Some(entry) = epochs.first_entry() {
                if frontier.less_equal(entry.key()) {
                    break;
                }
                let (time, mut epoch) = entry.remove_entry();
                epoch.rows.sort_by_key(&key);
                epoch.ended.sort_unstable();
                write(&time, epoch);
            }
        },
    );
}
