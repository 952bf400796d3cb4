//! Letters that are on their way to the broker.

use std::collections::VecDeque;

use super::line::{Ack, Line, Lost};

/// What is waited for, letter by letter in their order. They are the first of those that the next
/// call hands over.
#[derive(Default)]
pub struct Underway(VecDeque<Vec<Ack>>);

impl Underway {
    /// How many letters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One more has been sent; it is taken when all of this is acknowledged.
    pub fn push(&mut self, acks: Vec<Ack>) {
        self.0.push_back(acks);
    }

    /// Waits until so many of the first are taken, and counts them, with all behind them that are
    /// taken by then.
    ///
    /// # Errors
    /// When one of them is not.
    pub async fn settle(
        &mut self,
        line: &Line,
        wanted: usize,
        taken: &mut usize,
    ) -> Result<(), Lost> {
        while *taken < wanted
            && let Some(acks) = self.0.pop_front()
        {
            for ack in acks {
                line.acknowledged(ack).await?;
            }
            *taken += 1;
        }
        while let Some(acks) = self.0.front_mut() {
            while let Some(ack) = acks.last_mut() {
                let Some(said) = line.said(ack) else {
                    return Ok(());
                };
                said?;
                acks.pop();
            }
            self.0.pop_front();
            *taken += 1;
        }
        Ok(())
    }
}
