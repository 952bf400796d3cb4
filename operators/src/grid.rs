//! Several pictures a second: which of a stream's pictures are on show at the times of a grid.

use std::sync::Arc;

use sonoscope_models::FrameContract;

use crate::{Permit, Picture, SECOND_NS, choose::TOLERANCE_NS};

/// Which pictures of a second are wanted beside the one at its middle, and in what size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridSpec {
    /// So many a second, those on show at `k + (j + 0.5) / rate_hz`.
    pub rate_hz: usize,
    /// Columns that they are resized to.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Whether the filter widens, see [`Resize`](crate::Resize).
    pub antialias: bool,
}

impl GridSpec {
    /// What a network of this contract looks at; nothing where it looks at one picture a second.
    pub fn of(contract: &FrameContract) -> Option<Self> {
        let clip = contract.clip.as_ref()?;
        Some(Self {
            rate_hz: clip.rate_hz,
            width: contract.width,
            height: contract.height,
            antialias: contract.antialias,
        })
    }

    /// The same pictures at 8/7 of their size, 128 for 112 and 256 for 224, so that training can
    /// crop.
    #[must_use]
    pub fn with_room_to_crop(self) -> Self {
        let larger = |size: usize| (size * 8).div_ceil(7);
        Self {
            width: larger(self.width),
            height: larger(self.height),
            ..self
        }
    }

    /// Time of a position of the grid, counted from the start of the source.
    ///
    /// ```
    /// # use sonoscope_operators::GridSpec;
    /// let grid = GridSpec { rate_hz: 8, width: 112, height: 112, antialias: true };
    /// assert_eq!(grid.time_ns(0), 62_500_000);
    /// assert_eq!(grid.time_ns(8), 1_062_500_000);
    /// ```
    pub fn time_ns(&self, position: i64) -> i64 {
        let halves = i128::from(position) * 2 + 1;
        (halves * i128::from(SECOND_NS) / (2 * self.rate_hz as i128)) as i64
    }

    /// Bytes of a second's pictures.
    pub fn second_bytes(&self) -> usize {
        self.rate_hz * self.width * self.height * 3
    }
}

/// All pictures of one second's grid, in order.
#[derive(Debug)]
pub struct Grid {
    /// Pictures of the size that was asked for; one that is on show for long is there repeatedly.
    pub pictures: Vec<Arc<Picture>>,
    /// Their share of the memory that the source may hold.
    pub permit: Option<Permit>,
}

/// Picks, of pictures that come in presentation order, those on show at the times of a grid. As
/// with [`FrameChooser`](crate::FrameChooser), a picture is on show until the next one comes, the
/// last for its duration; the first also a little before it comes, the last a little longer than
/// that.
///
/// ```
/// use sonoscope_operators::{GridChooser, GridSpec};
///
/// const MS: i64 = 1_000_000;
/// let grid = GridSpec { rate_hz: 4, width: 112, height: 112, antialias: true };
/// let mut chooser = GridChooser::new(grid);
/// let mut picks = Vec::new();
/// for (pts, name) in [(0, 'a'), (400 * MS, 'b'), (600 * MS, 'c')] {
///     chooser.push(pts, 100 * MS, name, |position, _, name| picks.push((position, *name)));
/// }
/// chooser.finish(|position, _, name| picks.push((position, *name)));
/// assert_eq!(picks, [(0, 'a'), (1, 'a'), (2, 'c')]); // at 0.125, 0.375, 0.625 s
/// ```
#[derive(Debug)]
pub struct GridChooser<T> {
    spec: GridSpec,
    next: i64,
    shown: Option<Shown<T>>,
}

#[derive(Debug)]
struct Shown<T> {
    pts_ns: i64,
    end_ns: i64,
    picture: T,
}

impl<T> GridChooser<T> {
    /// A chooser whose next position is the first.
    pub fn new(spec: GridSpec) -> Self {
        Self {
            spec,
            next: 0,
            shown: None,
        }
    }

    /// A picture comes on show at `pts_ns`. `pick` hears of the positions of the grid before that
    /// time, in order: which it is, when its picture came on show, and the picture. Positions
    /// at which there is none are passed over.
    ///
    /// A picture that claims to come before the one on show is passed over, too.
    pub fn push(
        &mut self,
        pts_ns: i64,
        duration_ns: i64,
        picture: T,
        pick: impl FnMut(i64, i64, &T),
    ) {
        match &self.shown {
            Some(shown) if pts_ns < shown.pts_ns => return,
            Some(_) => self.advance(pts_ns, pick),
            None => {
                while self.spec.time_ns(self.next) + TOLERANCE_NS < pts_ns {
                    self.next += 1;
                }
            }
        }
        self.shown = Some(Shown {
            pts_ns,
            end_ns: pts_ns.saturating_add(duration_ns),
            picture,
        });
    }

    /// No more pictures. `pick` hears of the positions at which the last one is still on show.
    pub fn finish(&mut self, pick: impl FnMut(i64, i64, &T)) {
        if let Some(shown) = &self.shown {
            self.advance(shown.end_ns.saturating_add(TOLERANCE_NS), pick);
        }
        self.shown = None;
    }

    fn advance(&mut self, time_ns: i64, mut pick: impl FnMut(i64, i64, &T)) {
        let Some(shown) = &self.shown else {
            return;
        };
        while self.spec.time_ns(self.next) < time_ns {
            pick(self.next, shown.pts_ns, &shown.picture);
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(rate_hz: usize) -> GridSpec {
        GridSpec {
            rate_hz,
            width: 112,
            height: 112,
            antialias: true,
        }
    }

    /// The plain way: for each time of the grid, look through all pictures.
    fn oracle(pts: &[i64], duration: i64, rate_hz: i64) -> Vec<(i64, usize)> {
        let (Some(first), Some(last)) = (pts.first(), pts.last()) else {
            return Vec::new();
        };
        (0..9 * rate_hz)
            .map(|g| (g, (2 * g + 1) * SECOND_NS / (2 * rate_hz)))
            .filter(|(_, time)| first - TOLERANCE_NS <= *time)
            .filter(|(_, time)| *time < last + duration + TOLERANCE_NS)
            .map(|(g, time)| (g, pts.iter().rposition(|&p| p <= time).unwrap_or(0)))
            .collect()
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_a_search(
            mut pts in proptest::collection::vec(0i64..8_000_000_000, 0..60),
            rate_hz in 1usize..40,
        ) {
            pts.sort_unstable();
            pts.dedup();
            let mut chooser = GridChooser::new(spec(rate_hz));
            let mut picks = Vec::new();
            for (i, &p) in pts.iter().enumerate() {
                chooser.push(p, 33_000_000, i, |g, pts_ns, &i| {
                    assert_eq!(pts_ns, pts[i]);
                    picks.push((g, i));
                });
            }
            chooser.finish(|g, _, &i| picks.push((g, i)));
            proptest::prop_assert_eq!(picks, oracle(&pts, 33_000_000, rate_hz as i64));
        }
    }

    #[test]
    fn training_has_room_to_crop() {
        let larger = spec(8).with_room_to_crop();
        assert_eq!((larger.width, larger.height), (128, 128));
        assert_eq!(larger.second_bytes(), 8 * 128 * 128 * 3);
        let published = GridSpec {
            width: 224,
            ..spec(30)
        };
        assert_eq!(published.with_room_to_crop().width, 256);
    }
}
