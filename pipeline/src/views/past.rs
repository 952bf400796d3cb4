//! The rows of earlier runs, which go into the views before all others.

use sonoscope_operators::views::Observation;
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{Scope, StreamVec, operators::generic::operator::source},
};

use super::Intake;
use crate::ingest::Epoch;

/// The last time that is of earlier runs: epochs are milliseconds since 1970, which are long behind.
pub const LATEST: Epoch = 1 << 32;

/// Rows that go in at one time.
const CHUNK_ROWS: usize = 16 << 10;

/// The rows of earlier runs, on the first worker, a chunk at each time from 0 on.
///
/// Holds a capability until all have gone in, so that what comes of this run waits behind them.
pub fn past<'scope>(
    scope: Scope<'scope, Epoch>,
    intake: Intake,
) -> StreamVec<'scope, Epoch, (Observation, Epoch, isize)> {
    source::<_, CapacityContainerBuilder<Vec<(Observation, Epoch, isize)>>, _, _>(
        scope,
        "Past",
        |capability, info| {
            let again = scope.activator_for(info.address);
            let mut capability = (scope.index() == 0).then_some(capability);
            move |output| {
                let Some(at) = &mut capability else {
                    return;
                };
                let chunk = intake.take_past(CHUNK_ROWS);
                if chunk.is_empty() {
                    capability = None;
                    return;
                }
                let time = *at.time();
                let changes = chunk.into_iter().map(|row| (row, time, 1));
                output.session(&*at).give_iterator(changes);
                at.downgrade(&(time + 1));
                again.activate();
            }
        },
    )
}
