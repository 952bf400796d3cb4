//! Which examples are shown: chosen by chance, for all networks the same where that can be.

use std::collections::BTreeSet;

use rand::seq::{IndexedRandom, SliceRandom};

use super::super::Outcome;
use crate::{
    eval::{
        dice::{Purpose, dice},
        evidence::{Clip, Second},
        measure::retrieval::{DIRECTIONS, Modality, Rankings},
    },
    page::pictures::Shot,
};

/// Seconds whose heatmaps are shown.
const HEATMAPS: usize = 12;

/// Queries shown in each direction.
const QUERIES: usize = 3;

/// Results shown of each.
const RESULTS: usize = 4;

/// What is shown.
pub struct Examples {
    /// Seconds, as clip and place in its seconds.
    pub heatmaps: Vec<(usize, usize)>,
    /// For each network its searches; none from networks without vectors.
    pub searches: Vec<Vec<Search>>,
}

/// A query and what was found.
pub struct Search {
    /// What was asked with, and looked for.
    pub direction: (Modality, Modality),
    /// The clip that was asked with.
    pub query: Found,
    /// The nearest clips, the nearest first.
    pub results: Vec<Found>,
}

/// The middle second of a clip.
#[derive(Clone, Copy)]
pub struct Found {
    /// The clip's place in the evidence.
    pub clip: usize,
    /// Which second.
    pub second: i64,
}

impl Examples {
    /// Chooses them.
    pub fn choose(outcome: &Outcome) -> Self {
        Self {
            heatmaps: heatmaps(outcome),
            searches: (0..outcome.report.networks.len())
                .map(|network| searches(outcome, network).unwrap_or_default())
                .collect(),
        }
    }

    /// The seconds whose pictures are needed.
    pub fn wanted(&self, outcome: &Outcome) -> BTreeSet<Shot> {
        let second = |&(clip, place): &(usize, usize)| {
            (clip, outcome.evidence.clips[clip].seconds[place].index)
        };
        let found = (self.searches.iter().flatten())
            .flat_map(|search| search.results.iter().chain([&search.query]))
            .map(|found| (found.clip, found.second));
        self.heatmaps.iter().map(second).chain(found).collect()
    }
}

/// Seconds of different clips: those with known places, if there are any, else those that fit.
fn heatmaps(outcome: &Outcome) -> Vec<(usize, usize)> {
    let clips = &outcome.evidence.clips;
    let networks = outcome.report.networks.len();
    let has_map = |second: &Second| (0..networks).any(|network| second.heatmap(network).is_some());
    let is_boxed = |second: &Second| second.sounding.is_some();
    let any_boxed = clips.iter().any(|clip| clip.seconds.iter().any(is_boxed));
    let shown = |second: &Second| second.fits && has_map(second) && is_boxed(second) == any_boxed;
    let dice = &mut dice(outcome.report.seed, Purpose::Examples);
    let mut order: Vec<usize> = (0..clips.len()).collect();
    order.shuffle(dice);
    let of = |clip: usize| {
        let seconds = &clips[clip].seconds;
        let places: Vec<usize> = (0..seconds.len()).filter(|p| shown(&seconds[*p])).collect();
        Some((clip, *places.choose(dice)?))
    };
    order.into_iter().filter_map(of).take(HEATMAPS).collect()
}

/// The searches of one network; the same queries for all, in all directions.
fn searches(outcome: &Outcome, network: usize) -> Option<Vec<Search>> {
    let rankings = Rankings::new(&outcome.evidence, network).ok()?;
    let dice = &mut dice(outcome.report.seed.wrapping_add(1), Purpose::Examples);
    let mut queries: Vec<usize> = (0..rankings.items.len()).collect();
    queries.shuffle(dice);
    let found = |item: &usize| {
        let item = &rankings.items[*item];
        Found {
            clip: item.clip,
            second: item.second.index,
        }
    };
    let searches = DIRECTIONS.iter().flat_map(|direction| {
        queries.iter().take(QUERIES).map(|query| Search {
            direction: *direction,
            query: found(query),
            results: (rankings.of(*query, *direction, RESULTS).iter())
                .map(found)
                .collect(),
        })
    });
    Some(searches.collect())
}

/// What a clip is called on the page: its classes, or its name.
pub fn caption(clip: &Clip) -> String {
    match clip.classes() {
        [] => clip.id().to_string(),
        classes => classes.join(", "),
    }
}
