//! Rows leave when their epoch is complete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use timely::{
    ExchangeData,
    container::CapacityContainerBuilder,
    dataflow::{
        StreamVec,
        channels::pact::Exchange,
        operators::{Capability, Concat, generic::Operator, vec::Map},
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
/// `write` is called on the worker's thread: while it blocks, so does all that is upstream, which is
/// how a slow receiver slows a recording down. Holds a capability for each epoch until it is
/// written.
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
    commit_into(rows, ends, key, move |time, epoch| {
        write(time, epoch);
        None::<()>
    });
}

/// Like [`commit`]; what `write` gives goes on at the time of the epoch, on the same worker.
pub fn commit_into<'scope, T, Row, K, Out, Outs>(
    rows: StreamVec<'scope, T, Row>,
    ends: StreamVec<'scope, T, SourceEnd>,
    key: impl Fn(&Row) -> K + 'static,
    mut write: impl FnMut(&T, Committed<Row>) -> Outs + 'static,
) -> StreamVec<'scope, T, Out>
where
    T: Timestamp + TotalOrder,
    Row: ExchangeData,
    K: Ord,
    Out: Clone + 'static,
    Outs: IntoIterator<Item = Out>,
{
    let items = rows.map(Item::Row).concat(ends.map(Item::End));
    let here = Exchange::new(|_: &Item<Row>| 0);
    items.unary_frontier::<CapacityContainerBuilder<Vec<Out>>, _, _, _>(
        here,
        "Commit",
        move |_, _| {
            let mut epochs: BTreeMap<T, (Capability<T>, Committed<Row>)> = BTreeMap::new();
            move |(input, frontier), output| {
                let port = output.output_index();
                input.for_each_stamp(|stamp, batches| {
                    let Some(capability) = stamp.retain_least(port) else {
                        return;
                    };
                    let time = capability.time().clone();
                    let (_, epoch) =
                        (epochs.entry(time)).or_insert_with(|| (capability, Committed::default()));
                    (batches.flat_map(|batch| batch.drain(..))).for_each(|item| epoch.take(item));
                });
                while let Some(entry) = epochs.first_entry() {
                    if frontier.less_equal(entry.key()) {
                        break;
                    }
                    let (time, (capability, mut epoch)) = entry.remove_entry();
                    epoch.rows.sort_by_key(&key);
                    epoch.ended.sort_unstable();
                    let outs = write(&time, epoch);
                    output.session(&capability).give_iterator(outs.into_iter());
                }
            }
        },
    )
}

impl<Row> Committed<Row> {
    fn take(&mut self, item: Item<Row>) {
        match item {
            Item::Row(row) => self.rows.push(row),
            Item::End(end) => self.ended.push(end),
        }
    }
}
