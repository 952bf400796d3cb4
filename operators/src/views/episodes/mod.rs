//! Stretches of a source in which sound and picture belong together.

mod history;
mod scan;

use serde::{Deserialize, Serialize};
use timely::{order::TotalOrder, progress::Timestamp};

use self::{history::History, scan::Heard};
use super::{
    Answer, Answers, Feed, Network, Observation, Place, Real,
    level::level,
    tracks::{At, Key, tracks},
};
use crate::SourceId;

/// What makes an episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpisodeSettings {
    /// A second with at least this correspondence begins a run, 0.5 if not said.
    pub enter: f32,
    /// A run goes on while the correspondence is at least this, 0.4 if not said.
    pub leave: f32,
    /// Runs with at most this many seconds between them are one episode, 2 if not said.
    pub bridge_s: u32,
    /// What is shorter, from the start of its first run to the end of its last, is none, 2 if not
    /// said.
    pub shortest_s: u32,
    /// How late a row of a live source may come and still count, a day if not said.
    pub detail_s: u32,
    /// How long an episode of a live source stands after its end, 30 days if not said.
    pub keep_s: u32,
}

impl Default for EpisodeSettings {
    fn default() -> Self {
        Self {
            enter: 0.5,
            leave: 0.4,
            bridge_s: 2,
            shortest_s: 2,
            detail_s: 24 * 3600,
            keep_s: 30 * 24 * 3600,
        }
    }
}

/// A stretch in which sound and picture belong together. It may still grow while its source goes
/// on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Episode {
    /// Where.
    pub source: SourceId,
    /// Who says so.
    pub network: Network,
    /// Its first second.
    pub start: i64,
    /// The second behind its last.
    pub end: i64,
    /// How many of its seconds belong together; the others are bridged.
    pub seconds: u32,
    /// The highest correspondence, to 2⁻²⁴.
    pub peak: Real,
    /// The first second that has it.
    pub peak_segment: i64,
    /// The mean correspondence of those that belong together.
    pub mean: Real,
    /// Where the sound comes from in the strongest second that tells.
    pub place: Option<Place>,
}

impl Answer for Episode {
    /// `episodes/SOURCE/NETWORK/START`.
    fn key(&self) -> String {
        let Self {
            source,
            network,
            start,
            ..
        } = self;
        format!("episodes/{source}/{network}/{start}")
    }
}

/// The episodes of each source, by each network.
///
/// A second belongs if its correspondence reaches [`enter`](EpisodeSettings::enter), or
/// [`leave`](EpisodeSettings::leave) right behind one that belongs. A silent second, and one of
/// which there is no score, never does.
///
/// A row costs a look at the 64 seconds around it; one that comes late, or changes, what lies
/// between it and the end of its episode.
///
/// ```
/// use sonoscope_operators::views::{EpisodeSettings, Feed, episodes};
/// # use sonoscope_operators::{SourceId, Status, views::{Network, Observation}};
/// # use timely::dataflow::operators::{ToStream, Inspect};
/// # use differential_dataflow::AsCollection;
/// # let second = |segment, correspondence: f32| Observation {
/// #     source: SourceId::slug("cam-1"), network: Network::new("ave-small", "0f1e"), segment,
/// #     seconds: 1, live: true, audio: Status::Present, video: Status::Present,
/// #     audio_dbfs: None, dropped: 0, correspondence: Some(correspondence.into()), place: None,
/// #     frame_embedding: None, audio_embedding: None,
/// # };
/// timely::example(move |scope| {
///     let correspondences = [0.1, 0.9, 0.45, 0.2, 0.7, 0.3];
///     let rows = (0..).zip(correspondences).map(move |(k, p)| (second(k, p), 0_u64, 1_isize));
///     let rows = rows.to_stream(scope).container::<Vec<_>>().as_collection();
///     let present = timely::dataflow::operators::generic::operator::empty(scope);
///     let feed = Feed::new(rows, present);
///     episodes(feed, EpisodeSettings::default()).changes.inspect(|(episode, _, diff)| {
///         assert_eq!((episode.start, episode.end, episode.seconds, *diff), (1, 5, 3, 1));
///     });
/// });
/// ```
pub fn episodes<'scope, T: Timestamp + TotalOrder>(
    feed: Feed<'scope, T>,
    settings: EpisodeSettings,
) -> Answers<'scope, T, Episode> {
    let rules = scan::Rules::new(&settings);
    let look = move |observation: Observation| {
        let level = level(observation.heard_correspondence()?);
        rules.may_belong(level).then(|| At {
            key: Key::of(&observation),
            segment: observation.segment,
            live: observation.live,
            value: Heard {
                level,
                place: observation.place,
            },
        })
    };
    tracks(feed, "Episodes", look, move || History::new(settings))
}
