//! Rows leave when their epoch is complete.

use std::collections::BTreeMap;

use timely::{
    ExchangeData,
    dataflow::{StreamVec, channels::pact::Exchange, operators::generic::Operator},
    order::TotalOrder,
    progress::Timestamp,
};

/// Gathers all rows at one worker and hands them over epoch by epoch, each when no more rows of
/// it can come, sorted by `key`, so that the order does not depend on how many workers there are.
///
/// Holds no capability. `write` is called on the worker's thread: while it blocks, so does all
/// that is upstream, which is how a slow receiver slows a recording down.
pub fn commit<'scope, T, Row, K>(
    rows: StreamVec<'scope, T, Row>,
    key: impl Fn(&Row) -> K + 'static,
    mut write: impl FnMut(&T, Vec<Row>) + 'static,
) where
    T: Timestamp + TotalOrder,
    Row: ExchangeData,
    K: Ord,
{
    let mut epochs: BTreeMap<T, Vec<Row>> = BTreeMap::new();
    rows.sink(
        Exchange::new(|_: &Row| 0),
        "Commit",
        move |(input, frontier)| {
            input.for_each_stamp(|stamp, batches| {
                let Some(time) = stamp.least().cloned() else {
                    return;
                };
                let epoch = epochs.entry(time).or_default();
                epoch.extend(batches.flat_map(|batch| batch.drain(..)));
            });
            while let Some(entry) = epochs.first_entry() {
                if frontier.less_equal(entry.key()) {
                    break;
                }
                let (time, mut rows) = entry.remove_entry();
                rows.sort_by_key(&key);
                write(&time, rows);
            }
        },
    );
}
