//! The GStreamer seam: sources in, arrivals out. Nothing else in the program decodes.
//!
//! A source runs on a thread of its own, which builds the pipeline, watches its bus and takes it
//! down; GStreamer's streaming threads decode, choose and convert, and wait where the dataflow
//! has enough to do. Lock order: an origin before a budget.

mod choice;
mod colour;
mod decode;
mod error;
mod file;
mod grid;
mod origin;
mod outlet;
mod picture;
mod selective;
mod sight;
mod sound;
mod spec;
mod tracks;
mod watch;
mod yuv;

use crate::fault::Fault;
use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

pub use error::SourceError;
pub use outlet::{Inbox, Inlet, Outlet, inbox};
pub use selective::Frames;
use sonoscope_operators::{ClockSource, Event, GridSpec, SourceId, SourceInfo, WINDOW_REACH};
pub use spec::{path_of, specs};
pub use watch::Stop;

/// A source as asked for on the command line.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// Its name in rows.
    pub id: SourceId,
    /// Its place among the sources of the run.
    pub ordinal: u32,
    /// The recording.
    pub path: PathBuf,
    /// Which of its seconds are wanted.
    pub range: SecondRange,
    /// Which of its pictures are decoded.
    pub frames: Frames,
    /// The pictures that are wanted beside those of the seconds' middles, if any are.
    pub grid: Option<GridSpec>,
    /// How long it is, told as soon as it is known.
    pub length: SourceLength,
}

/// How long a source is, where its time begins and what is wrong with its sound, for all who hold
/// a clone to read; filled in while the source is open.
#[derive(Clone, Debug, Default)]
pub struct SourceLength(Arc<Length>);

#[derive(Debug, Default)]
struct Length {
    seconds: OnceLock<u64>,
    origin_ns: OnceLock<i64>,
    not_numbers: AtomicU64,
}

impl SourceLength {
    /// Seconds that are wanted of the source, if that is known yet.
    pub fn seconds(&self) -> Option<u64> {
        self.0.seconds.get().copied()
    }

    /// The stream time at which the source starts, if that is known yet.
    pub fn origin_ns(&self) -> Option<i64> {
        self.0.origin_ns.get().copied()
    }

    /// Values of its sound so far that are no numbers, or beyond all measure. They were taken for
    /// silence.
    pub fn not_numbers(&self) -> u64 {
        self.0.not_numbers.load(Ordering::Relaxed)
    }

    /// Takes note of such values.
    fn add_not_numbers(&self, count: u64) {
        self.0.not_numbers.fetch_add(count, Ordering::Relaxed);
    }

    /// Takes note of the length, the first time.
    pub(crate) fn set_seconds(&self, seconds: u64) {
        let _ = self.0.seconds.set(seconds);
    }

    /// Takes note of the start, the first time.
    fn set_origin(&self, origin_ns: i64) {
        let _ = self.0.origin_ns.set(origin_ns);
    }
}

/// The seconds of a source that are wanted: from one, up to but without another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondRange {
    /// The first second wanted.
    pub from: i64,
    /// The first no longer wanted.
    pub to: i64,
}

impl SecondRange {
    /// How many seconds it takes of a source of this length.
    fn of(&self, length_s: u64) -> u64 {
        let end = self.to.min(i64::try_from(length_s).unwrap_or(i64::MAX));
        u64::try_from(end - self.from).unwrap_or(0)
    }
}

impl Default for SecondRange {
    fn default() -> Self {
        Self {
            from: 0,
            to: i64::MAX / sonoscope_operators::SECOND_NS,
        }
    }
}

impl SourceSpec {
    /// Asks for the pictures of a grid, too.
    ///
    /// # Errors
    /// When only key frames are to be decoded: there are too few of them.
    pub fn want_grid(&mut self, grid: Option<GridSpec>) -> Result<(), Fault> {
        if grid.is_some() && self.frames == Frames::Keyframe {
            let fault = Fault::usage("a network that looks at motion cannot do with key frames");
            return Err(fault.tip("leave out --frames keyframe"));
        }
        self.grid = grid;
        Ok(())
    }

    /// The seconds to be read: those wanted and, where windows are cut, those that these reach to.
    fn read_range(&self) -> SecondRange {
        let reach = self.grid.map_or(0, |_| WINDOW_REACH as i64);
        let most = SecondRange::default();
        SecondRange {
            from: (self.range.from - reach).max(most.from),
            to: self.range.to.saturating_add(reach).min(most.to),
        }
    }

    /// What rows say of the source, once its tracks are known.
    fn info(&self, has_audio: bool, has_video: bool) -> SourceInfo {
        SourceInfo {
            id: self.id.clone(),
            ordinal: self.ordinal,
            session: 0,
            first_segment: self.read_range().from,
            wanted: self.range.from..self.range.to,
            has_audio,
            has_video,
            clock_source: ClockSource::File,
        }
    }
}

/// How a source came to its end.
#[derive(Debug)]
pub struct Ended {
    /// The source.
    pub spec: SourceSpec,
    /// Whether all of it was read.
    pub result: Result<(), SourceError>,
}

/// Reads a source on a thread of its own; `ended` hears how it went, before the event that closes
/// it is sent.
///
/// # Errors
/// When the system has no thread to give.
pub fn spawn(
    spec: SourceSpec,
    outlet: Outlet,
    stop: Stop,
    ended: impl FnOnce(Ended) + Send + 'static,
) -> std::io::Result<thread::JoinHandle<()>> {
    thread::Builder::new()
        .name(format!("source {}", spec.id))
        .spawn(move || {
            let result = file::read(&spec, &outlet, &stop);
            let last = match result {
                Ok(()) => Event::Closed,
                // Of the last seconds it is not known what they held.
                Err(_) => Event::Cut,
            };
            // What is known of its length now is all there will be.
            spec.length.set_seconds(0);
            if spec.length.not_numbers() > 0 {
                let count = spec.length.not_numbers();
                tracing::warn!(
                    "{}: {count} values of its sound are no numbers: silence",
                    spec.id
                );
            }
            // The run may be over with the last event, so this goes first.
            ended(Ended { spec, result });
            outlet.send(last);
        })
}
