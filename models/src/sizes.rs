//! The sizes of batches that a card is given.

use std::ops::Range;

/// A few sizes to which batches are padded, since a card prepares for every new size: it looks for
/// algorithms, takes memory, builds engines. What is more than the largest goes in several batches.
///
/// ```
/// use sonoscope_models::Sizes;
///
/// let sizes = Sizes::new([1, 8, 32]);
/// assert_eq!(sizes.padded(5), 8);
/// assert_eq!(sizes.largest(), 32);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes(Vec<usize>);

impl Sizes {
    /// These sizes; 1 if there are none. Zeros do not count.
    pub fn new(sizes: impl IntoIterator<Item = usize>) -> Self {
        let mut sizes: Vec<_> = sizes.into_iter().filter(|size| *size > 0).collect();
        sizes.sort_unstable();
        sizes.dedup();
        if sizes.is_empty() {
            sizes.push(1);
        }
        Self(sizes)
    }

    /// Powers of two up to one: at most half of a batch is padding.
    pub fn up_to(largest: usize) -> Self {
        let powers = (0..usize::BITS - 1).map(|power| 1 << power);
        Self::new(powers.take_while(|size| *size < largest).chain([largest]))
    }

    /// The smallest size that holds so many items; the largest, where none does.
    pub fn padded(&self, items: usize) -> usize {
        let fits = self.0.iter().find(|size| **size >= items);
        fits.copied().unwrap_or(self.largest())
    }

    /// The largest size.
    pub fn largest(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// All sizes, the smallest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = usize> {
        self.0.iter().copied()
    }
}

/// What became of items that did not all fit.
pub(crate) enum Failed<E> {
    /// One item alone had no room. `fits` is the largest batch that ever had.
    NoRoom { error: E, fits: usize },
    /// Something else.
    Other(E),
}

/// How many items a card takes at once: as many as it is given, until there was no room for so
/// many.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    limit: usize,
    /// The largest batch that ever had room.
    fits: usize,
}

impl Room {
    pub(crate) fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        Self { limit, fits: 0 }
    }

    /// How many it takes now.
    #[cfg(test)]
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Runs `items` in batches, in order. A batch that has no room is halved and tried again, and
    /// later ones stay as small; no item is left out or run twice.
    pub(crate) fn run<E>(
        &mut self,
        items: usize,
        has_no_room: impl Fn(&E) -> bool,
        mut batch: impl FnMut(Range<usize>) -> Result<(), E>,
    ) -> Result<(), Failed<E>> {
        let mut start = 0;
        while start < items {
            let end = items.min(start.saturating_add(self.limit));
            let size = end - start;
            match batch(start..end) {
                Ok(()) => {
                    self.fits = self.fits.max(size);
                    start = end;
                }
                Err(error) if !has_no_room(&error) => return Err(Failed::Other(error)),
                Err(_) if size > 1 => self.limit = size / 2,
                Err(error) => {
                    let fits = self.fits;
                    return Err(Failed::NoRoom { error, fits });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_go_into_the_smallest_size_that_holds_them() {
        let sizes = Sizes::up_to(48);
        assert_eq!(sizes.iter().collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 48]);
        let padded: Vec<_> = [1, 2, 3, 17, 33, 48, 49].map(|n| sizes.padded(n)).into();
        assert_eq!(padded, [1, 2, 4, 32, 48, 48, 48]);
        assert_eq!(Sizes::new([8, 0, 2, 8]).iter().collect::<Vec<_>>(), [2, 8]);
        assert_eq!(Sizes::new([]), Sizes::up_to(1));
    }

    /// A card with room for so many items, which writes down what it ran.
    fn card(room: usize, ran: &mut Vec<usize>) -> impl FnMut(Range<usize>) -> Result<(), String> {
        move |items| {
            if items.len() > room {
                return Err("out of memory".into());
            }
            ran.extend(items);
            Ok(())
        }
    }

    #[test]
    fn a_batch_without_room_is_halved_and_nothing_is_lost() {
        let mut ran = Vec::new();
        let mut room = Room::new(32);
        let is_memory = |error: &String| error.contains("memory");
        let done = room.run(100, is_memory, card(11, &mut ran));
        assert!(done.is_ok());
        assert_eq!(ran, (0..100).collect::<Vec<_>>());
        assert_eq!(room.limit(), 8, "and later batches begin there");
    }

    #[test]
    fn where_one_has_no_room_it_says_what_once_had() {
        let mut room = Room::new(4);
        let is_memory = |error: &String| error.contains("memory");
        assert!(room.run(4, is_memory, card(4, &mut Vec::new())).is_ok());
        let failed = room.run(4, is_memory, card(0, &mut Vec::new()));
        assert!(matches!(failed, Err(Failed::NoRoom { fits: 4, .. })));
    }

    #[test]
    fn another_failure_halves_nothing() {
        let mut room = Room::new(4);
        let failed = room.run(4, |_: &String| false, card(0, &mut Vec::new()));
        assert!(matches!(failed, Err(Failed::Other(_))));
        assert_eq!(room.limit(), 4);
    }
}
