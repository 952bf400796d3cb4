//! A world: the settings from which clips follow.

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::{
    Clip,
    classes::{CLASSES, Class},
    random::{Dice, Stream},
};

/// The settings of a world. A clip is a function of these and of its number, and of nothing else.
///
/// ```
/// use sonoscope_world::{Difficulty, World};
///
/// let world = World { seed: 7, difficulty: Difficulty::Hard, ..World::default() };
/// let (one, same, other) = (world.clip(3), world.clip(3), world.clip(4));
/// assert_eq!(one.truth(), same.truth());
/// assert_ne!(one.audio(), other.audio());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Worlds of different seeds share no clip.
    pub seed: u64,
    /// Columns and rows of the picture, in pixels; both even and at least 32.
    pub size: (u32, u32),
    /// Frames a second.
    pub fps: u32,
    /// Length of a clip.
    pub seconds: u32,
    /// How hard objects are to find.
    pub difficulty: Difficulty,
    /// Share of clips whose sounding object is not in the picture, 0 to 1.
    pub off_screen_share: f32,
    /// Share of seconds in which the sounding object is silent, 0 to 1. A clip of several seconds
    /// always has one that is not.
    pub silent_share: f32,
}

/// How large objects are, and how many stand beside the one that sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// Objects of 90 to 200 pixels in a picture 256 high, at most one silent object.
    Easy,
    /// Objects of 40 to 120 pixels, up to two silent objects.
    Hard,
}

impl Default for World {
    fn default() -> Self {
        Self {
            seed: 0,
            size: (320, 240),
            fps: 25,
            seconds: 10,
            difficulty: Difficulty::Easy,
            off_screen_share: 0.1,
            silent_share: 0.1,
        }
    }
}

impl World {
    /// The clip of this number. Cheap: pictures and sounds are made when they are asked for.
    ///
    /// # Panics
    /// If a side of [`size`](Self::size) is odd or under 32, or `fps` or `seconds` is 0.
    pub fn clip(&self, index: u64) -> Clip {
        let (width, height) = self.size;
        assert!(
            width.min(height) >= 32 && width % 2 == 0 && height % 2 == 0,
            "a world's picture needs even sides of at least 32 pixels, not {width}x{height}"
        );
        assert!(
            self.fps > 0 && self.seconds > 0,
            "a clip needs at least one frame and one second"
        );
        Clip::new(self.clone(), index)
    }

    /// The class that sounds in a clip: within every run of as many clips as there are classes,
    /// each once, in an order of its own.
    pub(crate) fn class_of(&self, clip: u64) -> &'static Class {
        let run_length = CLASSES.len() as u64;
        let run_start = clip - clip % run_length;
        let mut order: Vec<&Class> = CLASSES.iter().collect();
        order.shuffle(&mut self.class_dice(run_start));
        order[(clip % run_length) as usize]
    }

    fn class_dice(&self, run_start: u64) -> Dice {
        Stream::Plan.dice(!self.seed, run_start)
    }
}

impl Difficulty {
    /// Size of objects as a share of the picture's shorter side.
    pub(crate) fn object_size(self) -> std::ops::Range<f32> {
        match self {
            Self::Easy => 90.0 / 256.0..200.0 / 256.0,
            Self::Hard => 40.0 / 256.0..120.0 / 256.0,
        }
    }

    /// The largest number of silent objects beside the sounding one.
    pub(crate) fn silent_objects_max(self) -> usize {
        match self {
            Self::Easy => 1,
            Self::Hard => 2,
        }
    }
}
