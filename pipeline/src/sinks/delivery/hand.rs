//! The letters that a postman has in hand.

use super::letter::Letter;

/// Letters that are handed over at once.
const LETTERS: usize = 500;

/// Their bytes.
const BYTES: u64 = 1 << 20;

/// Letters that are with the receiver, or are handed over next, in order. They stay in the queue
/// until they are taken.
#[derive(Default)]
pub struct Hand {
    letters: Vec<Letter>,
    bytes: u64,
}

impl Hand {
    /// Them.
    pub fn letters(&self) -> &[Letter] {
        &self.letters
    }

    /// How many more it holds, and of how many bytes.
    pub fn room(&self) -> (usize, u64) {
        match BYTES.saturating_sub(self.bytes) {
            0 => (0, 0),
            bytes => (LETTERS.saturating_sub(self.letters.len()), bytes),
        }
    }

    /// Takes those that come next.
    pub fn take_up(&mut self, next: Vec<Letter>) {
        self.bytes += weight(&next);
        self.letters.extend(next);
    }

    /// So many of the first are gone.
    pub fn give(&mut self, count: usize) {
        self.bytes -= weight(&self.letters[..count]);
        self.letters.drain(..count);
    }
}

fn weight(letters: &[Letter]) -> u64 {
    letters.iter().map(|letter| letter.content.weight()).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{super::testing::row, *};
    use crate::sinks::delivery::letter::Content;

    #[test]
    fn a_hand_is_full_of_many_letters_or_of_large_ones() {
        let letter = |number| Letter {
            number,
            content: Arc::new(Content::Row(row("cam", number as i64, None))),
        };
        let mut hand = Hand::default();
        assert_eq!(hand.room(), (LETTERS, BYTES));
        hand.take_up((0..500).map(letter).collect());
        assert_eq!(hand.room().0, 0);
        hand.give(3);
        assert_eq!((hand.room().0, hand.letters()[0].number), (3, 3));
        hand.give(497);
        assert_eq!(hand.room(), (LETTERS, BYTES));
        let content = Arc::new(Content::Change {
            view: "nearest".into(),
            source: None,
            key: "k".into(),
            body: Some("x".repeat(BYTES as usize)),
        });
        hand.take_up(vec![Letter { number: 1, content }]);
        assert_eq!(hand.room(), (0, 0));
    }
}
