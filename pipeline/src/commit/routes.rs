//! Which sinks take the rows of which live source.

use std::{borrow::Cow, collections::HashMap};

use sonoscope_operators::Row;

use crate::{
    cameras::{Roster, is_camera},
    sinks::SinkUri,
};

/// Sinks that live sources have chosen; all others take all.
#[derive(Default)]
pub struct Routes {
    roster: Option<Roster>,
    /// Of the live sources of which rows have come, by their ordinals: they may be taken out while
    /// rows are still on their way.
    chosen: HashMap<u32, Vec<SinkUri>>,
}

impl Routes {
    /// As the sources of a roster have chosen.
    pub fn new(roster: Roster) -> Self {
        Self {
            roster: Some(roster),
            chosen: HashMap::new(),
        }
    }

    /// Rows are about to be written.
    pub fn see(&mut self, rows: &[Row]) {
        let Some(roster) = &self.roster else {
            return;
        };
        for row in rows.iter().filter(|row| is_camera(row.ordinal)) {
            if let Some(camera) = (!self.chosen.contains_key(&row.ordinal))
                .then(|| roster.find(&row.source, row.ordinal))
                .flatten()
            {
                self.chosen.insert(row.ordinal, camera.spec.sinks.clone());
            }
        }
    }

    /// Those of the rows that a sink takes.
    pub fn of<'a>(&self, sink: &SinkUri, rows: &'a [Row]) -> Cow<'a, [Row]> {
        let takes = |row: &Row| {
            (self.chosen.get(&row.ordinal))
                .is_none_or(|chosen| chosen.is_empty() || chosen.contains(sink))
        };
        match rows.iter().all(takes) {
            true => Cow::Borrowed(rows),
            false => rows.iter().filter(|row| takes(row)).cloned().collect(),
        }
    }

    /// A source gives no more.
    pub fn ended(&mut self, ordinal: u32) {
        self.chosen.remove(&ordinal);
    }
}
