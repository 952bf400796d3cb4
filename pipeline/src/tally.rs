//! How far a run is: counted where rows are committed, read by progress and summary.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use sonoscope_operators::{Row, SourceId};

use crate::sources::{Ended, SourceError, SourceSpec};

/// The state of a run, source by source.
#[derive(Debug)]
pub struct Tally {
    sources: Mutex<Vec<SourceTally>>,
    committed_s: AtomicI64,
}

/// The state of one source.
#[derive(Debug)]
pub struct SourceTally {
    /// Its name in rows.
    pub id: SourceId,
    /// What was asked for, as it was asked.
    pub name: String,
    /// Seconds whose rows are written.
    pub seconds: i64,
    /// Seconds whose rows an earlier run has written.
    pub before_s: i64,
    /// How it ended; nothing while it has not.
    pub result: Option<Result<(), SourceError>>,
    /// Whether it had ended so before this run.
    pub is_before: bool,
    last_segment: Option<i64>,
}

impl SourceTally {
    /// Of a source that is not read, for this reason.
    pub fn failed(id: SourceId, name: String, error: SourceError) -> Self {
        Self {
            id,
            name,
            seconds: 0,
            before_s: 0,
            result: Some(Err(error)),
            is_before: false,
            last_segment: None,
        }
    }
}

impl Tally {
    /// Nothing done yet of these sources.
    pub fn new(sources: &[SourceSpec]) -> Self {
        let tally = |spec: &SourceSpec| SourceTally {
            id: spec.id.clone(),
            name: spec.path.display().to_string(),
            seconds: 0,
            before_s: 0,
            result: None,
            is_before: false,
            last_segment: None,
        };
        Self {
            sources: Mutex::new(sources.iter().map(tally).collect()),
            committed_s: AtomicI64::new(0),
        }
    }

    /// These rows are written.
    pub fn committed(&self, rows: &[Row]) {
        let mut sources = self.lock();
        for row in rows {
            let Some(source) = sources.get_mut(row.ordinal as usize) else {
                continue;
            };
            // Rows of several networks for the same second follow each other.
            if source.last_segment.replace(row.segment) != Some(row.segment) {
                source.seconds += 1;
                self.committed_s.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A source has ended. Its rows may still be on their way.
    pub fn ended(&self, end: Ended) {
        if let Some(source) = self.lock().get_mut(end.spec.ordinal as usize) {
            source.result = Some(end.result);
        }
    }

    /// An earlier run has written so many seconds of a source, and this one goes on.
    pub fn goes_on(&self, ordinal: u32, before_s: i64) {
        if let Some(source) = self.lock().get_mut(ordinal as usize) {
            source.before_s = before_s;
        }
    }

    /// A source had ended before this run, with so many seconds.
    pub fn ended_before(&self, ordinal: u32, before_s: i64, result: Result<(), SourceError>) {
        if let Some(source) = self.lock().get_mut(ordinal as usize) {
            source.before_s = before_s;
            source.result = Some(result);
            source.is_before = true;
        }
    }

    /// Seconds whose rows are written, of all sources.
    pub fn seconds(&self) -> i64 {
        self.committed_s.load(Ordering::Relaxed)
    }

    /// How many sources have ended, and how many there are.
    pub fn sources(&self) -> (usize, usize) {
        let sources = self.lock();
        let ended = sources.iter().filter(|source| source.result.is_some());
        (ended.count(), sources.len())
    }

    /// So many pairs were taken of a source.
    pub fn extracted(&self, ordinal: u32, pairs: usize) {
        if let Some(source) = self.lock().get_mut(ordinal as usize) {
            source.seconds += pairs as i64;
            self.committed_s.fetch_add(pairs as i64, Ordering::Relaxed);
        }
    }

    /// What was taken of a source is given up.
    pub fn take_back(&self, ordinal: u32) {
        if let Some(source) = self.lock().get_mut(ordinal as usize) {
            self.committed_s
                .fetch_sub(source.seconds, Ordering::Relaxed);
            source.seconds = 0;
        }
    }

    /// Looks at how a source ended; nothing while it has not.
    pub fn with_result<T>(
        &self,
        ordinal: u32,
        look: impl FnOnce(Option<&Result<(), SourceError>>) -> T,
    ) -> T {
        let sources = self.lock();
        look(
            sources
                .get(ordinal as usize)
                .and_then(|source| source.result.as_ref()),
        )
    }

    /// The sources as they are at the end; leaves none here. One that was read to its end and
    /// gave nothing has failed by what `nothing` says.
    pub fn take_sources(&self, nothing: impl Fn() -> SourceError) -> Vec<SourceTally> {
        let mut sources = std::mem::take(&mut *self.lock());
        for source in &mut sources {
            if source.seconds + source.before_s == 0 && matches!(source.result, Some(Ok(()))) {
                source.result = Some(Err(nothing()));
            }
        }
        sources
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SourceTally>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
