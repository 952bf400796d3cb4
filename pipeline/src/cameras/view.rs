//! What a live source shows now.

use std::sync::{Arc, Mutex, PoisonError};

use sonoscope_operators::{Heatmap, Picture};

/// The latest picture of a live source and what was said of it. One picture and no more; it goes
/// with the source.
#[derive(Debug, Default)]
pub struct View(Mutex<Option<Arc<Shown>>>);

/// A picture and what was said of it.
#[derive(Debug)]
pub struct Shown {
    /// Which second it stands for.
    pub segment: i64,
    /// The picture.
    pub picture: Arc<Picture>,
    /// What each network said, in the order of the run.
    pub said: Vec<Said>,
}

/// What one network said of one second.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Its name.
    pub network: String,
    /// Probability that sound and picture belong together.
    pub correspondence: Option<f32>,
    /// Where the sound comes from, where that may be believed.
    pub heatmap: Option<Heatmap>,
}

impl View {
    /// From now on it shows this.
    pub fn show(&self, shown: Shown) {
        let shown = Some(Arc::new(shown));
        let before = std::mem::replace(&mut *self.lock(), shown);
        // A picture is large: nobody waits while it is given back.
        drop(before);
    }

    /// What it shows; nothing before the first picture.
    pub fn latest(&self) -> Option<Arc<Shown>> {
        self.lock().clone()
    }

    // Whoever panicked while it held the lock left a whole value behind.
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Shown>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    /// The first map among what was said.
    pub fn heatmap(&self) -> Option<&Heatmap> {
        self.said.iter().find_map(|said| said.heatmap.as_ref())
    }

    /// The score that speaks for the picture: that of the network whose map is shown, else the
    /// first.
    pub fn correspondence(&self) -> Option<f32> {
        let of_map = self.said.iter().find(|said| said.heatmap.is_some());
        (of_map.and_then(|said| said.correspondence))
            .or_else(|| self.said.iter().find_map(|said| said.correspondence))
    }
}
