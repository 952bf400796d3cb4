//! The buffer between the dataflow and a postman.

use std::{
    io,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    account::Counters,
    buffer::{Buffer, Standing},
    letter::{Content, Letter},
};
use crate::sources::Stop;

/// How often somebody who waits looks whether the run is over.
const LOOK: Duration = Duration::from_millis(100);

/// The buffer, and those who wait for something in it.
pub struct Queue {
    inner: Mutex<Inner>,
    /// Something has come, or the end.
    came: Condvar,
    /// Something has gone.
    went: Condvar,
    counters: Counters,
    limit_bytes: u64,
    /// The number of the last letter that an earlier run has put in.
    before: u64,
}

struct Inner {
    buffer: Buffer,
    is_closed: bool,
    is_abandoned: bool,
}

impl Queue {
    /// One around a buffer that holds so much.
    pub fn new(buffer: Buffer, limit_bytes: u64) -> Self {
        let counters = Counters::default();
        let before = buffer.last();
        counters.waiting(buffer.len(), buffer.bytes());
        if matches!(buffer, Buffer::Disk(_)) {
            counters.kept();
        }
        Self {
            inner: Mutex::new(Inner {
                buffer,
                is_closed: false,
                is_abandoned: false,
            }),
            came: Condvar::new(),
            went: Condvar::new(),
            counters,
            limit_bytes,
            before,
        }
    }

    /// What became of the letters.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Puts a letter in, if there is room; whether there was.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn offer(&self, content: Content) -> io::Result<bool> {
        let mut inner = self.lock();
        let has_room = self.has_room(&inner, &content);
        if has_room {
            self.push(&mut inner, content)?;
        }
        Ok(has_room)
    }

    /// Puts a letter in, when there is room.
    ///
    /// # Errors
    /// When it cannot be written down, or the run was stopped before there was room.
    pub fn put(&self, content: Content, stop: &Stop) -> io::Result<()> {
        let mut inner = self.lock();
        while !self.has_room(&inner, &content) {
            if stop.is_raised() {
                let message = "the run was stopped while rows waited for room";
                return Err(io::Error::new(io::ErrorKind::Interrupted, message));
            }
            // Only what was flushed can go.
            inner.buffer.flush()?;
            self.came.notify_one();
            let (now, _) =
                (self.went.wait_timeout(inner, LOOK)).unwrap_or_else(PoisonError::into_inner);
            inner = now;
        }
        self.push(&mut inner, content)
    }

    fn has_room(&self, inner: &Inner, content: &Content) -> bool {
        inner.buffer.len() == 0 || inner.buffer.bytes() + content.weight() <= self.limit_bytes
    }

    fn push(&self, inner: &mut Inner, content: Content) -> io::Result<()> {
        inner.buffer.push(content)?;
        self.counters
            .waiting(inner.buffer.len(), inner.buffer.bytes());
        Ok(())
    }

    /// Lets the postman have what was put in.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&self) -> io::Result<()> {
        self.lock().buffer.flush()?;
        self.came.notify_one();
        Ok(())
    }

    /// How a buffer on disk is found again; nothing if letters wait in memory.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn commit(&self) -> io::Result<Option<Standing>> {
        let mut inner = self.lock();
        match &mut inner.buffer {
            Buffer::Memory(_) => Ok(None),
            Buffer::Disk(disk) => {
                let standing = disk.commit()?;
                self.came.notify_one();
                Ok(Some(standing))
            }
        }
    }

    /// Waits until nothing waits, or for so long; whether nothing does.
    pub fn wait_until_empty(&self, until: Instant, stop: Option<&Stop>) -> bool {
        let mut inner = self.lock();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let is_over = left.is_zero() || stop.is_some_and(Stop::is_raised);
            if inner.buffer.len() == 0 || is_over {
                return inner.buffer.len() == 0;
            }
            let (now, _) = (self.went.wait_timeout(inner, left.min(LOOK)))
                .unwrap_or_else(PoisonError::into_inner);
            inner = now;
        }
    }

    /// Nothing more comes: the postman ends when nothing waits, or at once.
    pub fn close(&self, at_once: bool) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.is_abandoned |= at_once;
        drop(inner);
        self.came.notify_all();
    }

    /// The next letters behind those that the postman has in hand: if it has none, as soon as there
    /// are some. Nothing if there is nothing more to do.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn wait_for_letters(
        &self,
        in_hand: usize,
        letters: usize,
        bytes: u64,
    ) -> io::Result<Option<Vec<Letter>>> {
        let mut inner = self.lock();
        loop {
            if inner.is_abandoned {
                return Ok(None);
            }
            let next = inner.buffer.behind(in_hand, letters, bytes)?;
            if in_hand > 0 || !next.is_empty() {
                return Ok(Some(next));
            }
            if inner.is_closed {
                return Ok(None);
            }
            inner = self
                .came
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits before another attempt; false if there is to be none.
    pub fn pause(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        let mut inner = self.lock();
        loop {
            if inner.is_abandoned || (inner.is_closed && inner.buffer.len() == 0) {
                return false;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            let (now, _) =
                (self.came.wait_timeout(inner, left)).unwrap_or_else(PoisonError::into_inner);
            inner = now;
        }
    }

    /// All up to this number were taken.
    pub fn taken(&self, number: u64) {
        let mut inner = self.lock();
        inner.buffer.taken(number);
        self.counters
            .waiting(inner.buffer.len(), inner.buffer.bytes());
        drop(inner);
        self.went.notify_all();
    }

    /// The receiver says that it has all up to this number. Of letters of this run it cannot know:
    /// an earlier one may have been killed behind its last commit, and its numbers given out anew.
    pub fn known(&self, number: u64) {
        self.taken(number.min(self.before));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
