//! Mono of one rate to another, as a stream.

use pulp::Arch;

use super::filter::{Filter, Run};

/// Mono of one rate to another.
#[derive(Clone, Debug)]
pub(super) struct Converter {
    filter: Filter,
    arch: Arch,
    /// Input that is still needed. Of the first sample there is a lead of zeros, so that the
    /// filter may reach back behind it.
    held: Vec<f32>,
    /// How much of the input, its lead included, is no longer held.
    dropped: u64,
    /// How many samples have been put out.
    done: u64,
}

impl Converter {
    pub fn new(rate_hz: u32, out_hz: u32) -> Self {
        let filter = Filter::new(rate_hz, out_hz);
        let mut this = Self {
            filter,
            arch: Arch::new(),
            held: Vec::new(),
            dropped: 0,
            done: 0,
        };
        this.start();
        this
    }

    fn start(&mut self) {
        self.held.clear();
        self.held.resize(self.filter.lead(), 0.0);
        self.dropped = 0;
        self.done = 0;
    }

    /// Where more of the input is to be appended.
    pub fn input(&mut self) -> &mut Vec<f32> {
        &mut self.held
    }

    /// Puts out all for which there is enough input.
    pub fn convert(&mut self, out: &mut Vec<f32>) {
        let held_end = self.dropped + self.held.len() as u64;
        let ready = self.filter.ready(held_end);
        self.put_out(ready, out);
        let needed = self.filter.place(self.done).first_tap;
        let droppable = (needed.min(held_end) - self.dropped) as usize;
        self.held.drain(..droppable);
        self.dropped += droppable as u64;
    }

    /// Puts out the rest, and begins anew.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let frames = self.dropped + self.held.len() as u64 - self.filter.lead() as u64;
        self.held.resize(self.held.len() + self.filter.tail(), 0.0);
        self.put_out(self.filter.out_samples(frames), out);
        self.start();
    }

    /// Puts out samples up to (not including) number `end`.
    fn put_out(&mut self, end: u64, out: &mut Vec<f32>) {
        if self.done < end {
            self.arch.dispatch(Run {
                filter: &self.filter,
                samples: self.done..end,
                held: &self.held,
                dropped: self.dropped,
                out,
            });
            self.done = end;
        }
    }

    #[cfg(test)]
    pub fn without_vectors(&mut self) {
        self.arch = Arch::Scalar;
    }
}
