//! The picture of each second, chosen among those that are decoded, minding those that are not.

use gstreamer as gst;
use sonoscope_operators::{FrameChooser, NearestChooser, Pick};

use super::selective::Frames;

/// When a decoded picture came on show, and the picture.
type Decoded = (i64, gst::Sample);

/// The picture that stands for a second.
pub struct Choice {
    rule: Rule,
    last: Option<Decoded>,
}

enum Rule {
    /// The one on show at its middle. In place of one that was not decoded stands the last one
    /// before it that was, which matters only where a decoder loses a picture.
    OnShow(FrameChooser<Option<Decoded>>),
    /// The nearest key frame.
    Nearest(NearestChooser<gst::Sample>),
}

impl Choice {
    /// By what was asked for.
    pub fn new(frames: Frames) -> Self {
        let rule = match frames {
            Frames::Exact | Frames::All => Rule::OnShow(FrameChooser::new()),
            Frames::Keyframe => Rule::Nearest(NearestChooser::new()),
        };
        Self { rule, last: None }
    }

    /// The last picture that was pushed: when it came on show.
    pub fn last_pts_ns(&self) -> Option<i64> {
        match &self.rule {
            Rule::OnShow(chooser) => chooser.last_pts_ns(),
            Rule::Nearest(chooser) => chooser.last_pts_ns(),
        }
    }

    /// A picture comes on show, in presentation order; without a sample where it is not to be
    /// chosen. `pick` hears of the seconds of which the picture is now known.
    pub fn push(
        &mut self,
        pts_ns: i64,
        duration_ns: i64,
        sample: Option<gst::Sample>,
        mut pick: impl FnMut(Pick<gst::Sample>),
    ) {
        match &mut self.rule {
            Rule::OnShow(chooser) => {
                if let Some(sample) = sample
                    && chooser.last_pts_ns().is_none_or(|last| last <= pts_ns)
                {
                    self.last = Some((pts_ns, sample));
                }
                chooser.push(pts_ns, duration_ns, self.last.clone(), |found| {
                    pick(decoded(found));
                });
            }
            Rule::Nearest(chooser) => chooser.push(pts_ns, duration_ns, sample, pick),
        }
    }

    /// What is on show stays at least until this time.
    pub fn stay(&mut self, time_ns: i64, mut pick: impl FnMut(Pick<gst::Sample>)) {
        if let Rule::OnShow(chooser) = &mut self.rule {
            chooser.stay(time_ns, |found| pick(decoded(found)));
        }
    }

    /// What is on show leaves at this time, and nothing takes its place for now.
    pub fn hide(&mut self, time_ns: i64, mut pick: impl FnMut(Pick<gst::Sample>)) {
        if let Rule::OnShow(chooser) = &mut self.rule {
            chooser.hide(time_ns, |found| pick(decoded(found)));
            self.last = None;
        }
    }

    /// No more pictures. `pick` hears of the last seconds; returns when the last picture leaves.
    pub fn finish(&mut self, mut pick: impl FnMut(Pick<gst::Sample>)) -> i64 {
        match &mut self.rule {
            Rule::OnShow(chooser) => chooser.finish(|found| pick(decoded(found))),
            Rule::Nearest(chooser) => chooser.finish(pick),
        }
    }
}

fn decoded(pick: Pick<Option<Decoded>>) -> Pick<gst::Sample> {
    Pick {
        shown: pick.shown.and_then(|(_, decoded)| decoded),
        whole: pick.whole,
    }
}
