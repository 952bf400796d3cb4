//! From answers of one view to changes that all can read.

use std::collections::BTreeMap;

use sonoscope_operators::{
    SourceId,
    views::{Answer, Compared, Delta, Episode, Match, Microphone, Rolling, Skew, deltas},
};
use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        StreamVec,
        channels::pact::Pipeline,
        operators::{Capability, generic::Operator},
    },
};

use super::{Change, ViewName};
use crate::ingest::Epoch;

/// An answer that is one source's.
pub trait OfSource: Answer {
    /// Whose it is.
    fn source(&self) -> &SourceId;
}

impl OfSource for Episode {
    fn source(&self) -> &SourceId {
        &self.source
    }
}

impl OfSource for Rolling {
    fn source(&self) -> &SourceId {
        &self.source
    }
}

impl OfSource for Match {
    fn source(&self) -> &SourceId {
        &self.source
    }
}

impl OfSource for Skew {
    fn source(&self) -> &SourceId {
        &self.source
    }
}

impl OfSource for Microphone {
    fn source(&self) -> &SourceId {
        &self.sound_of
    }
}

impl OfSource for Compared {
    fn source(&self) -> &SourceId {
        match self {
            Self::Agreement(of) => &of.source,
            Self::Disagreement(of) => &of.source,
        }
    }
}

/// The changes of a view's answers, each time's when it is complete: of each key what it is now.
///
/// Holds a capability for each time of which something has come, until that time is complete.
pub fn changes<'scope, A: OfSource + 'static>(
    answers: StreamVec<'scope, Epoch, (A, Epoch, isize)>,
    view: ViewName,
) -> StreamVec<'scope, Epoch, Change> {
    type Pending<A> = BTreeMap<Epoch, (Capability<Epoch>, Vec<(A, isize)>)>;
    answers.unary_frontier::<CapacityContainerBuilder<Vec<Change>>, _, _, _>(
        Pipeline,
        "Changes",
        move |_, _| {
            let mut pending: Pending<A> = BTreeMap::new();
            move |(input, frontier), output| {
                let port = output.output_index();
                input.for_each_stamp(|stamp, batches| {
                    for (answer, time, diff) in batches.flat_map(|batch| batch.drain(..)) {
                        let (_, answers) = (pending.entry(time))
                            .or_insert_with_key(|time| (stamp.delayed(time, port), Vec::new()));
                        answers.push((answer, diff));
                    }
                });
                while let Some(entry) = pending.first_entry() {
                    if frontier.less_equal(entry.key()) {
                        break;
                    }
                    let (capability, answers) = entry.remove();
                    let changes = told(view, answers);
                    output
                        .session(&capability)
                        .give_iterator(changes.into_iter());
                }
            }
        },
    )
}

/// What has changed, in the order of keys.
fn told<A: OfSource>(view: ViewName, answers: Vec<(A, isize)>) -> Vec<Change> {
    let gone = answers.iter().filter(|(_, diff)| *diff < 0);
    let sources: BTreeMap<String, SourceId> = gone
        .map(|(answer, _)| (answer.key(), answer.source().clone()))
        .collect();
    let change = |delta| match delta {
        Delta::Upsert { key, answer } => Some(Change {
            view,
            source: A::source(&answer).clone(),
            key,
            body: written(&answer),
        }),
        Delta::Delete { key } => Some(Change {
            view,
            source: sources.get(&key)?.clone(),
            key,
            body: None,
        }),
    };
    deltas(answers).into_iter().filter_map(change).collect()
}

/// An answer as JSON, which they can all be: they are plain numbers, words and lists.
fn written<A: Answer>(answer: &A) -> Option<String> {
    let written = serde_json::to_string(answer);
    written
        .inspect_err(|error| tracing::error!("{} cannot be written: {error}", answer.key()))
        .ok()
}
