//! What a view remembers of each second of a source, packed in blocks.

use std::{collections::BTreeMap, ops::Range};

use differential_dataflow::consolidation::consolidate;

/// Seconds in a block.
pub(super) const BLOCK: i64 = 64;

type Block<V> = Box<[Option<V>; BLOCK as usize]>;

/// A value for each second that has one.
///
/// Changes are those of a multiset: a value may come twice and be withdrawn once. Of several, the
/// greatest counts, so that the order in which they came does not matter.
#[derive(Debug)]
pub(super) struct Seconds<V> {
    blocks: BTreeMap<i64, Block<V>>,
    disputes: Disputes<V>,
    len: usize,
}

impl<V> Default for Seconds<V> {
    fn default() -> Self {
        Self {
            blocks: BTreeMap::new(),
            disputes: Disputes::default(),
            len: 0,
        }
    }
}

impl<V: Ord + Clone> Seconds<V> {
    /// How many seconds have a value.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len == 0 && self.disputes.is_empty()
    }

    /// Bytes of memory, about.
    pub fn bytes(&self) -> usize {
        self.blocks.len() * size_of::<[Option<V>; BLOCK as usize]>()
    }

    /// The value of a second.
    pub fn get(&self, segment: i64) -> Option<&V> {
        let block = self.blocks.get(&block_of(segment))?;
        block[place_in_block(segment)].as_ref()
    }

    /// Takes in the changes of a second; its value before and after.
    pub fn settle(&mut self, segment: i64, changes: &[(V, isize)]) -> (Option<V>, Option<V>) {
        let before = self.get(segment).cloned();
        let after = self.disputes.settle(segment, before.as_ref(), changes);
        if before != after {
            self.put(segment, after.clone());
        }
        (before, after)
    }

    /// Gives a second a value, or none, whatever has come.
    pub fn put(&mut self, segment: i64, value: Option<V>) {
        let block = self.blocks.entry(block_of(segment));
        let block = block.or_insert_with(|| Box::new([const { None }; BLOCK as usize]));
        let place = &mut block[place_in_block(segment)];
        self.len = self.len + usize::from(value.is_some()) - usize::from(place.is_some());
        *place = value;
    }

    /// The seconds of a range that have a value, in order.
    pub fn range(&self, segments: Range<i64>) -> impl Iterator<Item = (i64, &V)> {
        let blocks = match segments.is_empty() {
            true => 0..0,
            false => block_of(segments.start)..block_of(segments.end - 1) + 1,
        };
        (self.blocks.range(blocks))
            .flat_map(|(number, block)| in_block(*number, block))
            .filter(move |(segment, _)| segments.contains(segment))
    }

    /// The blocks from one on, by number; block `n` begins at second `n * BLOCK`.
    pub fn blocks_from(
        &self,
        number: i64,
    ) -> impl Iterator<Item = (i64, impl Iterator<Item = (i64, &V)>)> {
        (self.blocks.range(number..)).map(|(number, block)| (*number, in_block(*number, block)))
    }

    /// The last block before one, by number.
    pub fn block_before(&self, number: i64) -> Option<i64> {
        self.blocks
            .range(..number)
            .next_back()
            .map(|(number, _)| *number)
    }

    /// The last second that has a value.
    pub fn newest(&self) -> Option<i64> {
        (self.blocks.iter().rev())
            .find_map(|(number, block)| in_block(*number, block).last())
            .map(|(segment, _)| segment)
    }

    /// Forgets all blocks before one.
    pub fn forget_before(&mut self, number: i64) {
        while let Some(entry) = self.blocks.first_entry()
            && *entry.key() < number
        {
            self.len -= entry.remove().iter().flatten().count();
        }
        self.disputes.forget_before(number * BLOCK);
    }
}

/// The block that a second lies in.
pub(super) fn block_of(segment: i64) -> i64 {
    segment.div_euclid(BLOCK)
}

fn place_in_block(segment: i64) -> usize {
    segment.rem_euclid(BLOCK) as usize
}

fn in_block<V>(number: i64, block: &Block<V>) -> impl Iterator<Item = (i64, &V)> {
    let values = (number * BLOCK..).zip(block.iter());
    values.filter_map(|(segment, value)| Some((segment, value.as_ref()?)))
}

/// The seconds of which there is not exactly one value, which are few: of each, how often each
/// value has come, less how often it was withdrawn.
#[derive(Debug)]
pub(super) struct Disputes<V>(BTreeMap<i64, Vec<(V, isize)>>);

impl<V> Default for Disputes<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V: Ord + Clone> Disputes<V> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a second after these changes, where it had this one before.
    pub fn settle(
        &mut self,
        segment: i64,
        before: Option<&V>,
        changes: &[(V, isize)],
    ) -> Option<V> {
        if self.0.is_empty()
            && let ([(value, 1)], None) = (changes, before)
        {
            return Some(value.clone());
        }
        let undisputed = || before.map(|value| (value.clone(), 1)).into_iter().collect();
        let mut counts: Vec<_> = self.0.remove(&segment).unwrap_or_else(undisputed);
        counts.extend_from_slice(changes);
        consolidate(&mut counts);
        let greatest = counts.iter().rfind(|(_, count)| *count > 0);
        let greatest = greatest.map(|(value, _)| value.clone());
        if !matches!(counts[..], [] | [(_, 1)]) {
            self.0.insert(segment, counts);
        }
        greatest
    }

    /// Forgets those of seconds before one.
    pub fn forget_before(&mut self, segment: i64) {
        while let Some(entry) = self.0.first_entry()
            && *entry.key() < segment
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_greatest_of_what_is_there_counts_in_whatever_order_it_came(
            changes in prop::collection::vec((-100_i64..200, 0_u8..3, -2_isize..3), 0..300),
            forget in -2_i64..4,
        ) {
            let mut seconds = Seconds::default();
            let mut plain: BTreeMap<(i64, u8), isize> = BTreeMap::new();
            for (segment, value, diff) in changes {
                let value_now = |plain: &BTreeMap<(i64, u8), isize>| {
                    let mut there = plain.range((segment, 0)..=(segment, 9));
                    there.rfind(|(_, count)| **count > 0).map(|(key, _)| key.1)
                };
                let before = value_now(&plain);
                *plain.entry((segment, value)).or_default() += diff;
                let settled = seconds.settle(segment, &[(value, diff)]);
                prop_assert_eq!(settled, (before, value_now(&plain)));
            }
            seconds.forget_before(forget);
            let mut expected: BTreeMap<i64, u8> = BTreeMap::new();
            for ((segment, value), count) in plain {
                if count > 0 && segment >= forget * BLOCK {
                    expected.insert(segment, value);
                }
            }
            let all: BTreeMap<_, _> = seconds.range(-200..300).map(|(at, value)| (at, *value)).collect();
            prop_assert_eq!(seconds.len(), expected.len());
            prop_assert_eq!(seconds.newest(), expected.keys().last().copied());
            prop_assert_eq!(all, expected);
        }
    }
}
