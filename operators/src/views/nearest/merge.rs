//! The best of all workers.

use std::collections::{BTreeSet, HashMap};

use super::{
    Listed, Match,
    standing::{Candidate, differences},
};
use crate::views::{Held, maintain::Shard};

/// The queries whose answers are given on this worker.
#[derive(Default)]
pub(super) struct Merge {
    queries: HashMap<(String, u32), Best>,
}

/// What the workers have for one query, and what was answered.
#[derive(Default)]
struct Best {
    listed: BTreeSet<Candidate>,
    told: Vec<Candidate>,
}

impl Shard for Merge {
    type In = Listed;
    type Out = Match;

    fn turn(
        &mut self,
        changes: Vec<(Listed, isize)>,
        _tide: Option<i64>,
        answers: &mut Vec<(Match, isize)>,
    ) {
        let mut changes = changes.into_iter().peekable();
        while let Some((first, _)) = changes.peek() {
            let (query, k) = (first.query.clone(), first.k);
            let name = (query.clone(), k);
            let best = self.queries.entry(name.clone()).or_default();
            while let Some((listed, diff)) =
                changes.next_if(|(listed, _)| listed.query == query && listed.k == k)
            {
                match diff > 0 {
                    true => best.listed.insert(listed.candidate),
                    false => best.listed.remove(&listed.candidate),
                };
            }
            let now: Vec<_> = best.listed.iter().take(k as usize).cloned().collect();
            differences(&best.told, &now, |candidate, diff| {
                answers.push((found(&query, candidate), diff));
            });
            best.told = now;
            if best.listed.is_empty() {
                self.queries.remove(&name);
            }
        }
    }

    fn held(&self) -> Held {
        Held::default()
    }
}

fn found(query: &str, candidate: &Candidate) -> Match {
    Match {
        query: query.into(),
        distance: candidate.squared.get().sqrt().into(),
        source: candidate.source.clone(),
        segment: candidate.segment,
        modality: candidate.modality,
    }
}
