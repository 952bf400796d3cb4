//! Decoded sound and pictures to one [`Segment`] per second.

mod gaps;
mod pictures;
mod sound;

use std::sync::Arc;

use timely::{dataflow::StreamVec, progress::Timestamp};

use gaps::Gaps;
use pictures::VideoTrack;
use sound::{AudioTrack, dbfs};

use crate::{
    Arrival, Event, SECOND_NS, SEGMENT_SAMPLES, Segment, SourceInfo, Status,
    cut::{Cuts, Cutter, cut},
};

/// Digital silence is this loud, so that every level is a number.
pub const DBFS_FLOOR: f32 = -120.0;

/// Sound below this level is [`Status::Silent`] unless told otherwise.
pub const DEFAULT_SILENCE_DBFS: f32 = -60.0;

/// What may be missing of a second of sound that still counts as whole: a codec's padding, a
/// rounded timestamp.
const TOLERANCE_SAMPLES: usize = SEGMENT_SAMPLES / 20;

/// Cuts the arrivals of each source into segments, in order per source; beside them, the end of
/// each source.
///
/// Holds no capability: a segment leaves at the time of the arrival that completed it, and an end
/// at that of the last one, which is no earlier than any segment of its source.
pub fn slice<'scope, T: Timestamp>(
    arrivals: StreamVec<'scope, T, Arrival>,
    silence_dbfs: f32,
) -> Cuts<'scope, T> {
    cut(arrivals, "Slice", move || Slicer::new(silence_dbfs))
}

/// The slicer of one source: events go in, and as an iterator it gives the segments that are
/// complete. After [`Event::Closed`] it gives all that is left, then nothing more.
///
/// Segments come in order, each at most once: where a session of a live source begins before the
/// last one's end, what was told first counts.
#[derive(Debug)]
pub struct Slicer {
    silence_dbfs: f32,
    source: Option<Arc<SourceInfo>>,
    /// The next segment.
    next: i64,
    audio: AudioTrack,
    video: VideoTrack,
    gaps: Gaps,
}

impl Slicer {
    /// A slicer for which sound below `silence_dbfs` is silent.
    pub fn new(silence_dbfs: f32) -> Self {
        Self {
            silence_dbfs,
            source: None,
            next: 0,
            audio: AudioTrack::default(),
            video: VideoTrack::default(),
            gaps: Gaps::default(),
        }
    }

    /// Takes note of an event.
    pub fn push(&mut self, event: Event) {
        match event {
            Event::Opened(source) => self.open(source),
            Event::Clock(clock_source) => {
                self.source = self.source.take().map(|source| {
                    Arc::new(SourceInfo {
                        clock_source,
                        ..(*source).clone()
                    })
                });
            }
            Event::Audio {
                start_ns,
                samples,
                permit,
            } => self.audio.push(start_ns, samples, permit),
            Event::AudioDue { before } => self.audio.due = self.audio.due.max(before),
            Event::AudioEnd => self.audio.ended = true,
            Event::Before(frame) => self.video.last = frame.map(|frame| frame.picture),
            Event::Video(pick) => self.video.push(pick),
            Event::VideoEnd { end_ns } => {
                self.video.end_ns = end_ns;
                self.video.ended = true;
            }
            Event::Dropped { before } => {
                let base = self.source.as_ref().map_or(0, |source| source.base_segment);
                self.gaps.drop(self.next, base + before);
            }
            Event::Interrupted => {
                self.end();
                self.gaps.is_open = true;
            }
            Event::Missing { before } => self.gaps.reach(before),
            Event::Closed => {
                self.end();
                self.gaps.is_open = false;
            }
            Event::Cut => self.source = None,
        }
    }

    fn open(&mut self, source: Arc<SourceInfo>) {
        self.audio = AudioTrack::default();
        self.audio.ended = !source.has_audio;
        self.video = VideoTrack::from(source.first_segment);
        self.video.ended = !source.has_video;
        let first = source.base_segment + source.first_segment;
        match self.source {
            None => self.next = first,
            Some(_) => self.gaps.reach(first),
        }
        self.gaps.is_open = false;
        self.source = Some(source);
    }

    fn end(&mut self) {
        self.audio.ended = true;
        self.video.ended = true;
    }

    fn is_complete(&self, second: i64) -> bool {
        if self.audio.ended && self.video.ended {
            let length_ns = self.audio.length_ns().max(self.video.end_ns);
            return length_ns - second * SECOND_NS >= SECOND_NS / 2;
        }
        self.audio.is_complete(second) && self.video.is_complete(second)
    }

    /// A segment, or several in one, of which there is nothing.
    fn gap(&mut self, source: Arc<SourceInfo>) -> Option<Segment> {
        let seconds = self.gaps.take(self.next)?;
        let index = self.next;
        self.next += seconds;
        let status = |has| if has { Status::Gap } else { Status::Absent };
        Some(Segment {
            audio: status(source.has_audio),
            video: status(source.has_video),
            source,
            index,
            seconds,
            dropped: 0,
            samples: None,
            audio_dbfs: None,
            frame: None,
            grid: None,
            window: None,
        })
    }
}

impl Cutter for Slicer {
    fn push(&mut self, event: Event) {
        Slicer::push(self, event);
    }
}

impl Iterator for Slicer {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        let source = self.source.clone()?;
        if self.gaps.is_any_from(self.next) {
            return self.gap(source);
        }
        let index = self.next;
        let second = index - source.base_segment;
        if !self.is_complete(second) {
            return None;
        }
        self.next += 1;
        let (samples, covered) = self.audio.take(second);
        let audio_dbfs = (covered > 0).then(|| dbfs(&samples, covered));
        let audio = match audio_dbfs {
            _ if !source.has_audio => Status::Absent,
            _ if covered < SEGMENT_SAMPLES / 2 => Status::Gap,
            Some(level) if level < source.wishes.silence_dbfs.unwrap_or(self.silence_dbfs) => {
                Status::Silent
            }
            _ if covered + TOLERANCE_SAMPLES < SEGMENT_SAMPLES => Status::Partial,
            _ => Status::Present,
        };
        let (video, mut frame, grid) = self.video.take(second, source.has_video);
        if let Some(frame) = &mut frame {
            frame.pts_ns += source.base_segment * SECOND_NS;
        }
        Some(Segment {
            source,
            index,
            seconds: 1,
            dropped: self.gaps.end(),
            audio,
            video,
            samples: audio.usable().then(|| samples.into()),
            audio_dbfs: audio_dbfs.filter(|_| audio.usable()),
            frame,
            grid,
            window: None,
        })
    }
}
