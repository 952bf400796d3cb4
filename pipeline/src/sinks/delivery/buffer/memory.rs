//! Letters in memory.

use std::{collections::VecDeque, sync::Arc};

use super::super::letter::{Content, Letter};

/// The letters, with what each weighs.
#[derive(Default)]
pub struct Memory {
    waiting: VecDeque<(Letter, u64)>,
    bytes: u64,
    pushed: u64,
}

impl Memory {
    /// Bytes of those that wait.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Puts one behind the others.
    pub fn push(&mut self, content: Content) {
        let weight = content.weight();
        self.pushed += 1;
        let letter = Letter {
            number: self.pushed,
            content: Arc::new(content),
        };
        self.waiting.push_back((letter, weight));
        self.bytes += weight;
    }

    /// The first ones behind so many.
    pub fn behind(&self, skipped: usize, letters: usize, bytes: u64) -> Vec<Letter> {
        let mut sum = 0;
        let fits = |(_, weight): &&(Letter, u64)| {
            let is_first = sum == 0;
            sum += weight;
            is_first || sum <= bytes
        };
        let next = (self.waiting.iter().skip(skipped)).take(letters);
        let next = next.take_while(fits);
        next.map(|(letter, _)| letter.clone()).collect()
    }

    /// All up to this number have been taken.
    pub fn taken(&mut self, number: u64) {
        while let Some((letter, weight)) = self.waiting.front()
            && letter.number <= number
        {
            self.bytes -= weight;
            self.waiting.pop_front();
        }
    }
}
