//! A source for tests that need one to be there and nothing of it.

use sonoscope_operators::{ClockSource, SourceId, SourceInfo, Wishes};
use std::ops::Range;

/// The first source of a run, a recording with sound and picture, whose seconds `wanted` are
/// asked for.
pub fn source(wanted: Range<i64>) -> SourceInfo {
    SourceInfo {
        id: SourceId::slug("test"),
        ordinal: 0,
        session: 0,
        base_segment: 0,
        first_segment: 0,
        wanted,
        has_audio: true,
        has_video: true,
        began: None,
        clock_source: ClockSource::File,
        wishes: Wishes::default(),
    }
}
