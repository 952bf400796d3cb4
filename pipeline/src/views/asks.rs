//! The queries of a run on their way into the dataflow.

use sonoscope_operators::views::Query;
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        Scope, StreamVec,
        channels::pact::Pipeline,
        operators::{Capability, generic::Operator},
    },
};

use super::{Queries, past};
use crate::ingest::Epoch;

/// Queries as they come and go, on the first worker: those of earlier runs at the first time of
/// all, others as far as `beats` goes on, which says nothing, but its time passes.
///
/// Holds a capability for the frontier of `beats`, and so holds nobody up.
pub fn asks<'scope, D: Clone + 'static>(
    scope: Scope<'scope, Epoch>,
    beats: StreamVec<'scope, Epoch, D>,
    queries: Queries,
) -> StreamVec<'scope, Epoch, (Query, Epoch, isize)> {
    type Changes = CapacityContainerBuilder<Vec<(Query, Epoch, isize)>>;
    let is_here = scope.index() == 0;
    beats.unary_frontier::<Changes, _, _, _>(Pipeline, "Asks", move |capability, _| {
        let mut capability: Option<Capability<Epoch>> = is_here.then_some(capability);
        move |(input, frontier), output| {
            input.for_each_stamp(|_, batches| batches.for_each(|batch| batch.clear()));
            let Some(at) = capability.as_mut() else {
                return;
            };
            let time = *at.time();
            // While rows of earlier runs go in, a query would only wait for them.
            if time == Epoch::MIN || time > past::LATEST {
                let changes = queries.take(time).into_iter();
                let changes = changes.map(|(query, diff)| (query, time, diff));
                output.session(&*at).give_iterator(changes);
            }
            match frontier.frontier().first() {
                Some(next) => at.downgrade(&(*next).max(time)),
                None => capability = None,
            }
        }
    })
}
