//! What time it is, for views.

use std::time::{SystemTime, UNIX_EPOCH};

use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        Scope, StreamVec,
        channels::pact::Pipeline,
        operators::{Capability, generic::Operator},
    },
};

use super::past;
use crate::ingest::Epoch;

/// The second since 1970 (UTC) that it is, each once, as far as `beats` goes on: it says nothing,
/// but its time passes.
///
/// Holds a capability for the frontier of `beats`, and so holds nobody up.
pub fn present<'scope, D: Clone + 'static>(
    scope: Scope<'scope, Epoch>,
    beats: StreamVec<'scope, Epoch, D>,
) -> StreamVec<'scope, Epoch, i64> {
    let is_here = scope.index() == 0;
    beats.unary_frontier::<CapacityContainerBuilder<Vec<i64>>, _, _, _>(
        Pipeline,
        "Present",
        move |capability, _| {
            let mut capability: Option<Capability<Epoch>> = is_here.then_some(capability);
            let mut told_s = 0;
            move |(input, frontier), output| {
                input.for_each_stamp(|_, batches| batches.for_each(|batch| batch.clear()));
                let Some(at) = capability.as_mut() else {
                    return;
                };
                let Some(&time) = frontier.frontier().first() else {
                    capability = None;
                    return;
                };
                at.downgrade(&time.max(*at.time()));
                let since = SystemTime::now().duration_since(UNIX_EPOCH);
                let now_s = since.map_or(0, |since| since.as_secs() as i64);
                // Before the first epoch, rows of earlier runs may still go in.
                if now_s > told_s && time > past::LATEST {
                    told_s = now_s;
                    output.session(&*at).give(now_s);
                }
            }
        },
    )
}
