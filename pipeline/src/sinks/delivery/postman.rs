//! The thread that hands letters to a receiver, however often it takes.

use std::{io, sync::Arc, time::Instant};

use super::{
    dead::DeadLetters,
    hand::Hand,
    letter::{Letter, Style},
    queue::Queue,
    receiver::{Receiver, SendError},
};
use crate::{backoff::Backoff, sinks::RetrySpec};

/// What a postman needs.
pub struct Postman {
    /// The sink, as it is told of.
    pub name: String,
    /// Whom letters are for.
    pub receiver: Box<dyn Receiver>,
    /// Where they wait.
    pub queue: Arc<Queue>,
    /// How they are written.
    pub style: Style,
    /// Where those go that are refused.
    pub dead: DeadLetters,
    /// How long is waited after failures.
    pub retry: RetrySpec,
}

impl Postman {
    /// Works until the queue is closed, and empty or abandoned. A receiver that `is_connected`
    /// already is not connected to again.
    pub fn work(mut self, mut is_connected: bool) {
        let mut backoff = Backoff::within(self.retry.first, self.retry.most, seed(&self.name));
        let mut lost_since: Option<Instant> = None;
        let mut hand = Hand::default();
        loop {
            let step = match is_connected {
                true => self.hand_over(&mut hand),
                false => self.connect(),
            };
            match step {
                Ok(Step::Over) => break,
                Ok(Step::Connected) => {
                    is_connected = true;
                    if let Some(since) = lost_since.take() {
                        let seconds = since.elapsed().as_secs_f32();
                        tracing::info!("{}: back after {seconds:.1} s", self.name);
                    }
                }
                Ok(Step::Handed) => backoff.reset(),
                Err(failure) => {
                    is_connected = false;
                    hand = Hand::default();
                    self.queue.counters().failed();
                    if lost_since.is_none() {
                        lost_since = Some(Instant::now());
                        tracing::warn!("{}: {failure}; rows wait", self.name);
                    }
                    if !self.queue.pause(backoff.next()) {
                        break;
                    }
                }
            }
        }
        self.receiver.close();
    }

    fn connect(&mut self) -> Result<Step, SendError> {
        let known = self.receiver.connect()?;
        self.queue.counters().connected();
        if let Some(number) = known {
            self.queue.known(number);
        }
        Ok(Step::Connected)
    }

    fn hand_over(&mut self, hand: &mut Hand) -> Result<Step, SendError> {
        let (letters, bytes) = hand.room();
        let next = (self.queue).wait_for_letters(hand.letters().len(), letters, bytes);
        match next {
            Ok(Some(next)) => hand.take_up(next),
            Ok(None) => return Ok(Step::Over),
            Err(error) => return Err(SendError::lost(format!("the buffer: {error}"))),
        }
        let letters = hand.letters();
        match self.receiver.send(letters) {
            Ok(count) => {
                let count = count.min(letters.len());
                self.taken(&letters[..count]);
                hand.give(count);
                Ok(Step::Handed)
            }
            Err(SendError::Refused { index, reason }) if index < letters.len() => {
                self.taken(&letters[..index]);
                self.bury(&letters[index], &reason)
                    .map_err(|error| SendError::lost(format!("{error}")))?;
                hand.give(index + 1);
                Ok(Step::Handed)
            }
            Err(SendError::Lost { taken, reason }) => {
                self.taken(&letters[..taken.min(letters.len())]);
                Err(SendError::lost(reason))
            }
            Err(other) => Err(other),
        }
    }

    fn taken(&self, letters: &[Letter]) {
        if let Some(last) = letters.last() {
            self.queue.counters().sent(letters.len() as u64);
            self.queue.taken(last.number);
        }
    }

    fn bury(&mut self, letter: &Letter, reason: &str) -> io::Result<()> {
        let place = self.dead.path().display().to_string();
        let buried = self.dead.put(&self.name, letter, self.style, reason);
        buried.map_err(|error| {
            let message = format!("refused ({reason}), and cannot be kept in {place}: {error}");
            io::Error::new(error.kind(), message)
        })?;
        if self.queue.counters().read().refused == 0 {
            let id = letter.content.id();
            tracing::warn!("{}: refuses {id}: {reason}; it is in {place}", self.name);
        }
        self.queue.counters().refused();
        self.queue.taken(letter.number);
        Ok(())
    }
}

/// What came of an attempt.
enum Step {
    Connected,
    Handed,
    Over,
}

/// Sinks that failed together do not come back together.
fn seed(name: &str) -> u64 {
    u64::from(crc32fast::hash(name.as_bytes()))
}
