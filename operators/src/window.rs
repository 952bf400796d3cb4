//! The seconds around each second, for networks that look and listen for longer than one.

use std::{collections::VecDeque, sync::Arc};

use sonoscope_models::WINDOW_SECONDS;
use timely::{dataflow::StreamVec, progress::Timestamp};

use crate::{
    Arrival, Event, Grid, Segment, Slicer,
    cut::{Cuts, Cutter, cut},
};

/// Seconds that a window reaches over before the one that it is for, and behind it.
pub const WINDOW_REACH: usize = WINDOW_SECONDS / 2;

/// A second and those around it, `[k - 2, k + 3)`: all that networks may cut their own windows of,
/// which are centred on `k + 0.5 s`.
#[derive(Clone, Debug)]
pub struct Window {
    /// Without a gap, in order.
    pub seconds: [WindowSecond; WINDOW_SECONDS],
}

/// What there is to see and to hear of one second.
#[derive(Clone, Debug)]
pub struct WindowSecond {
    /// [`SEGMENT_SAMPLES`](crate::SEGMENT_SAMPLES) mono samples, full scale 1.
    pub samples: Arc<[f32]>,
    /// Its pictures.
    pub grid: Arc<Grid>,
}

impl WindowSecond {
    /// Of a segment that has both.
    fn of(segment: &Segment) -> Option<Self> {
        Some(Self {
            samples: segment.samples.clone()?,
            grid: segment.grid.clone()?,
        })
    }
}

/// Cuts the arrivals of each source into segments, in order per source, each with the
/// [`Window`] around it where all five seconds have sound and a whole grid of pictures: not the
/// first two of a source, not the last two, and none so near to a gap. Segments that are not
/// [wanted](crate::SourceInfo::wanted) lend their sound and pictures to those inside, and are not
/// passed on. The ends of sources go beside, as with [`slice`](crate::slice()).
///
/// Holds no capability: a segment leaves at the time of the arrival that completed its window.
/// Of each source it remembers five seconds of sound and small pictures, and of at most three of
/// them the large one.
pub fn window<'scope, T: Timestamp>(
    arrivals: StreamVec<'scope, T, Arrival>,
    silence_dbfs: f32,
) -> Cuts<'scope, T> {
    cut(arrivals, "Window", move || {
        Windower::new(Slicer::new(silence_dbfs))
    })
}

/// The windower of one source: events go in, and as an iterator it gives the segments whose
/// windows are complete. After [`Event::Closed`] or [`Event::Cut`] it gives all that wait.
///
/// ```
/// # use std::sync::Arc;
/// # use sonoscope_operators::*;
/// # let source = Arc::new(SourceInfo {
/// #     id: SourceId::slug("test"), ordinal: 0, session: 0, base_segment: 0, first_segment: 0, wanted: 0..99,
/// #     has_audio: true, has_video: true, began: None, clock_source: ClockSource::File,
/// #     wishes: Wishes::default(),
/// # });
/// # let grid = Some(Arc::new(Grid { pictures: Vec::new(), permit: None }));
/// # let picture = Arc::new(Picture { width: 1, height: 1, rgb: vec![0; 3] });
/// # let frame = Some(Frame { pts_ns: 0, picture, permit: None });
/// # let sound = Event::Audio { start_ns: 0, samples: vec![0.1; 8 * 48_000], permit: None };
/// # let chosen = ChosenFrame { frame, whole: true, grid };
/// let mut windower = Windower::new(Slicer::new(-60.0));
/// windower.push(Event::Opened(source));
/// windower.push(sound); // Eight seconds,
/// for _ in 0..8 {
///     windower.push(Event::Video(chosen.clone())); // and eight pictures with their grids.
/// }
/// // The window of second 5 reaches to the end of second 7.
/// let known: Vec<_> = windower.by_ref().map(|segment| segment.index).collect();
/// assert_eq!(known, [0, 1, 2, 3, 4, 5]);
/// windower.push(Event::Closed);
/// let rest: Vec<_> = windower.map(|segment| segment.window.is_some()).collect();
/// assert_eq!(rest, [false, false]);
/// ```
#[derive(Debug)]
pub struct Windower {
    slicer: Slicer,
    /// Segments that wait for what comes behind them.
    waiting: VecDeque<Segment>,
    /// The seconds around the first of them, as far as they are known; none for a gap.
    around: VecDeque<Option<WindowSecond>>,
    ended: bool,
}

impl Windower {
    /// A windower behind a slicer.
    pub fn new(slicer: Slicer) -> Self {
        Self {
            slicer,
            waiting: VecDeque::new(),
            around: VecDeque::from(vec![None; WINDOW_REACH]),
            ended: false,
        }
    }

    /// Takes note of an event.
    pub fn push(&mut self, event: Event) {
        self.ended |= matches!(event, Event::Closed | Event::Cut);
        self.slicer.push(event);
        for segment in self.slicer.by_ref() {
            self.around.push_back(WindowSecond::of(&segment));
            self.waiting.push_back(segment);
        }
    }

    /// The next segment whose window is complete, whether it is wanted or not.
    fn complete(&mut self) -> Option<Segment> {
        if self.around.len() < WINDOW_SECONDS && !self.ended {
            return None;
        }
        let mut segment = self.waiting.pop_front()?;
        let seconds = self.around.iter().take(WINDOW_SECONDS);
        let seconds: Option<Vec<_>> = seconds.cloned().collect();
        segment.window = (seconds.and_then(|seconds| seconds.try_into().ok()))
            .map(|seconds| Arc::new(Window { seconds }));
        self.around.pop_front();
        Some(segment)
    }
}

impl Cutter for Windower {
    fn push(&mut self, event: Event) {
        Windower::push(self, event);
    }
}

impl Iterator for Windower {
    type Item = Segment;

    fn next(&mut self) -> Option<Segment> {
        loop {
            let segment = self.complete()?;
            if segment.source.wanted.contains(&segment.index) {
                return Some(segment);
            }
        }
    }
}
