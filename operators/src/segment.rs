//! The vocabulary: what the operators say to each other.

use std::{fmt, ops::Range, str::FromStr, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Window, budget::Permit, grid::Grid};

/// Nanoseconds in a second, the length of a [`Segment`].
pub const SECOND_NS: i64 = 1_000_000_000;

/// Samples of mono sound in a [`Segment`]: one second at 48 kHz.
pub const SEGMENT_SAMPLES: usize = 48_000;

/// The longest name that is taken from outside. Sinks make file names of it.
const LONGEST_ID_BYTES: usize = 100;

/// The name of one camera or one recording: a short slug, unique in a run, never a URL.
///
/// ```
/// # use sonoscope_operators::SourceId;
/// assert_eq!(SourceId::slug("Front Door (1).mp4").as_str(), "front-door-1-mp4");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(Arc<str>);

impl SourceId {
    /// The slug of a name: letters and digits in lower case, everything else a single `-`.
    /// A name without a letter or digit becomes `source`.
    pub fn slug(name: &str) -> Self {
        let mut slug = String::with_capacity(name.len());
        for c in name.chars().flat_map(char::to_lowercase) {
            if c.is_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        Self(if slug.is_empty() { "source" } else { slug }.into())
    }

    /// The slugs of folders and of a name in the last of them, with `_` between them, and behind a
    /// dot that of an extension.
    ///
    /// ```
    /// # use sonoscope_operators::SourceId;
    /// let id = SourceId::joined(["2024", "Front Door"], Some("mkv"));
    /// assert_eq!(id.as_str(), "2024_front-door.mkv");
    /// ```
    pub fn joined<S: AsRef<str>>(
        parts: impl IntoIterator<Item = S>,
        extension: Option<&str>,
    ) -> Self {
        let slugs = parts.into_iter().map(|part| Self::slug(part.as_ref()).0);
        let mut joined = slugs.collect::<Vec<_>>().join("_");
        if let Some(extension) = extension {
            joined = format!("{joined}.{}", Self::slug(extension));
        }
        Self(joined.into())
    }

    /// The slug, of at most so many bytes, with a hash behind it.
    pub fn hashed(&self, hash: &str, longest_bytes: usize) -> Self {
        let end = (0..=longest_bytes.min(self.0.len())).rfind(|&at| self.0.is_char_boundary(at));
        let short = &self.0[..end.unwrap_or(0)];
        Self(format!("{short}-{hash}").into())
    }

    /// The slug as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same slug with a number behind it, for a second source of the same name.
    pub fn numbered(&self, number: usize) -> Self {
        Self(format!("{}-{number}", self.0).into())
    }
}

/// Why a text is no name of a source. It does not repeat the text, which may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSourceId;

impl fmt::Display for NoSourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a source's name is at most {LONGEST_ID_BYTES} bytes of small letters, digits, `-`, \
             `_` and `.`, of which the last begins none and follows no other"
        )
    }
}

impl std::error::Error for NoSourceId {}

impl FromStr for SourceId {
    type Err = NoSourceId;

    /// A name that is a slug already.
    ///
    /// ```
    /// # use sonoscope_operators::SourceId;
    /// assert!("front-door.2".parse::<SourceId>().is_ok());
    /// for wrong in ["", "Front Door", "../door", "a/b", "a..b", ".door"] {
    ///     assert!(wrong.parse::<SourceId>().is_err(), "{wrong}");
    /// }
    /// ```
    fn from_str(text: &str) -> Result<Self, NoSourceId> {
        let is_plain =
            |c: char| matches!(c, '-' | '_' | '.') || (c.is_alphanumeric() && !c.is_uppercase());
        let is_name = !text.is_empty()
            && text.len() <= LONGEST_ID_BYTES
            && text.chars().all(is_plain)
            && !text.starts_with('.')
            && !text.contains("..");
        match is_name {
            true => Ok(Self(text.into())),
            false => Err(NoSourceId),
        }
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How one modality of one segment fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// There, and whole.
    Present,
    /// Sound below the level of silence.
    Silent,
    /// The same picture as in the segment before.
    Frozen,
    /// At least half of the second, but not all of it; what is missing is silence.
    Partial,
    /// The source has this modality, but not (or less than half of it) in this second.
    Gap,
    /// The source does not have this modality at all.
    Absent,
}

impl Status {
    /// Whether there is something for a network to look at or listen to.
    pub fn usable(self) -> bool {
        !matches!(self, Status::Gap | Status::Absent)
    }
}

/// A picture: packed RGB, upright, 8 bits a channel, full range.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Columns, in pixels.
    pub width: u32,
    /// Rows, in pixels.
    pub height: u32,
    /// `height` rows of `width` times red, green, blue, without padding.
    pub rgb: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

/// What is asked for of one source and not of the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wishes {
    /// Below this level its sound is silent, if not as for all.
    pub silence_dbfs: Option<f32>,
    /// Which of the run's networks look at it: the bit of each, by its ordinal.
    pub networks: u64,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            silence_dbfs: None,
            networks: u64::MAX,
        }
    }
}

impl Wishes {
    /// Whether a network looks at the source.
    pub fn wants(&self, network: usize) -> bool {
        u32::try_from(network).is_ok_and(|network| self.networks.unbounded_shr(network) & 1 == 1)
    }
}

/// What is known of a source before its first segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceInfo {
    /// Its name in rows.
    pub id: SourceId,
    /// Its place among the sources of the run, from 0.
    pub ordinal: u32,
    /// Which uninterrupted connection this is, from 0. Timestamps mean nothing across sessions.
    pub session: u32,
    /// The segment at whose start its times begin: 0 for recordings, for a session of a live source
    /// a Unix second.
    pub base_segment: i64,
    /// The first segment that is read of it, from there.
    pub first_segment: i64,
    /// The segments wanted of it. What is read beside them lends sound and pictures to windows.
    pub wanted: Range<i64>,
    /// Whether it has a sound track.
    pub has_audio: bool,
    /// Whether it has pictures.
    pub has_video: bool,
    /// When it began, by the clock on the wall, if that is known.
    pub began: Option<Timestamp>,
    /// Where the times of its segments come from.
    pub clock_source: ClockSource,
    /// What is asked for of it alone.
    pub wishes: Wishes,
}

/// Where the times of a source's segments come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockSource {
    /// Position in the file, from its start: when that was is not known.
    File,
    /// The recording began when it was said to begin.
    Given,
    /// The recording began when its container says that it was made.
    Container,
    /// The recording began when its file's name says.
    Name,
    /// A camera's own clock, as its RTCP sender reports tell it.
    RtcpSr,
    /// The clock of this machine, when it came.
    Host,
}

/// The picture on show at the middle of a second.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When it came on show, from the start of the source.
    pub pts_ns: i64,
    /// The picture itself.
    pub picture: Arc<Picture>,
    /// Its share of the memory that the source may hold.
    pub permit: Option<Arc<Permit>>,
}

/// What the source has to show for one second.
#[derive(Clone, Debug)]
pub struct ChosenFrame {
    /// The picture on show at the second's middle, if there is one.
    pub frame: Option<Frame>,
    /// Whether there are pictures from the second's start to its end.
    pub whole: bool,
    /// The pictures of the second's grid, if a grid is wanted and all of them are there.
    pub grid: Option<Arc<Grid>>,
}

/// One second of a source, `[index, index + 1)`: the unit of everything.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Whose second it is.
    pub source: Arc<SourceInfo>,
    /// Which second: since the source's start for recordings, since 1970 (UTC) for live sources.
    pub index: i64,
    /// How many seconds it stands for: one, but for a long outage of a live source.
    pub seconds: i64,
    /// Seconds right before it that were let go undecoded, since there was too much to do.
    pub dropped: u32,
    /// How the sound fared.
    pub audio: Status,
    /// How the picture fared.
    pub video: Status,
    /// [`SEGMENT_SAMPLES`] mono samples, full scale 1, unless `audio` is a gap or absent.
    pub samples: Option<Arc<[f32]>>,
    /// Root mean square of the sound that is there, in dB below full scale, at least
    /// [`DBFS_FLOOR`](crate::slice::DBFS_FLOOR).
    pub audio_dbfs: Option<f32>,
    /// The picture on show at its middle, unless `video` is a gap or absent.
    pub frame: Option<Frame>,
    /// The pictures of its grid, if a grid is wanted and all of them are there.
    pub grid: Option<Arc<Grid>>,
    /// The seconds around it, if [`window`](crate::window()) has seen to it and they are there.
    pub window: Option<Arc<Window>>,
}

impl Segment {
    /// Start in nanoseconds, from where [`index`](Self::index) counts.
    pub fn start_ns(&self) -> i64 {
        self.index * SECOND_NS
    }

    /// End, likewise.
    pub fn end_ns(&self) -> i64 {
        (self.index + self.seconds) * SECOND_NS
    }

    /// When it starts, by the clock on the wall, if that is known.
    pub fn wall_clock(&self) -> Option<Timestamp> {
        let began = self.source.began?;
        let since = SignedDuration::from_nanos(self.start_ns());
        began.checked_add(since).ok()
    }

    /// Whether both modalities are there, so that a network can be asked.
    pub fn is_pair(&self) -> bool {
        self.samples.is_some() && self.frame.is_some()
    }
}

/// What a source sends into the dataflow, in order within each modality. Times and seconds count
/// from [`SourceInfo::base_segment`].
#[derive(Debug)]
pub enum Event {
    /// The source is open; its tracks are known. A live source opens once for each session; the
    /// seconds between two sessions are gaps.
    Opened(Arc<SourceInfo>),
    /// From now on, times come from there.
    Clock(ClockSource),
    /// Seconds before this one do not wait for sound any longer.
    AudioDue {
        /// The first second that still waits.
        before: i64,
    },
    /// Seconds before this one, of which not all is there, were let go undecoded.
    Dropped {
        /// The first second that was not.
        before: i64,
    },
    /// The session has ended: what there is of its last second is cut.
    Interrupted,
    /// No session is open, and seconds before this one are over.
    Missing {
        /// The first segment that may yet come: not from the base of a session that is over.
        before: i64,
    },
    /// A stretch of mono sound at 48 kHz.
    Audio {
        /// When its first sample sounds, from the start of the source.
        start_ns: i64,
        /// The samples, full scale 1.
        samples: Vec<f32>,
        /// Their share of the memory that the source may hold.
        permit: Option<Permit>,
    },
    /// No more sound.
    AudioEnd,
    /// The picture of the second before the first wanted, if there is one: a picture that is the
    /// same is [`Status::Frozen`].
    Before(Option<Frame>),
    /// The next second's picture: one for each second from the first wanted, in order.
    Video(ChosenFrame),
    /// No more pictures; the time at which the last one leaves the screen.
    VideoEnd {
        /// From the start of the source.
        end_ns: i64,
    },
    /// No more of anything: what is left is cut into segments.
    Closed,
    /// The source was stopped on the way: seconds that are not complete are dropped.
    Cut,
}

impl Event {
    /// Whether the source has ended with it, and then whether all of it was read.
    pub fn ends(&self) -> Option<bool> {
        match self {
            Event::Closed => Some(true),
            Event::Cut => Some(false),
            _ => None,
        }
    }
}

/// An [`Event`] and the [`SourceInfo::ordinal`] of its source.
#[derive(Debug)]
pub struct Arrival {
    /// Which source.
    pub ordinal: u32,
    /// What came of it.
    pub event: Event,
}

/// Tells that a source has ended: nothing more comes of it. All its segments were passed on
/// before, at the same time of the dataflow or an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceEnd {
    /// Which source.
    pub ordinal: u32,
    /// How many segments it gave.
    pub segments: u64,
    /// Whether it was read to its end ([`Event::Closed`]) or stopped on the way ([`Event::Cut`]).
    pub whole: bool,
}
