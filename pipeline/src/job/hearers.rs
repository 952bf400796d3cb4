//! Those who hear of sources.

use std::sync::Arc;

use crate::{
    agenda::Audience,
    cameras::CameraSpec,
    commit::Alarm,
    ledger::{Admission, Ledger},
    roll::Roll,
    sources::{Ended, SourceError, SourceSpec},
    tally::Tally,
};

/// Those who decide over sources and hear of them.
pub(super) struct Hearers {
    pub tally: Arc<Tally>,
    pub roll: Roll,
    pub ledger: Option<Arc<Ledger>>,
    pub alarm: Alarm,
    /// The networks of the run, as they were asked for.
    pub networks: Vec<String>,
}

impl Hearers {
    /// The bits of the networks that are to look at a live source.
    fn networks_of(&self, camera: &CameraSpec) -> u64 {
        let is_named = |name: &String| camera.networks.is_empty() || camera.networks.contains(name);
        let named = self
            .networks
            .iter()
            .enumerate()
            .filter(|(_, name)| is_named(name));
        named.fold(0, |bits, (ordinal, _)| {
            bits | 1u64.unbounded_shl(ordinal as u32)
        })
    }

    /// Whether the ledger wants a source to be read, and how many seconds of it there are already.
    fn admit(&self, source: &mut SourceSpec) -> Option<i64> {
        let Some(ledger) = &self.ledger else {
            return Some(0);
        };
        let refused = match ledger.admit(source) {
            Ok(Admission::Read { before_s }) => return Some(before_s),
            Ok(Admission::Done) => {
                self.tally.done_before();
                return None;
            }
            Ok(Admission::Failed { reason }) => SourceError::FailedBefore(reason),
            Ok(Admission::Taken { by }) => SourceError::IdTaken { by },
            Err(error) => {
                self.alarm.raise(Some(error.into()));
                return None;
            }
        };
        self.tally.refused(source, refused);
        None
    }
}

impl Audience for Hearers {
    fn opening(&self, source: &mut SourceSpec) -> bool {
        let Some(before_s) = self.admit(source) else {
            return false;
        };
        self.tally.opening(source);
        self.tally.goes_on(source.ordinal, before_s);
        self.roll.add(source);
        true
    }

    fn joining(&self, source: &mut SourceSpec, camera: &CameraSpec) -> i64 {
        source.wishes.networks = self.networks_of(camera);
        let first_s = self.ledger.as_ref().map(|ledger| ledger.join(source));
        let first_s = first_s.transpose().unwrap_or_else(|error| {
            self.alarm.raise(Some(error.into()));
            None
        });
        self.tally.found();
        self.tally.opening(source);
        first_s.unwrap_or(0)
    }

    fn ended(&self, end: Ended) {
        if let Some(ledger) = self.ledger.as_ref().filter(|_| !end.spec.is_live) {
            ledger.ended(&end);
        }
        self.tally.ended(end);
    }
}
