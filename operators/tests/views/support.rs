//! Runs a view over a script, and what its answers are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Duration,
};

use differential_dataflow::{AsCollection, VecCollection};
use sonoscope_operators::views::{Feed, Query};
use timely::{
    CommunicationConfig, Config, ExchangeData, WorkerConfig,
    dataflow::{
        InputHandle,
        operators::{Exchange, Probe, vec::Input},
    },
};

use crate::script::Script;

/// The changes of answers at each time, as they came.
pub type Changes<A> = BTreeMap<u64, Vec<(A, isize)>>;

/// Builds a view over rows and queries.
pub trait View<A: Clone + 'static>:
    for<'scope> Fn(
        Feed<'scope, u64>,
        VecCollection<'scope, u64, Query>,
    ) -> VecCollection<'scope, u64, A>
    + Send
    + Sync
    + 'static
{
}

impl<A: Clone + 'static, F> View<A> for F where
    F: for<'scope> Fn(
            Feed<'scope, u64>,
            VecCollection<'scope, u64, Query>,
        ) -> VecCollection<'scope, u64, A>
        + Send
        + Sync
        + 'static
{
}

/// What a view says to a script on so many workers. The changes of a time come in at all workers.
pub fn run<A, F>(workers: usize, script: &Script, view: F) -> Changes<A>
where
    A: Ord + Clone + ExchangeData,
    F: View<A>,
{
    let communication = match workers {
        1 => CommunicationConfig::Thread,
        2 => CommunicationConfig::Process(2),
        // As between processes: what goes from one worker to another goes as bytes.
        n => CommunicationConfig::ProcessBinary(n),
    };
    let worker = WorkerConfig::default();
    let config = Config {
        communication,
        worker,
    };
    let heard = Arc::new(Mutex::new(Changes::<A>::new()));
    let (collected, script) = (heard.clone(), script.clone());
    timely::execute(config, move |worker| {
        let (index, peers) = (worker.index(), worker.peers());
        let collected = collected.clone();
        let (mut rows, mut tides) = (InputHandle::new(), InputHandle::new());
        let mut queries = InputHandle::new();
        let probe = worker.dataflow::<u64, _, _>(|scope| {
            let rows = scope.input_from(&mut rows).as_collection();
            let feed = Feed::new(rows, scope.input_from(&mut tides));
            let queries = scope.input_from(&mut queries).as_collection();
            let answers = view(feed, queries).inner.exchange(|_| 0).as_collection();
            let answers = answers.inspect(move |(answer, time, diff)| {
                let mut collected = collected.lock().unwrap();
                collected
                    .entry(*time)
                    .or_default()
                    .push((answer.clone(), *diff));
            });
            answers.inner.probe().0
        });
        for (time, turn) in (0..).zip(&script.turns) {
            for (place, (row, diff)) in turn.changes.iter().enumerate() {
                if place % peers == index {
                    rows.send((row.clone(), time, *diff));
                }
            }
            if index == 0 {
                let asked = turn.queries.iter().cloned();
                asked.for_each(|(query, diff)| queries.send((query, time, diff)));
            }
            if let Some(tide) = turn.tide.filter(|_| time as usize % peers == index) {
                tides.send(tide);
            }
            rows.advance_to(time + 1);
            tides.advance_to(time + 1);
            queries.advance_to(time + 1);
            // Several times are under way at once.
            while time > 2 && probe.less_than(&(time - 2)) {
                worker.step_or_park(Some(Duration::from_millis(10)));
            }
        }
        drop((rows, tides, queries));
        while worker.has_dataflows() {
            worker.step_or_park(Some(Duration::from_millis(10)));
        }
    })
    .unwrap()
    .join();
    let mut changes = std::mem::take(&mut *heard.lock().unwrap());
    changes
        .values_mut()
        .for_each(|changes| changes.sort_unstable());
    changes
}

/// The answers that stand after each time of a script.
///
/// # Panics
/// If an answer stands twice, or was taken back before it was given, or if anything was said that
/// changes nothing.
pub fn standing<A: Ord + Clone + Debug>(changes: &Changes<A>, times: usize) -> Vec<BTreeSet<A>> {
    let mut standing = BTreeSet::new();
    let mut after = Vec::new();
    for time in 0..times as u64 {
        let before = standing.clone();
        let mut counts: BTreeMap<&A, isize> = standing.iter().map(|answer| (answer, 1)).collect();
        let said = changes.get(&time).map_or(&[][..], |changes| changes);
        for (answer, diff) in said {
            *counts.entry(answer).or_default() += diff;
        }
        counts.retain(|_, count| *count != 0);
        assert!(
            counts.values().all(|count| *count == 1),
            "at {time}: {counts:?}"
        );
        let next: BTreeSet<A> = counts.into_keys().cloned().collect();
        let changed = before.symmetric_difference(&next).count();
        assert_eq!(
            said.len(),
            changed,
            "at {time}, something was said for nothing: {said:?}"
        );
        standing = next;
        after.push(standing.clone());
    }
    after
}

/// Holds a view to a plain recomputation from the rows that are there after each time, on 1, 2 and
/// 3 workers, and to the same answers when all rows come at once, in any order.
pub fn holds<A, F>(script: &Script, plain: impl Fn(&Script, usize) -> BTreeSet<A>, view: F)
where
    A: Ord + Clone + ExchangeData + Debug,
    F: View<A> + Clone,
{
    let times = script.turns.len();
    let one = run(1, script, view.clone());
    let after = standing(&one, times);
    for (time, standing) in after.iter().enumerate() {
        assert_eq!(standing, &plain(script, time), "after time {time}");
    }
    assert!(
        after.iter().any(|standing| !standing.is_empty()),
        "there are answers"
    );
    for workers in [2, 3] {
        assert!(
            run(workers, script, view.clone()) == one,
            "{workers} workers"
        );
    }
    let replayed = standing(&run(2, &script.replay(), view), 1);
    assert_eq!(replayed.last(), after.last(), "replayed");
}
