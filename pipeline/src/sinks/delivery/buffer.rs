//! Letters that wait for their receiver, in order.

mod disk;
mod memory;

use std::io;

use serde::{Deserialize, Serialize};

pub use disk::Disk;
pub use memory::Memory;

use super::letter::{Content, Letter};
use crate::sinks::spool::Extent;

/// Where letters wait.
pub enum Buffer {
    /// In memory.
    Memory(Memory),
    /// In files.
    Disk(Disk),
}

/// How a buffer on disk is found again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What counts of the files.
    pub spool: Vec<Extent>,
    /// The number of the first letter in them.
    pub first: u64,
    /// The number of the first letter that was not taken.
    pub wanted: u64,
}

impl Buffer {
    /// Bytes of the letters that wait.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Memory(memory) => memory.bytes(),
            Self::Disk(disk) => disk.bytes(),
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        match self {
            Self::Memory(memory) => memory.len(),
            Self::Disk(disk) => disk.len(),
        }
    }

    /// The number of the last of them; of one in memory, none are of an earlier run.
    pub fn last(&self) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::Disk(disk) => disk.last(),
        }
    }

    /// Puts one behind the others.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn push(&mut self, content: Content) -> io::Result<()> {
        match self {
            Self::Memory(memory) => {
                memory.push(content);
                Ok(())
            }
            Self::Disk(disk) => disk.push(&content),
        }
    }

    /// Lets the receiver have what was pushed.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Disk(disk) => disk.flush(),
        }
    }

    /// The first letters behind so many: at most so many and of so many bytes, but one at least if
    /// there is one.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn behind(&self, skipped: usize, letters: usize, bytes: u64) -> io::Result<Vec<Letter>> {
        match self {
            Self::Memory(memory) => Ok(memory.behind(skipped, letters, bytes)),
            Self::Disk(disk) => disk.behind(skipped, letters, bytes),
        }
    }

    /// All up to this number have been taken.
    pub fn taken(&mut self, number: u64) {
        match self {
            Self::Memory(memory) => memory.taken(number),
            Self::Disk(disk) => disk.taken(number),
        }
    }
}
