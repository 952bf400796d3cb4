//! The seconds in which a live source gives nothing.

use std::sync::Arc;

use jiff::Timestamp;
use sonoscope_operators::{ClockSource, Event, SECOND_NS, SourceInfo};

use super::{super::SourceSpec, Outlet, clock::unix_ns};

/// A source that has never given anything is given so long before that counts as an outage.
const FIRST_NS: i64 = 5 * SECOND_NS;

/// Tells the dataflow, second by second, that nothing comes.
pub struct Outage {
    spec: SourceSpec,
    outlet: Outlet,
    /// The first second that has to be accounted for, until a session has opened.
    first_s: Option<i64>,
    told_s: i64,
}

impl Outage {
    /// Of a source that begins now, or has to account for all seconds from `resume_s` on, if that
    /// is not 0.
    pub fn new(spec: &SourceSpec, outlet: Outlet, resume_s: i64) -> Self {
        let now_s = unix_ns().div_euclid(SECOND_NS);
        let mut outage = Self {
            spec: spec.clone(),
            outlet,
            first_s: Some(if resume_s > 0 { resume_s } else { now_s }),
            told_s: now_s,
        };
        if resume_s > 0 {
            outage.open();
        }
        outage
    }

    /// A session has ended.
    pub fn begins(&mut self, now_ns: i64) {
        self.first_s = None;
        self.told_s = now_ns.div_euclid(SECOND_NS);
    }

    /// Nothing comes at this time.
    pub fn tick(&mut self, now_ns: i64) {
        if let Some(first_s) = self.first_s {
            if now_ns - first_s * SECOND_NS < FIRST_NS {
                return;
            }
            self.open();
        }
        let before = now_ns.div_euclid(SECOND_NS);
        if before > self.told_s {
            self.told_s = before;
            self.outlet.send(Event::Missing { before });
        }
    }

    /// Something has to be there of which seconds can be missing.
    fn open(&mut self) {
        let Some(first_s) = self.first_s.take() else {
            return;
        };
        let info = SourceInfo {
            base_segment: first_s,
            first_segment: 0,
            began: Some(Timestamp::UNIX_EPOCH),
            clock_source: ClockSource::Host,
            ..self.spec.info(true, true, None)
        };
        self.outlet.send(Event::Opened(Arc::new(info)));
        self.outlet.send(Event::Interrupted);
    }
}
