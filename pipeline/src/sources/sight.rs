//! A picture track on its way: of all decoded pictures, the one on show in the middle of each
//! second, converted to RGB.

use std::sync::Arc;

use gstreamer as gst;
use gstreamer_video::VideoOrientationMethod;
use sonoscope_operators::{Budget, ChosenFrame, Event, Frame, Permit, Pick, Picture, SECOND_NS};

use super::{
    Frames, SecondRange, SourceError, SourceLength, SourceSpec,
    choice::Choice,
    grid::GridSight,
    origin::Timeline,
    outlet::Outlet,
    picture::{Converter, duration_ns, stream_time_ns},
    selective::Omitted,
    watch::Watch,
};

/// Pictures that may wait for their sound, or for the networks.
const BUDGET_BYTES: usize = 96 << 20;

/// Where windows are cut, a picture cannot be let go before those of the next two seconds are
/// there; one more is being scored.
const WINDOW_PICTURES: usize = 4;

/// The handler of a source's picture track.
pub struct Sight {
    watch: Arc<Watch>,
    timeline: Timeline,
    outlet: Outlet,
    range: SecondRange,
    length: SourceLength,
    budget: Budget,
    origin_ns: Option<i64>,
    frames: Frames,
    choice: Choice,
    omitted: Omitted,
    next_second: i64,
    reached_ns: i64,
    converter: Converter,
    grid: Option<GridSight>,
    last: Option<(i64, Arc<Picture>, Arc<Permit>)>,
    ended: bool,
}

impl Sight {
    /// A handler that sends what is wanted of the source to `outlet`, and hears by `omitted` of
    /// the pictures that are not decoded.
    pub fn new(
        watch: Arc<Watch>,
        timeline: Timeline,
        outlet: Outlet,
        spec: &SourceSpec,
        omitted: Omitted,
    ) -> Self {
        let grid = (spec.grid).map(|grid| GridSight::new(grid, spec.read_range(), watch.clone()));
        let least_pictures = grid.as_ref().map_or(1, |_| WINDOW_PICTURES);
        Self {
            watch,
            timeline,
            outlet,
            range: spec.read_range(),
            length: spec.length.clone(),
            budget: Budget::with_room_for(least_pictures, spec.most_picture_bytes(BUDGET_BYTES)),
            origin_ns: None,
            frames: spec.frames,
            choice: Choice::new(spec.frames),
            omitted,
            next_second: 0,
            reached_ns: 0,
            converter: Converter::default(),
            grid,
            last: None,
            ended: false,
        }
    }

    /// Pictures from here on are turned this way.
    pub fn orient(&mut self, orientation: VideoOrientationMethod) {
        self.converter.orient(orientation);
        if let Some(grid) = &mut self.grid {
            grid.orient(orientation);
        }
    }

    /// Takes a decoded picture.
    ///
    /// # Errors
    /// `Eos` when no more is wanted, which ends the stream upstream.
    pub fn sample(&mut self, sample: gst::Sample) -> Result<gst::FlowSuccess, gst::FlowError> {
        if self.ended || !self.watch.goes_on() {
            return Err(gst::FlowError::Eos);
        }
        match self.take(sample) {
            Ok(true) => Ok(gst::FlowSuccess::Ok),
            Ok(false) => {
                self.end();
                Err(gst::FlowError::Eos)
            }
            Err(error) => {
                self.watch.fail(error);
                self.end();
                Err(gst::FlowError::Eos)
            }
        }
    }

    /// What is on show stays there until this time, from where the source's time begins, unless it
    /// is too old: nothing else has come, and the seconds before that are due.
    pub fn stay(&mut self, time_ns: i64, is_fresh: bool) {
        if self.ended || self.origin_ns.is_none() {
            return;
        }
        if !is_fresh {
            self.hide();
        }
        let mut picks = Vec::new();
        self.choice.stay(time_ns, |pick| picks.push(pick));
        self.pick_all(picks);
    }

    /// What is on show leaves the screen with the second that it is in: what comes next was let go.
    fn hide(&mut self) {
        let Some(last_ns) = self.choice.last_pts_ns() else {
            return;
        };
        let mut picks = Vec::new();
        self.choice.hide(last_ns, |pick| picks.push(pick));
        self.pick_all(picks);
    }

    fn pick_all(&mut self, picks: Vec<Pick<gst::Sample>>) {
        for pick in picks {
            if let Err(error) = self.pick(pick) {
                self.watch.fail(error);
            }
        }
    }

    /// No more pictures.
    pub fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) || self.watch.is_stopped() {
            return;
        }
        if self.origin_ns.is_none() {
            self.timeline.never_begins();
        }
        if let Err(error) = self.pass_omitted(i64::MAX) {
            self.watch.fail(error);
        }
        if let Some(Err(error)) = self.grid.as_mut().map(GridSight::finish) {
            self.watch.fail(error);
        }
        let mut picks = Vec::new();
        let end_ns = self.choice.finish(|pick| picks.push(pick));
        self.pick_all(picks);
        let end_ns = end_ns.min(self.range.to.saturating_mul(SECOND_NS));
        self.outlet.send(Event::VideoEnd { end_ns });
        self.watch.stream_ended();
    }

    /// Whether more is wanted.
    fn take(&mut self, sample: gst::Sample) -> Result<bool, SourceError> {
        if self.watch.take_hidden() {
            self.hide();
        }
        let Some(pts_ns) = self.pts_ns(&sample) else {
            return Ok(self.watch.goes_on());
        };
        self.pass_omitted(pts_ns)?;
        let duration_ns = duration_ns(&sample);
        let may_be_chosen = self.frames != Frames::Keyframe
            || (self.origin_ns).is_some_and(|origin_ns| self.omitted.take_key(pts_ns + origin_ns));
        self.pass(pts_ns, duration_ns, may_be_chosen.then_some(sample))?;
        Ok(self.next_second < self.range.to)
    }

    /// What comes on show before this time and is not decoded.
    fn pass_omitted(&mut self, pts_ns: i64) -> Result<(), SourceError> {
        let Some(origin_ns) = self.origin_ns else {
            return Ok(());
        };
        let omitted = self.omitted.take_before(pts_ns.saturating_add(origin_ns));
        (omitted.into_iter())
            .try_for_each(|(stream_ns, duration)| self.pass(stream_ns - origin_ns, duration, None))
    }

    /// A picture comes on show; without a sample where it is not to be chosen.
    fn pass(
        &mut self,
        pts_ns: i64,
        duration_ns: i64,
        sample: Option<gst::Sample>,
    ) -> Result<(), SourceError> {
        self.watch.advance(self.reached_ns, pts_ns)?;
        self.reached_ns = self.reached_ns.max(pts_ns);
        if let Some(grid) = &mut self.grid {
            grid.push(pts_ns, duration_ns, sample.as_ref())?;
        }
        let mut picks = Vec::new();
        self.choice
            .push(pts_ns, duration_ns, sample, |pick| picks.push(pick));
        picks.into_iter().try_for_each(|pick| self.pick(pick))
    }

    /// When a picture comes on show, from the start of the source. Without a timestamp it comes
    /// when the one before it leaves.
    fn pts_ns(&mut self, sample: &gst::Sample) -> Option<i64> {
        let Some(stream_ns) = stream_time_ns(sample) else {
            return Some(self.choice.last_pts_ns()? + duration_ns(sample));
        };
        let goes_on = || self.watch.goes_on();
        self.origin_ns = self.timeline.origin_ns(self.origin_ns, sample, goes_on);
        if let Some(origin_ns) = self.origin_ns {
            self.length.set_origin(origin_ns);
        }
        Some(stream_ns - self.origin_ns?)
    }

    /// The next second's picture is known.
    fn pick(&mut self, pick: Pick<gst::Sample>) -> Result<(), SourceError> {
        let second = self.next_second;
        self.next_second += 1;
        if second + 1 < self.range.from || second >= self.range.to {
            return Ok(());
        }
        let frame = match pick.shown {
            Some((pts_ns, sample)) => match self.frame(pts_ns, &sample)? {
                Some(frame) => Some(frame),
                None => return Ok(()),
            },
            None => None,
        };
        if second < self.range.from {
            self.outlet.send(Event::Before(frame));
            return Ok(());
        }
        let grid = self.grid.as_mut().map(|grid| grid.take(second));
        let Ok(grid) = grid.transpose() else {
            return Ok(());
        };
        let grid = grid.flatten();
        self.outlet.send(Event::Video(ChosenFrame {
            frame,
            whole: pick.whole,
            grid,
        }));
        Ok(())
    }

    /// The picture in RGB; `None` when the source is to end.
    fn frame(&mut self, pts_ns: i64, sample: &gst::Sample) -> Result<Option<Frame>, SourceError> {
        if let Some((last_pts_ns, picture, permit)) = &self.last
            && *last_pts_ns == pts_ns
        {
            return Ok(Some(Frame {
                pts_ns,
                picture: picture.clone(),
                permit: Some(permit.clone()),
            }));
        }
        let picture = Arc::new(self.converter.picture(sample)?);
        self.last = None;
        let Some(permit) = self.watch.acquire(&self.budget, picture.rgb.len()) else {
            return Ok(None);
        };
        let permit = Arc::new(permit);
        self.last = Some((pts_ns, picture.clone(), permit.clone()));
        Ok(Some(Frame {
            pts_ns,
            picture,
            permit: Some(permit),
        }))
    }
}
