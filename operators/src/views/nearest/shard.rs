//! What one worker searches.

use std::collections::{HashMap, HashSet};

use pulp::Arch;
use serde::{Deserialize, Serialize};

use super::{Listed, NearestSettings, Query, Vectors, queries::listed, space::Space};
use crate::{
    SourceId,
    views::{
        Embedding, Held, Network,
        maintain::Shard,
        tracks::{At, Key},
    },
};

/// A second, or a query for one of the workers, all of which look for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Asked {
    Query { worker: u64, query: Query },
    Row(At<Key, Vectors>),
}

/// The spaces of all networks.
pub(super) struct Searched {
    settings: NearestSettings,
    arch: Arch,
    tide: Option<i64>,
    spaces: HashMap<Network, Space>,
}

impl Searched {
    pub fn new(settings: NearestSettings) -> Self {
        Self {
            settings,
            arch: Arch::new(),
            tide: None,
            spaces: HashMap::new(),
        }
    }

    /// Where a second lies, if it is remembered.
    pub fn find(
        &self,
        network: &Network,
        source: &SourceId,
        segment: i64,
    ) -> Option<[Option<Embedding>; 2]> {
        self.spaces.get(network)?.find(source, segment)
    }

    fn space(&mut self, network: &Network) -> &mut Space {
        let arch = self.arch;
        let space = self.spaces.entry(network.clone());
        space.or_insert_with(|| Space::new(arch))
    }

    /// Queries come and go; the networks of which some did.
    fn ask(
        &mut self,
        queries: impl Iterator<Item = (Query, isize)>,
        answers: &mut Vec<(Listed, isize)>,
    ) {
        let mut asked = HashSet::new();
        for (query, diff) in queries {
            let space = self.space(&query.network);
            asked.insert(query.network.clone());
            if diff > 0 {
                space.queries.add(query);
            } else {
                let told = space.queries.withdraw(&query, &mut space.store);
                answers.extend(told.into_iter().map(|best| (listed(&query, best), -1)));
            }
        }
        for network in asked {
            self.space(&network).queries.arrange();
        }
    }

    fn settle(&mut self, rows: impl Iterator<Item = (At<Key, Vectors>, isize)>) {
        let (tide, keep_s) = (self.tide, self.settings.keep_s.into());
        let mut rows = rows.peekable();
        let mut changes = Vec::new();
        while let Some((first, _)) = rows.peek() {
            let (key, segment, live) = (first.key.clone(), first.segment, first.live);
            while let Some((row, diff)) =
                rows.next_if(|(row, _)| row.segment == segment && row.key == key)
            {
                changes.push((row.value, diff));
            }
            let space = self.space(&key.network);
            let source = space.source(&key.source, live, segment);
            space.settle(source, segment, &changes);
            changes.clear();
            let is_last = rows.peek().is_none_or(|(next, _)| next.key != key);
            if is_last {
                space.forget(source, tide, keep_s);
            }
        }
    }
}

impl Shard for Searched {
    type In = Asked;
    type Out = Listed;

    fn turn(
        &mut self,
        changes: Vec<(Asked, isize)>,
        tide: Option<i64>,
        answers: &mut Vec<(Listed, isize)>,
    ) {
        let risen = tide > self.tide;
        self.tide = self.tide.max(tide);
        // Queries are the first in order.
        let mut changes = changes.into_iter().peekable();
        let queries: Vec<_> = std::iter::from_fn(|| {
            let (asked, diff) =
                changes.next_if(|(asked, _)| matches!(asked, Asked::Query { .. }))?;
            match asked {
                Asked::Query { query, .. } => Some((query, diff)),
                Asked::Row(_) => None,
            }
        })
        .collect();
        self.ask(queries.into_iter(), answers);
        self.settle(changes.filter_map(|(asked, diff)| match asked {
            Asked::Row(row) => Some((row, diff)),
            Asked::Query { .. } => None,
        }));
        let keep_s = self.settings.keep_s.into();
        for space in self.spaces.values_mut() {
            if risen {
                space.forget_all(self.tide, keep_s);
            }
            space.look();
            space.queries.tell(answers);
        }
        self.spaces.retain(|_, space| !space.is_empty());
    }

    fn held(&self) -> Held {
        let spaces = self.spaces.values().map(|space| Held {
            rows: space.store.len() as u64,
            answers: space.queries.answers() as u64,
            bytes: space.store.bytes() as u64,
        });
        spaces.fold(Held::default(), Held::plus)
    }
}
