//! The sound of a source, as it comes and as seconds take it.

use std::collections::VecDeque;

use super::DBFS_FLOOR;
use crate::{Permit, SECOND_NS, SEGMENT_SAMPLES};

/// The sound of a source that is not yet cut: runs of samples, in order, without overlap.
#[derive(Debug, Default)]
pub struct AudioTrack {
    runs: VecDeque<Run>,
    through: i64,
    /// Seconds before this one do not wait.
    pub due: i64,
    /// Whether no more comes.
    pub ended: bool,
}

#[derive(Debug)]
struct Run {
    start: i64,
    samples: Vec<f32>,
    _permit: Option<Permit>,
}

impl AudioTrack {
    /// Adds a run of samples that begins then.
    pub fn push(&mut self, start_ns: i64, mut samples: Vec<f32>, permit: Option<Permit>) {
        let mut start = sample_from_ns(start_ns);
        // What overlaps with sound already there comes too late: the first telling counts.
        let known = usize::try_from(self.through - start).unwrap_or(0);
        if known >= samples.len() {
            return;
        }
        samples.drain(..known);
        start += known as i64;
        self.through = start + samples.len() as i64;
        self.runs.push_back(Run {
            start,
            samples,
            _permit: permit,
        });
    }

    /// Whether all that will come of a second is there.
    pub fn is_complete(&self, second: i64) -> bool {
        self.ended || second < self.due || self.through >= (second + 1) * SEGMENT_SAMPLES as i64
    }

    /// How far it has come.
    pub fn length_ns(&self) -> i64 {
        ns_from_sample(self.through)
    }

    /// The second's samples, silence where there is none, and how many there are.
    pub fn take(&mut self, second: i64) -> (Vec<f32>, usize) {
        let begin = second * SEGMENT_SAMPLES as i64;
        let end = begin + SEGMENT_SAMPLES as i64;
        let mut second = vec![0.0; SEGMENT_SAMPLES];
        let mut covered = 0;
        while let Some(run) = self.runs.front() {
            let run_end = run.start + run.samples.len() as i64;
            let (from, to) = (run.start.max(begin), run_end.min(end));
            if from < to {
                let within = |base: i64| (from - base) as usize..(to - base) as usize;
                second[within(begin)].copy_from_slice(&run.samples[within(run.start)]);
                covered += (to - from) as usize;
            }
            if run_end > end {
                break;
            }
            self.runs.pop_front();
        }
        (second, covered)
    }
}

/// Level of sound of which `covered` samples are there, the others being zero.
pub fn dbfs(samples: &[f32], covered: usize) -> f32 {
    let energy: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    let level = 10.0 * (energy / covered as f64).log10();
    // Hundredths are finer than anyone hears, and keep rows short.
    ((level as f32).max(DBFS_FLOOR) * 100.0).round() / 100.0
}

fn sample_from_ns(ns: i64) -> i64 {
    let samples = i128::from(ns) * SEGMENT_SAMPLES as i128;
    (samples + i128::from(SECOND_NS) / 2).div_euclid(i128::from(SECOND_NS)) as i64
}

fn ns_from_sample(sample: i64) -> i64 {
    (i128::from(sample) * i128::from(SECOND_NS) / SEGMENT_SAMPLES as i128) as i64
}
