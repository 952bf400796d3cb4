//! Asynchronous inference: batches across sources, order kept per source.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        StreamVec,
        channels::pact::Pipeline,
        operators::{Capability, generic::Operator},
    },
    order::TotalOrder,
    progress::Timestamp,
    scheduling::SyncActivator,
};

/// When a batch leaves.
#[derive(Clone, Copy, Debug)]
pub struct Batching {
    /// It is full with this many.
    pub size: usize,
    /// Or its oldest has waited this long.
    pub deadline: Duration,
    /// Or fewer batches than this are under way: who has nothing to do is given what there is, and
    /// batches become as large as it takes to keep all busy.
    pub idle_below: usize,
    /// No more batches than this are under way for one worker.
    pub outstanding: usize,
}

impl Batching {
    /// Whether a batch leaves now, of so many that wait, the oldest for so long, with so many batches
    /// of this worker under way.
    fn is_due(&self, waiting: usize, waited: Duration, under_way: usize) -> bool {
        let is_free = under_way < self.outstanding;
        let is_full = waiting >= self.size;
        is_free && (is_full || waited >= self.deadline || under_way < self.idle_below)
    }
}

/// Work for the pool: a batch, and where its results go.
pub struct Job<In, Out> {
    /// What to work on.
    pub batch: Vec<In>,
    reply: Reply<Out>,
}

struct Reply<Out> {
    batch_id: u64,
    results: SyncSender<(u64, Vec<Out>)>,
    wake: Arc<OnceLock<SyncActivator>>,
}

impl<In, Out> Job<In, Out> {
    /// Does the work and sends the results back: one for each item of the batch, in its order.
    ///
    /// The worker that asked may be gone, in which case nobody wants to know.
    pub fn run(self, work: impl FnOnce(Vec<In>) -> Vec<Out>) {
        let Reply {
            batch_id,
            results,
            wake,
        } = self.reply;
        if results.send((batch_id, work(self.batch))).is_ok()
            && let Some(activator) = wake.get()
        {
            let _ = activator.activate();
        }
    }
}

/// Sends the stream's items in batches to a pool of threads and emits their results in the order
/// of the items.
///
/// Holds the capability of each item from its arrival until its result has left, so that the
/// frontier tells downstream what is still to come. Never blocks the worker: beyond
/// [`Batching::outstanding`] batches, items wait here.
///
/// `submit` hands a job to the pool, and must not block.
pub fn infer<'scope, T, In, Out>(
    items: StreamVec<'scope, T, In>,
    batching: Batching,
    mut submit: impl FnMut(Job<In, Out>) + 'static,
) -> StreamVec<'scope, T, Out>
where
    T: Timestamp + TotalOrder,
    In: 'static,
    Out: Send + 'static,
{
    let scope = items.scope();
    items.unary_frontier::<CapacityContainerBuilder<Vec<Out>>, _, _, _>(
        Pipeline,
        "Infer",
        move |_, info| {
            let activator = scope.activator_for(info.address.clone());
            let wake = Arc::new(OnceLock::new());
            // Set once, here, before anybody else has seen it.
            let _ = wake.set(scope.worker().sync_activator_for(info.address.to_vec()));
            let mut queue = Queue::new(batching, wake);
            move |(input, frontier), output| {
                input.for_each_stamp(|stamp, batches| {
                    let Some(capability) = stamp.retain_least(output.output_index()) else {
                        return;
                    };
                    for item in batches.flat_map(|batch| batch.drain(..)) {
                        queue.waiting.push_back(Waiting {
                            capability: capability.clone(),
                            since: Instant::now(),
                            item,
                        });
                    }
                });
                queue.receive();
                for (capability, result) in queue.ready.drain(..) {
                    output.session(&capability).give(result);
                }
                let flush = frontier.is_empty();
                while let Some(job) = queue.next_job(flush) {
                    submit(job);
                }
                if let Some(delay) = queue.wake_after() {
                    activator.activate_after(delay);
                }
            }
        },
    )
}

struct Waiting<T: Timestamp, In> {
    capability: Capability<T>,
    since: Instant,
    item: In,
}

/// What the operator remembers: items that wait, batches under way, results that wait for an
/// earlier batch.
struct Queue<T: Timestamp, In, Out> {
    batching: Batching,
    wake: Arc<OnceLock<SyncActivator>>,
    waiting: VecDeque<Waiting<T, In>>,
    sent: VecDeque<Vec<Capability<T>>>,
    next_id: u64,
    next_out: u64,
    done: BTreeMap<u64, Vec<Out>>,
    ready: Vec<(Capability<T>, Out)>,
    results: Receiver<(u64, Vec<Out>)>,
    reply_to: SyncSender<(u64, Vec<Out>)>,
    armed_until: Option<Instant>,
}

impl<T: Timestamp, In, Out> Queue<T, In, Out> {
    fn new(batching: Batching, wake: Arc<OnceLock<SyncActivator>>) -> Self {
        // Room for all that can be under way, so that no thread of the pool ever waits here.
        let (reply_to, results) = sync_channel(batching.outstanding);
        Self {
            batching,
            wake,
            waiting: VecDeque::new(),
            sent: VecDeque::new(),
            next_id: 0,
            next_out: 0,
            done: BTreeMap::new(),
            ready: Vec::new(),
            results,
            reply_to,
            armed_until: None,
        }
    }

    /// Takes results in; those whose turn it is become ready.
    fn receive(&mut self) {
        self.done.extend(self.results.try_iter());
        while let Some(results) = self.done.remove(&self.next_out) {
            self.next_out += 1;
            let capabilities = self.sent.pop_front().unwrap_or_default();
            self.ready.extend(capabilities.into_iter().zip(results));
        }
    }

    /// The next batch that should leave now.
    fn next_job(&mut self, flush: bool) -> Option<Job<In, Out>> {
        let oldest = self.waiting.front()?;
        let (waiting, under_way) = (self.waiting.len(), self.sent.len());
        let waited = match flush {
            true => self.batching.deadline,
            false => oldest.since.elapsed(),
        };
        if !self.batching.is_due(waiting, waited, under_way) {
            return None;
        }
        let size = self.waiting.len().min(self.batching.size);
        let (capabilities, batch) = (self.waiting.drain(..size))
            .map(|waiting| (waiting.capability, waiting.item))
            .unzip();
        self.sent.push_back(capabilities);
        let reply = Reply {
            batch_id: self.next_id,
            results: self.reply_to.clone(),
            wake: self.wake.clone(),
        };
        self.next_id += 1;
        Some(Job { batch, reply })
    }

    /// When to look again although nothing arrives: at the deadline of the oldest that waits.
    /// Said once for each deadline, since every timer that is set fires.
    fn wake_after(&mut self) -> Option<Duration> {
        if self.sent.len() >= self.batching.outstanding {
            return None;
        }
        let due = self.waiting.front()?.since + self.batching.deadline;
        if self.armed_until.is_some_and(|armed| armed >= due) {
            return None;
        }
        self.armed_until = Some(due);
        Some(due.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_leaves_when_it_is_full_or_old_or_somebody_is_idle() {
        let batching = Batching {
            size: 128,
            deadline: Duration::from_millis(50),
            idle_below: 2,
            outstanding: 4,
        };
        let (new, old) = (Duration::ZERO, Duration::from_millis(50));
        assert!(batching.is_due(1, new, 0), "nobody has anything to do");
        assert!(batching.is_due(1, new, 1));
        assert!(!batching.is_due(127, new, 2), "all are busy");
        assert!(batching.is_due(128, new, 2));
        assert!(batching.is_due(1, old, 3));
        assert!(
            !batching.is_due(128, old, 4),
            "no more than this are under way"
        );
    }
}
