//! Is what lies near in a network's space of a class that is near?

use rand::{RngExt, seq::SliceRandom};
use serde::Serialize;

use super::Measured;
use crate::eval::{
    dice::{Purpose, dice},
    evidence::{Evidence, Probe},
    labels::Labels,
    metrics::ndcg::{Gain, ndcg},
};

/// Up to which rank results are looked at.
pub const DEPTHS: [usize; 2] = [5, 30];

/// Random rankings whose mean is the baseline, for each query.
const RANDOM_RANKINGS: usize = 10;

/// A picture or a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// A picture.
    Image,
    /// A sound.
    Audio,
}

/// What is asked with, and what is looked for.
pub const DIRECTIONS: [(Modality, Modality); 4] = [
    (Modality::Image, Modality::Image),
    (Modality::Image, Modality::Audio),
    (Modality::Audio, Modality::Image),
    (Modality::Audio, Modality::Audio),
];

/// Mean nDCG of all queries, in one direction, down to one rank, with one gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// What is asked with.
    pub query: Modality,
    /// What is looked for.
    pub result: Modality,
    /// Down to which rank.
    pub depth: usize,
    /// What a relevance is worth.
    pub gain: Gain,
    /// The mean over all queries.
    pub ndcg: f64,
}

/// How well a network retrieves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retrieval {
    /// Clips: each is a query once a direction, and a result of all others.
    pub items: usize,
    /// What is compared: numbers in a vector.
    pub dimensions: usize,
    /// All figures.
    pub cells: Vec<Cell>,
    /// The same of rankings by chance; alike in all directions, so there is one.
    pub random: Vec<Cell>,
}

impl Retrieval {
    /// One of the figures.
    pub fn cell(&self, query: Modality, result: Modality, depth: usize, gain: Gain) -> Option<f64> {
        let wanted = |cell: &&Cell| {
            (cell.query, cell.result, cell.depth, cell.gain) == (query, result, depth, gain)
        };
        self.cells.iter().find(wanted).map(|cell| cell.ndcg)
    }
}

/// The items of a network, ranked: for each direction and query the other items, nearest first.
pub struct Rankings<'a> {
    /// The items.
    pub items: Vec<Probe<'a>>,
    vectors: Vec<[&'a [f32]; 2]>,
}

impl<'a> Rankings<'a> {
    /// Of the middle seconds of clips whose classes are known.
    ///
    /// # Errors
    /// Why there is nothing to rank.
    pub fn new(evidence: &'a Evidence, network: usize) -> Result<Self, String> {
        let mut items = evidence.middles(network);
        items.retain(|item| !evidence.clips[item.clip].classes().is_empty());
        if items.len() < 2 {
            return Err("fewer than two recordings have a known class and a second of it".into());
        }
        let vectors: Option<Vec<_>> = items.iter().map(|item| item.pair.vectors()).collect();
        let vectors = vectors.ok_or("pictures and sounds are no vectors of one space here")?;
        Ok(Self { items, vectors })
    }

    /// The places of all other items, the nearest first; of equals, the earlier first.
    pub fn of(&self, query: usize, direction: (Modality, Modality), depth: usize) -> Vec<usize> {
        let vector = |item: usize, modality: Modality| self.vectors[item][modality as usize];
        let from = vector(query, direction.0);
        let mut others: Vec<_> = (0..self.items.len())
            .filter(|item| *item != query)
            .map(|item| (distance(from, vector(item, direction.1)), item))
            .collect();
        let nearer = |a: &(f32, usize), b: &(f32, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let depth = depth.min(others.len());
        if depth < others.len() {
            others.select_nth_unstable_by(depth, nearer);
            others.truncate(depth);
        }
        others.sort_by(nearer);
        others.into_iter().map(|(_, item)| item).collect()
    }
}

/// The square of the Euclidean distance.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// All figures of a network.
pub fn retrieval(
    evidence: &Evidence,
    network: usize,
    labels: Option<&Labels>,
    seed: u64,
) -> Measured<Retrieval> {
    let Some(labels) = labels else {
        return Measured::Not("no class is known of the recordings".into());
    };
    let rankings = match Rankings::new(evidence, network) {
        Ok(rankings) => rankings,
        Err(why) => return Measured::Not(why),
    };
    let clips: Vec<usize> = rankings.items.iter().map(|item| item.clip).collect();
    let relevances = |query: usize, results: &[usize]| -> Vec<u32> {
        let of = |result: &usize| labels.relevance(clips[query], clips[*result]);
        results.iter().map(of).collect()
    };
    let depth = DEPTHS[DEPTHS.len() - 1];
    let cells = DIRECTIONS.iter().flat_map(|direction| {
        let ranked: Vec<Vec<u32>> = (0..clips.len())
            .map(|query| relevances(query, &rankings.of(query, *direction, depth)))
            .collect();
        table(*direction, &ranked)
    });
    let cells = cells.collect();
    let dice = &mut dice(seed, Purpose::Rankings);
    let by_chance: Vec<Vec<u32>> = (0..clips.len() * RANDOM_RANKINGS)
        .map(|number| {
            let query = number % clips.len();
            relevances(query, &random_ranking(query, clips.len(), dice, depth))
        })
        .collect();
    Measured::Is(Retrieval {
        items: clips.len(),
        dimensions: rankings.vectors[0][0].len(),
        cells,
        random: table(DIRECTIONS[0], &by_chance),
    })
}

/// The figures of one direction: means over the relevances that each query found.
fn table((query, result): (Modality, Modality), ranked: &[Vec<u32>]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for depth in DEPTHS {
        for gain in Gain::ALL {
            let of = |found: &Vec<u32>| ndcg(&found[..depth.min(found.len())], gain);
            cells.push(Cell {
                query,
                result,
                depth,
                gain,
                ndcg: ranked.iter().map(of).sum::<f64>() / ranked.len() as f64,
            });
        }
    }
    cells
}

fn random_ranking(query: usize, items: usize, dice: &mut impl RngExt, depth: usize) -> Vec<usize> {
    let mut others: Vec<usize> = (0..items).filter(|item| *item != query).collect();
    let (chosen, _) = others.partial_shuffle(dice, depth);
    chosen.to_vec()
}
