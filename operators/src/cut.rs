//! The arrivals of many sources, each to what makes segments of them.

use std::collections::HashMap;

use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        StreamVec,
        channels::pact::Pipeline,
        operators::{core::OkErr, generic::Operator},
    },
    progress::Timestamp,
};

use crate::{Arrival, Event, Segment, SourceEnd};

/// What makes segments of the events of one source. As an iterator it gives those that are
/// complete.
pub(crate) trait Cutter: Iterator<Item = Segment> + 'static {
    /// Takes note of an event.
    fn push(&mut self, event: Event);
}

/// The segments of all sources, and their ends.
pub type Cuts<'scope, T> = (
    StreamVec<'scope, T, Segment>,
    StreamVec<'scope, T, SourceEnd>,
);

/// Gives the arrivals of each source to a cutter of its own, and passes on what comes of them.
pub(crate) fn cut<'scope, T: Timestamp, C: Cutter>(
    arrivals: StreamVec<'scope, T, Arrival>,
    name: &str,
    new: impl Fn() -> C + 'static,
) -> Cuts<'scope, T> {
    arrivals
        .unary::<CapacityContainerBuilder<Vec<Result<Segment, SourceEnd>>>, _, _, _>(
            Pipeline,
            name,
            move |_, _| {
                let mut sources: HashMap<u32, (C, u64)> = HashMap::new();
                move |input, output| {
                    input.for_each_stamp(|stamp, batches| {
                        let mut session = output.session(&stamp);
                        for Arrival { ordinal, event } in batches.flat_map(|batch| batch.drain(..))
                        {
                            let whole = event.ends();
                            let (cutter, segments) =
                                sources.entry(ordinal).or_insert_with(|| (new(), 0));
                            cutter.push(event);
                            let cuts = cutter.inspect(|_| *segments += 1);
                            session.give_iterator(cuts.map(Ok));
                            if let Some(whole) = whole {
                                session.give(Err(SourceEnd {
                                    ordinal,
                                    segments: *segments,
                                    whole,
                                }));
                                sources.remove(&ordinal);
                            }
                        }
                    });
                }
            },
        )
        .ok_err(|cut| cut)
}
