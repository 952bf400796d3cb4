//! Events of several sources, as they come to a worker.

use sonoscope_operators::{Arrival, Event};
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{Scope, StreamVec, operators::generic::operator::source},
};

/// One event of each source at a time, each time at an epoch of its own.
pub fn arrivals<'scope>(
    scope: Scope<'scope, u64>,
    sources: impl IntoIterator<Item = (u32, Vec<Event>)>,
) -> StreamVec<'scope, u64, Arrival> {
    let sources = sources
        .into_iter()
        .map(|(o, events)| (o, events.into_iter()));
    let mut sources: Vec<_> = sources.collect();
    source::<_, CapacityContainerBuilder<Vec<Arrival>>, _, _>(
        scope,
        "Arrivals",
        |capability, info| {
            let again = scope.activator_for(info.address);
            let mut capability = Some(capability);
            move |output| {
                let Some(epoch) = &mut capability else {
                    return;
                };
                let next = sources.iter_mut().filter_map(|(ordinal, events)| {
                    let (ordinal, event) = (*ordinal, events.next()?);
                    Some(Arrival { ordinal, event })
                });
                let next: Vec<_> = next.collect();
                if next.is_empty() {
                    capability = None;
                    return;
                }
                output.session(&*epoch).give_iterator(next.into_iter());
                epoch.downgrade(&(epoch.time() + 1));
                again.activate();
            }
        },
    )
}
