//! Pairs a second and latency.

use std::{
    error::Error,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;
use sonoscope_models::{Network, NetworkError, NetworkFiles, Runtime, Setting};

use crate::{asked::Asked, inputs::Batch, machine};

/// Batches before anything is measured.
const WARM_UP: usize = 20;
/// Fewer batches than this give no median.
const LEAST: usize = 5;

/// What came of batches of one size.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// Pairs in a batch.
    pub batch: usize,
    /// Threads with a network each.
    pub threads: usize,
    /// Batches that were measured.
    pub batches: usize,
    /// Pairs of all threads, by the time from the first one's begin to the last one's end.
    pub pairs_a_second: f64,
    /// Time of a batch from pictures and sounds in memory to scores in memory.
    pub median_ms: f64,
    /// The same, of which one in a hundred batches takes longer.
    pub p99_ms: f64,
    /// What is used of the card's memory, by all that runs there.
    pub card_mib: Option<u64>,
    /// What the process has in the machine's memory.
    pub host_mib: Option<u64>,
}

/// Measures batches of one size on so many threads.
pub fn measure(
    runtime: &Runtime,
    files: &NetworkFiles,
    setting: &Setting,
    size: usize,
    threads: usize,
    asked: &Asked,
) -> Result<Figure, Box<dyn Error>> {
    let batch = Batch::new(files.contract(), size);
    let networks: Vec<Network> = (0..threads)
        .map(|_| Network::with_setting(runtime, files, setting))
        .collect::<Result<_, _>>()?;
    let (start, length) = (
        Barrier::new(threads),
        Duration::from_secs_f64(asked.seconds),
    );
    let runs: Vec<Result<Run, NetworkError>> = thread::scope(|scope| {
        let spawn = |network| {
            let (batch, start) = (&batch, &start);
            scope.spawn(move || run(network, batch, start, length))
        };
        let threads: Vec<_> = networks.into_iter().map(spawn).collect();
        let joined = threads.into_iter().filter_map(|thread| thread.join().ok());
        joined.collect()
    });
    let runs: Vec<Run> = runs.into_iter().collect::<Result<_, _>>()?;
    let begun = runs
        .iter()
        .map(|run| run.begun)
        .min()
        .ok_or("no thread ran")?;
    let ended = runs
        .iter()
        .map(|run| run.ended)
        .max()
        .ok_or("no thread ran")?;
    let mut times: Vec<f64> = runs.iter().flat_map(|run| run.times_ms.clone()).collect();
    times.sort_by(f64::total_cmp);
    Ok(Figure {
        batch: size,
        threads,
        batches: times.len(),
        pairs_a_second: (times.len() * size) as f64 / (ended - begun).as_secs_f64(),
        median_ms: quantile(&times, 0.5),
        p99_ms: quantile(&times, 0.99),
        card_mib: runs.iter().filter_map(|run| run.card_mib).max(),
        host_mib: machine::host_mib(),
    })
}

struct Run {
    begun: Instant,
    ended: Instant,
    times_ms: Vec<f64>,
    card_mib: Option<u64>,
}

fn run(
    mut network: Network,
    batch: &Batch,
    start: &Barrier,
    length: Duration,
) -> Result<Run, NetworkError> {
    // An error must not keep the others waiting at the barrier.
    let warm: Result<(), NetworkError> =
        (0..WARM_UP).try_for_each(|_| batch.ask(&mut network).map(drop));
    start.wait();
    warm?;
    let begun = Instant::now();
    let mut times_ms = Vec::new();
    while begun.elapsed() < length || times_ms.len() < LEAST {
        let asked = Instant::now();
        std::hint::black_box(batch.ask(&mut network)?);
        times_ms.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    let ended = Instant::now();
    Ok(Run {
        begun,
        ended,
        times_ms,
        card_mib: machine::card_mib(network.provider()),
    })
}

/// The smallest value of which so great a share is no larger. `sorted` is not empty.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let times: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(quantile(&times, 0.5), 100.0);
        assert_eq!(quantile(&times, 0.99), 198.0);
        assert_eq!(quantile(&[3.0], 0.99), 3.0);
    }
}
