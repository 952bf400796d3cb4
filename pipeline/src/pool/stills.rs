//! Pictures that do not change are looked at once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use sonoscope_models::Features;
use sonoscope_operators::{Picture, Segment, Status};

/// Pictures that are remembered, of all sources and networks together.
const REMEMBERED: usize = 256;

/// What frame towers made of pictures that stay on show. Clones share it.
///
/// Segments whose picture is [`Status::Frozen`] share one picture, so it is known by its place in
/// memory.
#[derive(Clone, Default)]
pub struct Stills(Arc<Mutex<VecDeque<Still>>>);

struct Still {
    picture: Weak<Picture>,
    network: usize,
    seen: Features,
}

impl Stills {
    /// What a network made of a segment's picture, if it has not changed since and is remembered.
    pub fn known(&self, segment: &Segment, network: usize) -> Option<Features> {
        let picture = still(segment)?;
        let is_it = |still: &&Still| still.network == network && still.picture.ptr_eq(&picture);
        self.lock()
            .iter()
            .find(is_it)
            .map(|still| still.seen.clone())
    }

    /// Remembers what a network made of a segment's picture, if it does not change.
    pub fn remember(&self, segment: &Segment, network: usize, seen: Features) {
        let Some(picture) = still(segment) else {
            return;
        };
        let mut stills = self.lock();
        stills.retain(|still| still.picture.strong_count() > 0);
        let is_it = |still: &Still| still.network == network && still.picture.ptr_eq(&picture);
        if stills.iter().any(is_it) {
            return;
        }
        if stills.len() >= REMEMBERED {
            stills.pop_front();
        }
        stills.push_back(Still {
            picture,
            network,
            seen,
        });
    }

    // Whoever panicked while it held the lock left a whole list behind.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Still>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A picture that stays on show.
fn still(segment: &Segment) -> Option<Weak<Picture>> {
    let frame = segment.frame.as_ref()?;
    (segment.video == Status::Frozen).then(|| Arc::downgrade(&frame.picture))
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::Frame;

    use super::*;
    use crate::sources::testing;

    fn segment(picture: &Arc<Picture>, video: Status) -> Segment {
        let frame = Frame {
            pts_ns: 0,
            picture: picture.clone(),
            permit: None,
        };
        Segment {
            source: Arc::new(testing::source(0..9)),
            index: 0,
            seconds: 1,
            dropped: 0,
            audio: Status::Present,
            video,
            samples: None,
            audio_dbfs: None,
            frame: Some(frame),
            grid: None,
            window: None,
        }
    }

    fn picture() -> Arc<Picture> {
        Arc::new(Picture {
            width: 1,
            height: 1,
            rgb: vec![7; 3],
        })
    }

    #[test]
    fn what_is_frozen_is_looked_at_once_a_network() {
        let stills = Stills::default();
        let mut looks = Vec::new();
        let mut ask = |segment: &Segment, network: usize| {
            let seen = stills.known(segment, network).unwrap_or_else(|| {
                looks.push(network);
                Features::new(vec![1], vec![network as f32])
            });
            stills.remember(segment, network, seen.clone());
            seen.item(0)[0]
        };
        let (one, other) = (picture(), picture());
        for _ in 0..3 {
            assert_eq!(ask(&segment(&one, Status::Frozen), 0), 0.0);
            assert_eq!(ask(&segment(&one, Status::Frozen), 1), 1.0);
        }
        ask(&segment(&other, Status::Frozen), 0);
        ask(&segment(&one, Status::Present), 0);
        assert_eq!(looks, [0, 1, 0, 0]);
        drop((one, other));
        let last = picture();
        let seen = Features::new(vec![1], vec![0.0]);
        stills.remember(&segment(&last, Status::Frozen), 0, seen);
        assert_eq!(
            stills.lock().len(),
            1,
            "pictures that are gone are forgotten"
        );
    }
}
