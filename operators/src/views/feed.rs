//! What all views take in.

use differential_dataflow::{AsCollection, VecCollection};
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        StreamVec,
        channels::pact::Pipeline,
        operators::{generic::Operator, vec::Broadcast},
    },
    order::TotalOrder,
    progress::Timestamp,
};

use super::Observation;
use crate::Row;

/// What all views take in: rows, and which second it is. Copies are the same feed.
#[derive(Clone)]
pub struct Feed<'scope, T: Timestamp> {
    pub(super) rows: VecCollection<'scope, T, Observation>,
    /// On every worker.
    pub(super) tide: StreamVec<'scope, T, i64>,
}

impl<'scope, T: Timestamp> Feed<'scope, T> {
    /// The rows, on any worker; and now and then, on any worker, which second since 1970 (UTC) it
    /// is.
    ///
    /// Rows that are fed anew after a restart come in the order of their seconds within a source,
    /// in as many times of the dataflow as is convenient, and the present behind them: a row that
    /// comes when the present has left it behind does not count.
    pub fn new(
        rows: VecCollection<'scope, T, Observation>,
        present: StreamVec<'scope, T, i64>,
    ) -> Self {
        Self {
            rows,
            tide: present.broadcast(),
        }
    }

    /// The same, of a stream of changes.
    pub fn of_changes(
        changes: StreamVec<'scope, T, (Observation, T, isize)>,
        present: StreamVec<'scope, T, i64>,
    ) -> Self {
        Self::new(changes.as_collection(), present)
    }

    /// The same, of rows as they are committed (+1) and withdrawn (-1), each at the time at which
    /// it comes.
    ///
    /// Holds no capability.
    pub fn of_rows(
        rows: StreamVec<'scope, T, (Row, isize)>,
        present: StreamVec<'scope, T, i64>,
    ) -> Self
    where
        T: TotalOrder,
    {
        type Changes<T> = CapacityContainerBuilder<Vec<(Observation, T, isize)>>;
        let observed = rows.unary::<Changes<T>, _, _, _>(Pipeline, "Observe", |_, _| {
            |input, output| {
                input.for_each_stamp(|stamp, batches| {
                    let Some(capability) = stamp.retain_least(output.output_index()) else {
                        return;
                    };
                    let rows = batches.flat_map(|batch| batch.drain(..));
                    let rows = rows.map(|(row, diff)| {
                        (Observation::from(&row), capability.time().clone(), diff)
                    });
                    output.session(&capability).give_iterator(rows);
                });
            }
        });
        Self::new(observed.as_collection(), present)
    }
}
