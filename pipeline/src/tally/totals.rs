//! What became of sources: one by one, in numbers, and as an exit code.

use std::collections::BTreeMap;

use sonoscope_operators::SourceId;

use crate::{
    fault::Exit,
    inputs::LeftOut,
    sources::{SourceError, SourceLength, SourceSpec, shown},
};

/// Sources and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Found so far.
    pub found: u64,
    /// Read to their ends, all their rows written.
    pub done: u64,
    /// Of these, those that an earlier run had done.
    pub before: u64,
    /// Ended early, or never begun well.
    pub failed: u64,
    /// Seconds whose rows are written.
    pub seconds: u64,
    /// What was passed over.
    pub left_out: BTreeMap<LeftOut, u64>,
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
    pub(super) is_live: bool,
    pub(super) last_segment: Option<i64>,
    pub(super) length: SourceLength,
}

impl SourceTally {
    pub(super) fn new(spec: &SourceSpec) -> Self {
        Self {
            id: spec.id.clone(),
            name: shown(&spec.path).into_owned(),
            seconds: 0,
            before_s: 0,
            result: None,
            is_live: spec.is_live,
            last_segment: None,
            length: spec.length.clone(),
        }
    }

    /// Of a source that is not read, for this reason.
    pub fn failed(id: SourceId, name: String, error: SourceError) -> Self {
        Self {
            id,
            name,
            seconds: 0,
            before_s: 0,
            result: Some(Err(error)),
            is_live: false,
            last_segment: None,
            length: SourceLength::default(),
        }
    }

    /// A recording that was read to its end and gave nothing has failed. (A camera that did not
    /// answer while it was watched has been told as such.)
    pub(super) fn nothing_is(&mut self, error: impl Fn() -> SourceError) {
        if !self.is_live && self.seconds + self.before_s == 0 && matches!(self.result, Some(Ok(())))
        {
            self.result = Some(Err(error()));
        }
    }
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Totals {
    /// How many sources there were, and what became of them.
    pub counts: Counts,
    /// Those that are told one by one, in order: all if they are few, else the first of those
    /// that failed.
    pub sources: Vec<SourceTally>,
}

impl Totals {
    /// What it means for the exit code.
    pub fn exit(&self) -> Exit {
        match self.counts.done == self.counts.found {
            true => Exit::Done,
            false => Exit::SourceFailed,
        }
    }

    /// Sources that were found and not read to their ends because the run ended.
    pub fn not_begun(&self) -> u64 {
        self.counts.found - self.counts.done - self.counts.failed
    }
}
