//! The GStreamer seam: sources in, arrivals out. Nothing else in the program decodes.
//!
//! A source runs on a thread of its own, which builds the pipeline, watches its bus and takes it
//! down; GStreamer's streaming threads decode, choose and convert, and wait where the dataflow
//! has enough to do. Lock order: an origin before a budget.

mod choice;
mod colour;
mod decode;
mod decoding;
mod error;
mod file;
mod grid;
pub mod live;
mod origin;
mod outlet;
mod picture;
mod queues;
mod selective;
mod sight;
mod sound;
mod spec;
mod still;
mod teardown;
#[cfg(test)]
pub mod testing;
mod tracks;
mod watch;
mod yuv;

use crate::fault::Fault;
use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use jiff::Timestamp;

pub use decoding::Decoding;
pub use error::SourceError;
pub use outlet::{Inbox, Inlet, Outlet, Wake, inbox};
pub use selective::Frames;
use sonoscope_operators::{
    ClockSource, Event, GridSpec, SEGMENT_SAMPLES, SourceId, SourceInfo, WINDOW_REACH, Wishes,
};
pub use spec::{path_of, shown};
pub use still::{StillError, still};
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
    /// Where its pictures are decoded.
    pub decoding: Decoding,
    /// When it began.
    pub began: Began,
    /// How long it is, told as soon as it is known.
    pub length: SourceLength,
    /// Who may have others read a part of it.
    pub sharing: Option<Arc<dyn Sharing>>,
    /// Whether it goes on whether anyone keeps up or not.
    pub is_live: bool,
    /// What is asked for of it alone.
    pub wishes: Wishes,
}

/// Whoever may have a long recording read by several.
pub trait Sharing: fmt::Debug + Send + Sync {
    /// The source is open and lasts so long, if that is known: now is the time to cut it.
    fn offer(&self, source: &SourceSpec, length_s: Option<u64>);

    /// The first second that others read, if it was cut.
    fn end(&self) -> Option<i64>;
}

/// When a recording began, by the clock on the wall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Began {
    /// Nobody knows.
    #[default]
    Unknown,
    /// Then, as somebody says.
    At(Timestamp, ClockSource),
    /// When its container says that it was made.
    InContainer,
}

/// How long a source is, where its time begins and what is wrong with its sound, for all who hold
/// a clone to read; filled in while the source is open.
#[derive(Clone, Debug, Default)]
pub struct SourceLength(Arc<Length>);

#[derive(Debug, Default)]
struct Length {
    seconds: OnceLock<u64>,
    origin_ns: Mutex<Option<i64>>,
    not_numbers: AtomicU64,
}

impl SourceLength {
    /// Seconds that are wanted of the source, if that is known yet.
    pub fn seconds(&self) -> Option<u64> {
        self.0.seconds.get().copied()
    }

    /// The stream time at which the source starts, if that is known yet.
    pub fn origin_ns(&self) -> Option<i64> {
        *self.0.origin()
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

    /// Takes note of the start. That of a live source moves when its clock is better known.
    fn set_origin(&self, origin_ns: i64) {
        *self.0.origin() = Some(origin_ns);
    }
}

impl Length {
    // Whoever panicked while it held the lock left a whole number behind.
    fn origin(&self) -> MutexGuard<'_, Option<i64>> {
        self.origin_ns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

impl SecondRange {
    /// The seconds that are in both.
    pub fn within(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        }
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

/// How sources are read, all of a run in the same way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    /// Which of their seconds are wanted.
    pub range: SecondRange,
    /// Which of their pictures are decoded.
    pub frames: Frames,
    /// The pictures that are wanted beside those of the seconds' middles, if any are.
    pub grid: Option<GridSpec>,
    /// Where they are decoded.
    pub decoding: Decoding,
}

impl Reading {
    /// With the pictures of a grid, too.
    ///
    /// # Errors
    /// When only key frames are to be decoded: there are too few of them.
    pub fn with_grid(mut self, grid: Option<GridSpec>) -> Result<Self, Fault> {
        if grid.is_some() && self.frames == Frames::Keyframe {
            let fault = Fault::usage("a network that looks at motion cannot do with key frames");
            return Err(fault.tip("leave out --frames keyframe"));
        }
        self.grid = grid;
        Ok(self)
    }
}

impl SourceSpec {
    /// A recording, read in this way.
    pub fn new(id: SourceId, path: PathBuf, reading: Reading) -> Self {
        Self {
            id,
            ordinal: 0,
            path,
            range: reading.range,
            frames: reading.frames,
            grid: reading.grid,
            decoding: reading.decoding,
            began: Began::default(),
            length: SourceLength::default(),
            sharing: None,
            is_live: false,
            wishes: Wishes::default(),
        }
    }

    /// It is read elsewhere, where it was found to last so long.
    pub(crate) fn lasts(&self, length_s: u64) {
        self.length.set_seconds(self.range.of(length_s));
    }

    /// How much sound of it may wait, if it may be so much of a recording.
    fn most_sound_bytes(&self, recorded: usize) -> usize {
        let seconds = 3 * SEGMENT_SAMPLES * size_of::<f32>();
        if self.is_live { seconds } else { recorded }
    }

    /// Likewise, pictures. A live source is not to have more seconds waiting than it may be late.
    fn most_picture_bytes(&self, recorded: usize) -> usize {
        if self.is_live { recorded / 8 } else { recorded }
    }

    /// The seconds that are wanted of it here, and not read by others.
    fn own_range(&self) -> SecondRange {
        let end = self.sharing.as_ref().and_then(|sharing| sharing.end());
        SecondRange {
            to: end.unwrap_or(self.range.to),
            ..self.range
        }
    }

    /// The seconds to be read: those wanted and, where windows are cut, those that these reach to.
    fn read_range(&self) -> SecondRange {
        let reach = self.grid.map_or(0, |_| WINDOW_REACH as i64);
        let (own, most) = (self.own_range(), SecondRange::default());
        SecondRange {
            from: (own.from - reach).max(most.from),
            to: own.to.saturating_add(reach).min(most.to),
        }
    }

    /// What rows say of the source, once its tracks are known.
    /// `created` is when its container says that it was made, if that was looked for.
    fn info(&self, has_audio: bool, has_video: bool, created: Option<Timestamp>) -> SourceInfo {
        let (began, clock_source) = match (self.began, created) {
            (Began::At(began, source), _) => (Some(began), source),
            (Began::InContainer, Some(began)) => (Some(began), ClockSource::Container),
            (Began::InContainer | Began::Unknown, _) => (None, ClockSource::File),
        };
        SourceInfo {
            id: self.id.clone(),
            ordinal: self.ordinal,
            session: 0,
            base_segment: 0,
            first_segment: self.read_range().from,
            wanted: self.own_range().from..self.own_range().to,
            has_audio,
            has_video,
            began,
            clock_source,
            wishes: self.wishes,
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
