//! The pictures of a source, as they come and as seconds take them.

use std::{collections::VecDeque, sync::Arc};

use crate::{ChosenFrame, Frame, Grid, Picture, Status};

/// The chosen pictures of a source that are not yet part of a segment.
#[derive(Debug, Default)]
pub struct VideoTrack {
    /// Those of seconds in a row.
    chosen: VecDeque<ChosenFrame>,
    /// The second of the first of them, or of the next that comes.
    first: i64,
    /// What was last on show.
    pub last: Option<Arc<Picture>>,
    /// Where the pictures ended, once they have.
    pub end_ns: i64,
    /// Whether no more come.
    pub ended: bool,
}

impl VideoTrack {
    /// One whose first picture is that of this second.
    pub fn from(first: i64) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    /// Adds the picture of the next second.
    pub fn push(&mut self, pick: ChosenFrame) {
        self.chosen.push_back(pick);
    }

    /// Whether the picture of a second is there, or will not come.
    pub fn is_complete(&self, second: i64) -> bool {
        self.ended || self.first + self.chosen.len() as i64 > second
    }

    /// What a second shows, and how whole it is.
    pub fn take(
        &mut self,
        second: i64,
        has_video: bool,
    ) -> (Status, Option<Frame>, Option<Arc<Grid>>) {
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
