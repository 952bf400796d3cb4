//! Decoded sound and pictures to one [`Segment`] per second.

mod gaps;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        StreamVec,
        channels::pact::Pipeline,
        operators::{core::OkErr, generic::Operator},
    },
    progress::Timestamp,
};

use gaps::Gaps;

use crate::{
    Arrival, ChosenFrame, Event, Frame, Grid, Permit, Picture, SECOND_NS, SEGMENT_SAMPLES, Segment,
    SourceEnd, SourceInfo, Status,
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

/// What makes segments of the events of one source. As an iterator it gives those that are
/// complete.
pub(crate) trait Cutter: Iterator<Item = Segment> + 'static {
    /// Takes note of an event.
    fn push(&mut self, event: Event);
}

/// The segments of all sources, and their ends.
pub type Cuts<'scope, T> = (
    StreamVec<'scope, T, Segment>,
    StreamVec<'scope, T, SourceEnd>,
);

/// Gives the arrivals of each source to a cutter of its own, and passes on what comes of them.
pub(crate) fn cut<'scope, T: Timestamp, C: Cutter>(
    arrivals: StreamVec<'scope, T, Arrival>,
    name: &str,
    new: impl Fn() -> C + 'static,
) -> Cuts<'scope, T> {
    arrivals
        .unary::<CapacityContainerBuilder<Vec<Result<Segment, SourceEnd>>>, _, _, _>(
            Pipeline,
            name,
            move |_, _| {
                let mut sources: HashMap<u32, (C, u64)> = HashMap::new();
                move |input, output| {
                    input.for_each_stamp(|stamp, batches| {
                        let mut session = output.session(&stamp);
                        for Arrival { ordinal, event } in batches.flat_map(|batch| batch.drain(..))
                        {
                            let whole = event.ends();
                            let (cutter, segments) =
                                sources.entry(ordinal).or_insert_with(|| (new(), 0));
                            cutter.push(event);
                            let cuts = cutter.inspect(|_| *segments += 1);
                            session.give_iterator(cuts.map(Ok));
                            if let Some(whole) = whole {
                                session.give(Err(SourceEnd {
                                    ordinal,
                                    segments: *segments,
                                    whole,
                                }));
                                sources.remove(&ordinal);
                            }
                        }
                    });
                }
            },
        )
        .ok_err(|cut| cut)
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

/// Level of sound of which `covered` samples are there, the others being zero.
fn dbfs(samples: &[f32], covered: usize) -> f32 {
    let energy: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    let level = 10.0 * (energy / covered as f64).log10();
    // Hundredths are finer than anyone hears, and keep rows short.
    ((level as f32).max(DBFS_FLOOR) * 100.0).round() / 100.0
}

/// The sound of a source that is not yet cut: runs of samples, in order, without overlap.
#[derive(Debug, Default)]
struct AudioTrack {
    runs: VecDeque<Run>,
    through: i64,
    /// Seconds before this one do not wait.
    due: i64,
    ended: bool,
}

#[derive(Debug)]
struct Run {
    start: i64,
    samples: Vec<f32>,
    _permit: Option<Permit>,
}

impl AudioTrack {
    fn push(&mut self, start_ns: i64, mut samples: Vec<f32>, permit: Option<Permit>) {
        let mut start = sample_from_ns(start_ns);
        // What overlaps with sound already there comes too late: the first telling counts.
        let known = usize::try_from(self.through - start).unwrap_or(0);
        if known >= samples.len() {
            return;
        }
        samples.drain(..known);
        start += known as i64;
        self.through = start + samples.len() as i64;
        self.runs.push_back(Run {
            start,
            samples,
            _permit: permit,
        });
    }

    fn is_complete(&self, second: i64) -> bool {
        self.ended || second < self.due || self.through >= (second + 1) * SEGMENT_SAMPLES as i64
    }

    fn length_ns(&self) -> i64 {
        ns_from_sample(self.through)
    }

    /// The second's samples, silence where there is none, and how many there are.
    fn take(&mut self, second: i64) -> (Vec<f32>, usize) {
        let begin = second * SEGMENT_SAMPLES as i64;
        let end = begin + SEGMENT_SAMPLES as i64;
        let mut second = vec![0.0; SEGMENT_SAMPLES];
        let mut covered = 0;
        while let Some(run) = self.runs.front() {
            let run_end = run.start + run.samples.len() as i64;
            let (from, to) = (run.start.max(begin), run_end.min(end));
            if from < to {
                let within = |base: i64| (from - base) as usize..(to - base) as usize;
                second[within(begin)].copy_from_slice(&run.samples[within(run.start)]);
                covered += (to - from) as usize;
            }
            if run_end > end {
                break;
            }
            self.runs.pop_front();
        }
        (second, covered)
    }
}

/// The chosen pictures of a source that are not yet part of a segment.
#[derive(Debug, Default)]
struct VideoTrack {
    /// Those of seconds in a row.
    chosen: VecDeque<ChosenFrame>,
    /// The second of the first of them, or of the next that comes.
    first: i64,
    last: Option<Arc<Picture>>,
    end_ns: i64,
    ended: bool,
}

impl VideoTrack {
    /// One whose first picture is that of this second.
    fn from(first: i64) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    fn push(&mut self, pick: ChosenFrame) {
        self.chosen.push_back(pick);
    }

    fn is_complete(&self, second: i64) -> bool {
        self.ended || self.first + self.chosen.len() as i64 > second
    }

    fn take(&mut self, second: i64, has_video: bool) -> (Status, Option<Frame>, Option<Arc<Grid>>) {
        // Those of seconds that were given up.
        while self.first < second && self.chosen.pop_front().is_some() {
            self.first += 1;
        }
        let chosen = match self.first == second {
            true => self.chosen.pop_front(),
            false => None,
        };
        self.first += i64::from(chosen.is_some());
        let Some(ChosenFrame {
            frame: Some(frame),
            whole,
            grid,
        }) = chosen
        else {
            self.last = None;
            let status = if has_video {
                Status::Gap
            } else {
                Status::Absent
            };
            return (status, None, None);
        };
        // Equal pictures are one from here on, so that it can be seen that they are.
        let last = self.last.take().filter(|last| *last == frame.picture);
        let frozen = last.is_some();
        let picture = last.unwrap_or(frame.picture);
        self.last = Some(picture.clone());
        let frame = Frame { picture, ..frame };
        let status = match (whole, frozen) {
            (false, _) => Status::Partial,
            (true, true) => Status::Frozen,
            (true, false) => Status::Present,
        };
        (status, Some(frame), grid)
    }
}

fn sample_from_ns(ns: i64) -> i64 {
    let samples = i128::from(ns) * SEGMENT_SAMPLES as i128;
    (samples + i128::from(SECOND_NS) / 2).div_euclid(i128::from(SECOND_NS)) as i64
}

fn ns_from_sample(sample: i64) -> i64 {
    (i128::from(sample) * i128::from(SECOND_NS) / SEGMENT_SAMPLES as i128) as i64
}
