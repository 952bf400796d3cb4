//! Scores of many pairs, on all threads.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use super::{engine::Engine, evidence::Probe, gather::on_threads};
use crate::{fault::Fault, sources::Stop};

/// Pairs scored in one call: enough that calls cost little, few enough that copies stay small.
const BATCH: usize = 16;

/// What a network says of pictures with sounds, each pair named by the places of its picture and
/// of its sound among `probes`.
///
/// # Errors
/// When the network fails, or the evaluation is stopped.
pub fn score(
    engines: &mut [Engine],
    network: usize,
    probes: &[Probe],
    pairs: &[(usize, usize)],
    stop: &Stop,
) -> Result<Vec<f32>, Fault> {
    let batches: Vec<_> = pairs.chunks(BATCH).collect();
    let next = AtomicUsize::new(0);
    let threads = engines.len();
    let engines: Vec<_> = engines.iter_mut().map(Mutex::new).collect();
    let parts = on_threads(threads, |thread| {
        let mut engine = engines[thread]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut scored = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(batch) = batches.get(number) else {
                return Ok(scored);
            };
            if stop.is_raised() {
                return Err(Fault::environment("stopped before its end"));
            }
            let batch: Vec<_> = (batch.iter())
                .map(|(picture, sound)| {
                    (&*probes[*picture].pair.frame, &*probes[*sound].pair.audio)
                })
                .collect();
            let scores = engine.score(network, &batch).map_err(Fault::environment)?;
            scored.push((number, scores));
        }
    })?;
    let mut scored: Vec<_> = parts.into_iter().flatten().collect();
    scored.sort_by_key(|(number, _)| *number);
    Ok(scored.into_iter().flat_map(|(_, scores)| scores).collect())
}
