//! The operator beneath all views.

use std::collections::BTreeMap;

use differential_dataflow::{AsCollection, VecCollection, consolidation::consolidate};
use timely::{
    ExchangeData,
    container::CapacityContainerBuilder,
    dataflow::{
        StreamVec,
        channels::pact::{Exchange, Pipeline},
        operators::{Capability, generic::Operator},
    },
    order::TotalOrder,
    progress::Timestamp,
};

use super::{Held, Sizes};

/// What one worker remembers of its share of a view's input.
pub(super) trait Shard: 'static {
    /// What the view takes in.
    type In: ExchangeData + Ord;
    /// What it answers.
    type Out: Clone + 'static;

    /// Takes in all changes of one time, sorted and each told once, and the tide if it has come;
    /// gives the changes of the answers.
    fn turn(
        &mut self,
        changes: Vec<(Self::In, isize)>,
        tide: Option<i64>,
        answers: &mut Vec<(Self::Out, isize)>,
    );

    /// How much it remembers.
    fn held(&self) -> Held;
}

/// Keeps a shard on each worker up to date, time by time: a time's changes go in when no more of
/// them can come, so the answers at a time are a function of all that came until then, and the
/// order within a time does not matter.
///
/// Holds a capability for each time of which something has come, until that time is complete.
pub(super) fn maintain<'scope, T, S>(
    changes: VecCollection<'scope, T, S::In>,
    tide: StreamVec<'scope, T, i64>,
    name: &str,
    route: impl Fn(&S::In) -> u64 + 'static,
    mut shard: S,
    sizes: Sizes,
) -> VecCollection<'scope, T, S::Out>
where
    T: Timestamp + TotalOrder,
    S: Shard,
{
    let exchange = Exchange::new(move |(change, _, _): &(S::In, T, isize)| route(change));
    let answers = changes
        .inner
        .binary_frontier::<_, CapacityContainerBuilder<Vec<_>>, _, _, _, _>(
            tide,
            exchange,
            Pipeline,
            name,
            move |_, _| {
                let mut pending: BTreeMap<T, Pending<T, S::In>> = BTreeMap::new();
                let mut answers = Vec::new();
                move |(changes, more_changes), (tides, more_tides), output| {
                    let port = output.output_index();
                    changes.for_each_stamp(|stamp, batches| {
                        for (change, time, diff) in batches.flat_map(|batch| batch.drain(..)) {
                            let pending = (pending.entry(time))
                                .or_insert_with_key(|time| Pending::new(stamp.delayed(time, port)));
                            pending.changes.push((change, diff));
                        }
                    });
                    tides.for_each_stamp(|stamp, batches| {
                        let newest = batches.flat_map(|batch| batch.drain(..)).max();
                        let (Some(newest), Some(capability)) = (newest, stamp.retain_least(port))
                        else {
                            return;
                        };
                        let time = capability.time().clone();
                        let pending = pending
                            .entry(time)
                            .or_insert_with(|| Pending::new(capability));
                        pending.tide = pending.tide.max(Some(newest));
                    });
                    while let Some(entry) = pending.first_entry() {
                        if more_changes.less_equal(entry.key())
                            || more_tides.less_equal(entry.key())
                        {
                            break;
                        }
                        let (time, mut pending) = entry.remove_entry();
                        consolidate(&mut pending.changes);
                        shard.turn(pending.changes, pending.tide, &mut answers);
                        sizes.set(shard.held());
                        let answers = answers.drain(..);
                        let answers = answers.map(|(answer, diff)| (answer, time.clone(), diff));
                        output.session(&pending.capability).give_iterator(answers);
                    }
                }
            },
        );
    answers.as_collection()
}

/// What has come of a time that is not complete.
struct Pending<T: Timestamp, I> {
    capability: Capability<T>,
    changes: Vec<(I, isize)>,
    tide: Option<i64>,
}

impl<T: Timestamp, I> Pending<T, I> {
    fn new(capability: Capability<T>) -> Self {
        Self {
            capability,
            changes: Vec::new(),
            tide: None,
        }
    }
}
