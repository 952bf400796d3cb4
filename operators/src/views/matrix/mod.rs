//! Whose sound fits whose picture.

mod group;
mod window;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use timely::{order::TotalOrder, progress::Timestamp};

use self::group::Group;
use super::{
    Answer, Answers, Feed, Heads, Network, Observation, Real,
    sides::Sides,
    tracks::{At, tracks},
};
use crate::SourceId;

/// Which sources are compared with each other.
#[derive(Clone)]
pub struct Groups(Arc<GroupOf>);

type GroupOf = dyn Fn(&SourceId) -> Option<String> + Send + Sync;

impl Groups {
    /// By a function that names a source's group; a source without one is compared with none.
    pub fn new(group: impl Fn(&SourceId) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(group))
    }

    /// All with all, in a group of no name.
    pub fn all() -> Self {
        Self::new(|_| Some(String::new()))
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Groups")
    }
}

/// How sources are compared.
#[derive(Clone, Debug)]
pub struct MatrixSettings {
    /// What pictures with the sounds of other sources are judged by.
    pub heads: Heads,
    /// Who is compared with whom; all with all if not said.
    pub groups: Groups,
    /// Over how long, a minute if not said. Windows do not overlap.
    pub window_s: u32,
    /// One second in so many is looked at, 5 if not said.
    pub sample_s: u32,
    /// How long after its end a window is waited for, by the clocks of half of the sources in it; 5
    /// if not said.
    pub grace_s: u32,
    /// A picture and a sound with fewer seconds in common are not compared, 6 if not said.
    pub least_samples: u32,
    /// The sound is taken for its own picture's unless another fits better by this, 0.1 if not
    /// said.
    pub margin: f32,
    /// So many pictures that fit best are told of each sound, 8 if not said.
    pub told: usize,
    /// No more sources than this are compared in one group, the first by name; 1 000 if not said.
    pub most_sources: usize,
}

impl MatrixSettings {
    /// The defaults, with the heads of the networks.
    pub fn new(heads: Heads) -> Self {
        Self {
            heads,
            groups: Groups::all(),
            window_s: 60,
            sample_s: 5,
            grace_s: 5,
            least_samples: 6,
            margin: 0.1,
            told: 8,
            most_sources: 1000,
        }
    }
}

/// How well a source's picture fits a sound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fit {
    /// Whose picture.
    pub picture_of: SourceId,
    /// The correspondence at the mean of their distances.
    pub correspondence: Real,
    /// How many seconds were compared.
    pub samples: u32,
}

/// Where a sound belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatrixVerdict {
    /// There is too little to hear.
    Unheard,
    /// It fits no picture.
    Nowhere,
    /// It fits its own picture, and no other much better.
    Own,
    /// It fits another picture, the first in `fits`: microphones may be swapped, or wrongly patched.
    Other,
}

/// A row of the camera-microphone matrix: the sound of one source, and the pictures it fits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Microphone {
    /// Whose sound.
    pub sound_of: SourceId,
    /// By which network.
    pub network: Network,
    /// Among whom.
    pub group: String,
    /// The second behind the window's last.
    pub end: i64,
    /// Where it belongs.
    pub verdict: MatrixVerdict,
    /// How it fits its own picture.
    pub own: Option<Fit>,
    /// The pictures that it fits best, best first.
    pub fits: Vec<Fit>,
}

impl Answer for Microphone {
    /// `matrix/NETWORK/SOURCE`.
    fn key(&self) -> String {
        format!("matrix/{}/{}", self.network, self.sound_of)
    }
}

/// What a matrix is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct MatrixKey {
    group: String,
    network: Network,
}

/// A second of one of the sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct SourceSides {
    source: SourceId,
    sides: Sides,
}

/// The camera-microphone matrix of each group of live sources, over the last window that is over
/// for half of those in it, by each network whose head goes by distance.
///
/// A window costs as many scalar products as there are pairs of sources, times samples, once, and
/// once more at each time at which a row of it comes later than
/// [`grace_s`](MatrixSettings::grace_s). A source takes about 40 kB with embeddings of 128 numbers.
/// A group is on one worker.
pub fn matrix<'scope, T: Timestamp + TotalOrder>(
    feed: Feed<'scope, T>,
    settings: MatrixSettings,
) -> Answers<'scope, T, Microphone> {
    let sample_s = i64::from(settings.sample_s.max(1));
    let groups = settings.groups.clone();
    let look = move |observation: Observation| {
        let is_sample = observation.live && observation.segment % sample_s == 0;
        let sides = is_sample.then(|| Sides::of(&observation)).flatten()?;
        Some(At {
            key: MatrixKey {
                group: groups.0(&observation.source)?,
                network: observation.network,
            },
            segment: observation.segment,
            live: true,
            value: SourceSides {
                source: observation.source,
                sides,
            },
        })
    };
    tracks(feed, "Matrix", look, move || Group::new(settings.clone()))
}
