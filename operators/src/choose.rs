//! Which of a stream's pictures is on show at the middle of each second.

use crate::SECOND_NS;

/// What may be missing of a second that still counts as whole: a rounded timestamp, a first
/// picture that comes, or a last one that goes, a little early or late.
pub(crate) const TOLERANCE_NS: i64 = 50_000_000;

/// What a [`FrameChooser`] says of one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick<T> {
    /// The picture on show at the second's middle and when it came on show.
    pub shown: Option<(i64, T)>,
    /// Whether there are pictures from the second's start to its end.
    pub whole: bool,
}

/// Picks, of pictures that come in presentation order, the one on show at `k + 0.5 s` for
/// k = 0, 1, 2 ... A picture is on show until the next one comes, the last for its duration.
/// A second is told of when it is over.
///
/// Works on timestamps alone, so that `T` may be an undecoded or unconverted picture.
///
/// ```
/// use sonoscope_operators::{FrameChooser, Pick};
///
/// const MS: i64 = 1_000_000;
/// let mut chooser = FrameChooser::new();
/// let mut picks = Vec::new();
/// for (pts, name) in [(0, 'a'), (400 * MS, 'b'), (600 * MS, 'c')] {
///     chooser.push(pts, 40 * MS, name, |pick| picks.push(pick));
/// }
/// let end_ns = chooser.finish(|pick| picks.push(pick));
/// assert_eq!(picks, [Pick { shown: Some((400 * MS, 'b')), whole: false }]);
/// assert_eq!(end_ns, 640 * MS);
/// ```
#[derive(Debug)]
pub struct FrameChooser<T> {
    next: i64,
    begin_ns: Option<i64>,
    shown: Option<Shown<T>>,
    picked: Option<Option<(i64, T)>>,
}

#[derive(Debug)]
struct Shown<T> {
    pts_ns: i64,
    end_ns: i64,
    picture: T,
}

impl<T: Clone> Default for FrameChooser<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone> FrameChooser<T> {
    /// A chooser whose next second is the first.
    pub fn new() -> Self {
        Self {
            next: 0,
            begin_ns: None,
            shown: None,
            picked: None,
        }
    }

    /// The last picture that was pushed: when it came on show.
    pub fn last_pts_ns(&self) -> Option<i64> {
        self.shown.as_ref().map(|shown| shown.pts_ns)
    }

    /// A picture comes on show at `pts_ns`. `pick` hears, in order, of every second that ends
    /// by then.
    ///
    /// A picture that claims to come before the one on show is passed over: time never runs back.
    pub fn push(&mut self, pts_ns: i64, duration_ns: i64, picture: T, pick: impl FnMut(Pick<T>)) {
        if self.last_pts_ns().is_some_and(|last| pts_ns < last) {
            return;
        }
        self.advance(pts_ns, pick);
        self.begin_ns.get_or_insert(pts_ns);
        self.shown = Some(Shown {
            pts_ns,
            end_ns: pts_ns.saturating_add(duration_ns),
            picture,
        });
    }

    /// What is on show, if anything is, stays there at least until `time_ns`. `pick` hears of every
    /// second that ends by then. For live sources, whose next picture nobody knows the time of.
    pub fn stay(&mut self, time_ns: i64, pick: impl FnMut(Pick<T>)) {
        self.advance(time_ns, pick);
    }

    /// What is on show leaves the screen at `time_ns`, and nothing takes its place until the next
    /// picture comes. `pick` hears of every second that ends by then.
    pub fn hide(&mut self, time_ns: i64, pick: impl FnMut(Pick<T>)) {
        self.advance(time_ns, pick);
        self.shown = None;
    }

    /// No more pictures. `pick` hears of the seconds in whose middle the last one is still on
    /// show; returns when it leaves, 0 if there never was one.
    pub fn finish(&mut self, mut pick: impl FnMut(Pick<T>)) -> i64 {
        let end_ns = self.shown.as_ref().map_or(0, |shown| shown.end_ns);
        self.advance(end_ns, &mut pick);
        if let Some(shown) = self.picked.take() {
            let second_end_ns = (self.next + 1) * SECOND_NS;
            let whole = self.begins_in_time() && end_ns + TOLERANCE_NS >= second_end_ns;
            pick(Pick { shown, whole });
        }
        end_ns
    }

    /// Time goes on to `time_ns`: picks what was on show in middles before it, tells of seconds
    /// that end by it.
    fn advance(&mut self, time_ns: i64, mut pick: impl FnMut(Pick<T>)) {
        loop {
            let middle_ns = middle_ns(self.next);
            if self.picked.is_none() && middle_ns < time_ns {
                let shown = self.shown.as_ref();
                self.picked = Some(shown.map(|s| (s.pts_ns, s.picture.clone())));
            }
            if time_ns < (self.next + 1) * SECOND_NS {
                return;
            }
            // The second is over, so its middle is past and its picture picked.
            let Some(shown) = self.picked.take() else {
                return;
            };
            let whole = self.begins_in_time();
            pick(Pick { shown, whole });
            self.next += 1;
        }
    }

    fn begins_in_time(&self) -> bool {
        let start_ns = self.next * SECOND_NS;
        self.begin_ns
            .is_some_and(|begin_ns| begin_ns <= start_ns + TOLERANCE_NS)
    }
}

/// The middle of a second.
pub(crate) fn middle_ns(second: i64) -> i64 {
    second * SECOND_NS + SECOND_NS / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plain way: for each middle, look through all pictures.
    fn oracle(pts: &[i64], duration: i64) -> Vec<Option<usize>> {
        let Some(&last) = pts.last() else {
            return Vec::new();
        };
        (0..)
            .map(|k| k * SECOND_NS + SECOND_NS / 2)
            .take_while(|&middle| middle < last + duration)
            .map(|middle| pts.iter().rposition(|&p| p <= middle))
            .collect()
    }

    fn picks(pts: &[i64], duration: i64) -> Vec<Pick<usize>> {
        let mut chooser = FrameChooser::new();
        let mut picks = Vec::new();
        for (i, &p) in pts.iter().enumerate() {
            chooser.push(p, duration, i, |pick| picks.push(pick));
        }
        chooser.finish(|pick| picks.push(pick));
        picks
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_a_search(mut pts in proptest::collection::vec(0i64..8_000_000_000, 0..60)) {
            pts.sort_unstable();
            pts.dedup();
            let chosen: Vec<_> = picks(&pts, 33_000_000)
                .into_iter()
                .map(|pick| pick.shown.map(|(_, i)| i))
                .collect();
            proptest::prop_assert_eq!(chosen, oracle(&pts, 33_000_000));
        }
    }

    #[test]
    fn a_picture_at_the_very_middle_is_on_show() {
        let chosen = picks(&[0, SECOND_NS / 2, SECOND_NS], 1);
        assert_eq!(chosen[0].shown, Some((SECOND_NS / 2, 1)));
    }

    #[test]
    fn time_never_runs_back() {
        let chosen = picks(&[0, SECOND_NS, 100, 2 * SECOND_NS], 0);
        let shown: Vec<_> = chosen.iter().map(|pick| pick.shown).collect();
        assert_eq!(shown, [Some((0, 0)), Some((SECOND_NS, 1))]);
    }

    #[test]
    fn a_stream_that_starts_late_or_ends_early_is_not_whole() {
        let frames: Vec<_> = (40..=230).map(|i| i * 10_000_000).collect();
        let chosen = picks(&frames, 400_000_000);
        let whole: Vec<_> = chosen.iter().map(|pick| pick.whole).collect();
        assert_eq!(whole, [false, true, false], "0.4 s to 2.7 s");
    }
}
