//! Where two networks disagree.

mod history;

use serde::{Deserialize, Serialize};
use timely::{order::TotalOrder, progress::Timestamp};

use self::history::{History, Opinion, Side};
use super::{
    Answer, Answers, Feed, Network, Observation, Real,
    level::level,
    tracks::{At, tracks},
};
use crate::SourceId;

/// Which networks are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersusSettings {
    /// The one that is relied on.
    pub left: Network,
    /// The one that runs in its shadow.
    pub right: Network,
    /// How long the seconds of a live source count, a day if not said.
    pub keep_s: u32,
}

impl VersusSettings {
    /// The defaults, for these networks.
    pub fn new(left: Network, right: Network) -> Self {
        let keep_s = 24 * 3600;
        Self {
            left,
            right,
            keep_s,
        }
    }
}

/// What two networks say of the same seconds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compared {
    /// Of a source, how far they agree.
    Agreement(Agreement),
    /// Of a second, that they do not: one says that sound and picture belong together, the other
    /// that they do not.
    Disagreement(Disagreement),
}

/// How far two networks agree on a source, over the seconds that both have scored and that can be
/// heard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Agreement {
    /// Which source.
    pub source: SourceId,
    /// Who is relied on.
    pub left: Network,
    /// Who runs in its shadow.
    pub right: Network,
    /// How many seconds there are.
    pub seconds: u32,
    /// On how many they agree.
    pub agreed: u32,
    /// The mean of how far their correspondences lie apart.
    pub mean_difference: Real,
}

/// A second on which two networks disagree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Disagreement {
    /// Whose second.
    pub source: SourceId,
    /// Which second.
    pub segment: i64,
    /// Who is relied on.
    pub left: Network,
    /// Who runs in its shadow.
    pub right: Network,
    /// The correspondence by the one, to 2⁻²⁴.
    pub left_correspondence: Real,
    /// By the other.
    pub right_correspondence: Real,
}

impl Answer for Compared {
    /// `versus/LEFT/RIGHT/SOURCE`, and with `/SEGMENT` behind it for a second.
    fn key(&self) -> String {
        match self {
            Self::Agreement(of) => format!("versus/{}/{}/{}", of.left, of.right, of.source),
            Self::Disagreement(of) => {
                let (left, right) = (&of.left, &of.right);
                format!("versus/{left}/{right}/{}/{}", of.source, of.segment)
            }
        }
    }
}

/// Compares two networks that look at the same seconds: of each source how far they agree, and of
/// single seconds only those on which they do not.
///
/// A row costs the same however many there are.
pub fn versus<'scope, T: Timestamp + TotalOrder>(
    feed: Feed<'scope, T>,
    settings: VersusSettings,
) -> Answers<'scope, T, Compared> {
    let (left, right) = (settings.left.clone(), settings.right.clone());
    let look = move |observation: Observation| {
        let side = match &observation.network {
            network if *network == left => Side::Left,
            network if *network == right => Side::Right,
            _ => return None,
        };
        Some(At {
            segment: observation.segment,
            live: observation.live,
            value: Opinion {
                side,
                level: level(observation.heard_correspondence()?),
            },
            key: observation.source,
        })
    };
    tracks(feed, "Versus", look, move || History::new(settings.clone()))
}
