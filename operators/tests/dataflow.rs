//! The asynchronous operator and the commit, against the plain answer, on 1, 2 and 3 workers.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect, and so may what it is made of"
)]

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use sonoscope_operators::{Batching, Job, commit, infer};
use timely::{
    dataflow::{
        InputHandle,
        operators::{generic::operator::empty, vec::Input},
    },
    execute,
};

/// What stands for an expensive network.
fn work(item: (u64, u64)) -> (u64, u64, u64) {
    (item.0, item.1, item.0.wrapping_mul(31).wrapping_add(item.1))
}

const SOURCES: u64 = 4;
const SECONDS: u64 = 250;

/// The rows in the order in which they were committed, and the epoch of each.
fn run(workers: usize, size: usize) -> Vec<(u64, (u64, u64, u64))> {
    let (submit, jobs) = mpsc::sync_channel::<Job<(u64, u64), (u64, u64, u64)>>(64);
    let jobs = Arc::new(Mutex::new(jobs));
    // Two threads that finish in whatever order they like.
    let pool: Vec<_> = (0..2)
        .map(|seed| {
            let jobs = jobs.clone();
            let serve = move || {
                let mut dice = StdRng::seed_from_u64(seed);
                loop {
                    let Ok(job) = jobs.lock().unwrap().recv() else {
                        return;
                    };
                    job.run(|batch| {
                        for _ in 0..dice.random_range(0..2000) {
                            std::hint::spin_loop();
                        }
                        batch.into_iter().map(work).collect()
                    });
                }
            };
            let name = format!("pool {seed}");
            thread::Builder::new().name(name).spawn(serve).unwrap()
        })
        .collect();
    let written = Arc::new(Mutex::new(Vec::new()));
    let (rows, shared) = (written.clone(), Mutex::new(submit));
    let config = match workers {
        1 => timely::Config::thread(),
        n => timely::Config::process(n),
    };
    execute(config, move |worker| {
        let (index, peers) = (worker.index() as u64, worker.peers() as u64);
        let submit = shared.lock().unwrap().clone();
        let rows = rows.clone();
        let mut input = InputHandle::new();
        worker.dataflow::<u64, _, _>(|scope| {
            let batching = Batching {
                size,
                deadline: Duration::from_millis(2),
                idle_below: size % 2,
                outstanding: 3,
            };
            let items = scope.input_from(&mut input);
            let done = infer(items, batching, move |job| submit.send(job).unwrap());
            commit(
                done,
                empty(scope),
                |row| *row,
                move |epoch, committed| {
                    let mut rows = rows.lock().unwrap();
                    rows.extend(committed.rows.into_iter().map(|row| (*epoch, row)));
                },
            );
        });
        for second in 0..SECONDS {
            for source in (0..SOURCES).filter(|source| source % peers == index) {
                input.send((source, second));
            }
            input.advance_to(second / 3 + 1);
            worker.step();
        }
        drop(input);
        while worker.has_dataflows() {
            worker.step_or_park(Some(Duration::from_millis(10)));
        }
    })
    .unwrap()
    .join();
    for thread in pool {
        thread.join().unwrap();
    }
    Arc::into_inner(written).unwrap().into_inner().unwrap()
}

#[test]
fn rows_are_complete_and_in_order_whatever_the_workers_and_batches() {
    let mut expected: Vec<_> = (0..SOURCES)
        .flat_map(|source| (0..SECONDS).map(move |second| work((source, second))))
        .collect();
    expected.sort_unstable();
    for (workers, size) in [(1, 1), (1, 8), (2, 8), (3, 5)] {
        let rows = run(workers, size);
        assert!(
            rows.is_sorted_by_key(|(epoch, _)| *epoch),
            "epochs leave in order"
        );
        for source in 0..SOURCES {
            let of_source = rows.iter().filter(|(_, row)| row.0 == source);
            assert!(
                of_source.is_sorted_by_key(|(_, row)| row.1),
                "order within a source"
            );
        }
        let mut rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
        rows.sort_unstable();
        assert_eq!(rows, expected, "{workers} workers, batches of {size}");
    }
}
