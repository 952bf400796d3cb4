//! What is counted of the seconds of a window.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    ROLLING_CELLS, Rolling, RollingWindow, SoundingCell,
    histogram::{Histogram, correspondence, loudness},
};
use crate::views::tracks::Key;

const CELLS: usize = ROLLING_CELLS as usize * ROLLING_CELLS as usize;

/// What is remembered of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Glance {
    /// There was something to hear.
    pub sounding: bool,
    /// Sound or picture is missing.
    pub gap: bool,
    /// Seconds before it that were let go.
    pub dropped: u32,
    /// The bin of its correspondence.
    pub correspondence: Option<u8>,
    /// The bin of its level.
    pub loudness: Option<u8>,
    /// Where the sound came from: row by row, from the top left.
    pub cell: Option<u8>,
}

/// Sums over the seconds of a window.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    seconds: u32,
    sounding: u32,
    gaps: u32,
    dropped: u64,
    correspondences: Histogram,
    levels: Histogram,
    cells: Box<[u32; CELLS]>,
}

impl Counts {
    pub fn new() -> Self {
        Self {
            seconds: 0,
            sounding: 0,
            gaps: 0,
            dropped: 0,
            correspondences: Histogram::new(),
            levels: Histogram::new(),
            cells: Box::new([0; CELLS]),
        }
    }

    /// Bytes of memory.
    pub const BYTES: usize = size_of::<Self>() + 2 * Histogram::BYTES + CELLS * size_of::<u32>();

    pub fn add(&mut self, glance: &Glance) {
        self.seconds += 1;
        self.sounding += u32::from(glance.sounding);
        self.gaps += u32::from(glance.gap);
        self.dropped += u64::from(glance.dropped);
        glance
            .correspondence
            .into_iter()
            .for_each(|bin| self.correspondences.add(bin));
        glance
            .loudness
            .into_iter()
            .for_each(|bin| self.levels.add(bin));
        glance
            .cell
            .into_iter()
            .for_each(|cell| self.cells[usize::from(cell)] += 1);
    }

    pub fn remove(&mut self, glance: &Glance) {
        self.seconds -= 1;
        self.sounding -= u32::from(glance.sounding);
        self.gaps -= u32::from(glance.gap);
        self.dropped -= u64::from(glance.dropped);
        glance
            .correspondence
            .into_iter()
            .for_each(|bin| self.correspondences.remove(bin));
        glance
            .loudness
            .into_iter()
            .for_each(|bin| self.levels.remove(bin));
        glance
            .cell
            .into_iter()
            .for_each(|cell| self.cells[usize::from(cell)] -= 1);
    }

    /// The answer of a window that ends there; none of no seconds.
    pub fn answer(&self, key: &Key, window: RollingWindow, end: i64) -> Option<Rolling> {
        (self.seconds > 0).then(|| Rolling {
            source: key.source.clone(),
            network: key.network.clone(),
            window_s: window.length_s,
            end,
            seconds: self.seconds,
            sounding: self.sounding,
            sounding_share: (self.sounding as f32 / self.seconds as f32).into(),
            gaps: self.gaps,
            dropped: self.dropped,
            correspondence: self.correspondences.quantiles(correspondence),
            loudness_dbfs: self.levels.quantiles(loudness),
            cells: self.sounding_cells(),
        })
    }

    fn sounding_cells(&self) -> Arc<[SoundingCell]> {
        let cells = (0..)
            .zip(self.cells.iter())
            .filter(|(_, seconds)| **seconds > 0);
        let cell = |(cell, &seconds): (u8, &u32)| SoundingCell {
            column: cell % ROLLING_CELLS,
            row: cell / ROLLING_CELLS,
            seconds,
        };
        cells.map(cell).collect()
    }
}
