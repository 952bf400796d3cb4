//! Sinks beyond a network: rows wait in a buffer, and a thread hands them to a receiver. So one
//! that is slow or gone holds up nobody else.
//!
//! ```text
//! dataflow -> Delivered -> Queue (memory or disk) -> Postman (its thread) -> Receiver
//!                                                        |
//!                                                        +-> dead letters, refused for good
//! ```

pub mod account;
mod buffer;
mod dead;
mod hand;
pub mod letter;
mod postman;
mod queue;
pub mod receiver;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde::Deserialize;
use sonoscope_operators::{Row, SourceId};

pub use account::{Account, Counters};
use buffer::{Buffer, Disk, Memory, Standing};
use dead::DeadLetters;
use letter::{Content, Style};
use postman::Postman;
use queue::Queue;
use receiver::{Receiver, SendError};

use super::{BufferKind, Opening, Position, Sink, SinkSpec, WhenFull, Withdrawal};
use crate::{cameras::is_camera, sources::Stop, views::Change};

/// What waits in memory at most, if nothing else is said.
const MEMORY_BYTES: u64 = 64 << 20;

/// What waits on disk at most, if nothing else is said.
const DISK_BYTES: u64 = 1 << 30;

/// How long a receiver is waited for when somebody wants the run to end at once.
pub const LITTLE_PATIENCE: Duration = Duration::from_secs(2);

/// A sink whose rows are delivered.
pub struct Delivered {
    queue: Arc<Queue>,
    postman: Option<JoinHandle<()>>,
    style: Style,
    when_full: Option<WhenFull>,
    /// Whether rows of live sources have come, which wait for nobody.
    is_live: bool,
    stop: Stop,
    name: String,
}

impl Delivered {
    /// Opens the buffer, looks whether the receiver lets us in, and begins to hand over.
    ///
    /// # Errors
    /// When the receiver does not let us in, or the buffer cannot be opened. One that is out of
    /// reach is no error: rows wait for it.
    pub fn open(
        spec: &SinkSpec,
        mut receiver: Box<dyn Receiver>,
        style: Style,
        opening: &Opening,
    ) -> io::Result<Self> {
        let name = spec.uri.to_string();
        let queue = Arc::new(queue(spec, opening)?);
        let is_connected = match receiver.connect() {
            Ok(known) => {
                queue.counters().connected();
                known.into_iter().for_each(|number| queue.known(number));
                true
            }
            Err(SendError::Denied { reason }) => {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
            }
            Err(error) => {
                queue.counters().failed();
                tracing::warn!("{name}: {error}; rows wait until it is there");
                false
            }
        };
        let postman = Postman {
            name: name.clone(),
            receiver,
            queue: queue.clone(),
            style,
            dead: DeadLetters::at(dead_letters(spec, opening.state)),
            retry: spec.retry.clone(),
        };
        let scheme = name.split([':', '+']).next().unwrap_or_default();
        let postman = thread::Builder::new()
            .name(format!("sink-{scheme}"))
            .spawn(move || postman.work(is_connected))?;
        Ok(Self {
            queue,
            postman: Some(postman),
            style,
            when_full: spec.buffer.when_full,
            is_live: false,
            stop: opening.stop.clone(),
            name,
        })
    }

    fn put(&self, content: Content, is_live: bool) -> io::Result<()> {
        let otherwise = match is_live {
            true => WhenFull::DropNewest,
            false => WhenFull::Block,
        };
        match self.when_full.unwrap_or(otherwise) {
            WhenFull::Block => self.queue.put(content, &self.stop),
            WhenFull::DropNewest => {
                if !self.queue.offer(content)? && self.queue.counters().dropped() == 0 {
                    let name = &self.name;
                    tracing::warn!("{name}: its buffer is full; the newest rows are left out");
                }
                Ok(())
            }
        }
    }

    /// A row without what nobody asked for. The heatmap stays: rows tell its peak.
    fn trimmed(&self, row: &Row) -> Row {
        let mut row = row.clone();
        if !self.style.include.embeddings
            && let Some(score) = &mut row.score
        {
            score.frame_embedding = None;
            score.audio_embedding = None;
        }
        row
    }
}

impl Sink for Delivered {
    fn write(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            self.is_live |= is_camera(row.ordinal);
            self.put(Content::Row(self.trimmed(row)), is_camera(row.ordinal))?;
        }
        Ok(())
    }

    fn changes(&mut self, changes: &[Change]) -> io::Result<()> {
        for change in changes.iter().cloned() {
            self.put(change.into(), self.is_live)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.queue.flush()
    }

    /// The position is that of the buffer. Rows that wait in memory are waited for: the ledger
    /// counts on them.
    fn commit(&mut self) -> io::Result<Position> {
        self.queue.flush()?;
        if let Some(standing) = self.queue.commit()? {
            return Ok(Position(serde_json::to_value(standing)?));
        }
        let forever = Instant::now() + Duration::from_secs(1 << 30);
        match self.queue.wait_until_empty(forever, Some(&self.stop)) {
            true => Ok(Position(serde_json::Value::Null)),
            false => Err(io::Error::new(
                io::ErrorKind::Interrupted,
                "the run was stopped while rows waited in memory",
            )),
        }
    }

    fn close_source(&mut self, source: &SourceId) -> io::Result<()> {
        self.put(Content::Ended(source.clone()), false)
    }

    fn withdraw(&mut self, source: &SourceId) -> io::Result<Withdrawal> {
        self.put(Content::Withdrawn(source.clone()), false)?;
        Ok(Withdrawal::Removed)
    }

    fn drain(&mut self, until: Instant) -> io::Result<()> {
        self.queue.flush()?;
        if !self.queue.wait_until_empty(until, Some(&self.stop)) {
            // Whoever stops the run meanwhile does not wait so long.
            let until = until.min(Instant::now() + LITTLE_PATIENCE);
            self.queue.wait_until_empty(until, None);
        }
        Ok(())
    }

    /// What is not taken by now stays in the buffer, if it is on disk, and is counted.
    fn finish(&mut self) -> io::Result<()> {
        self.queue.flush()?;
        self.queue.close(true);
        // A postman who waits for an answer comes back when its time is up, or with the end of
        // the program.
        let until = Instant::now() + Duration::from_millis(500);
        if let Some(postman) = self.postman.take() {
            while !postman.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(5));
            }
            if postman.is_finished() && postman.join().is_err() {
                return Err(io::Error::other("its thread has failed"));
            }
        }
        Ok(())
    }

    fn counters(&self) -> Option<Counters> {
        Some(self.queue.counters().clone())
    }
}

/// The buffer as it is asked for, or as it was.
fn queue(spec: &SinkSpec, opening: &Opening) -> io::Result<Queue> {
    let kind = spec.buffer.kind.unwrap_or(match opening.state {
        Some(_) => BufferKind::Disk,
        None => BufferKind::Memory,
    });
    let standing = opening.at.filter(|at| !at.0.is_null());
    let standing = standing
        .map(|at| Standing::deserialize(&at.0))
        .transpose()?;
    let invalid = |message: &str| io::Error::new(io::ErrorKind::InvalidInput, message);
    let (buffer, bytes) = match (kind, opening.state, standing) {
        (BufferKind::Memory, _, None) => (Buffer::Memory(Memory::default()), MEMORY_BYTES),
        (BufferKind::Memory, _, Some(_)) => {
            return Err(invalid(
                "rows wait for it on disk, from an earlier run: let it go on with a disk buffer",
            ));
        }
        (BufferKind::Disk, Some(state), standing) => {
            let folder = folder(state, &spec.uri.to_string());
            (
                Buffer::Disk(Disk::open(&folder, standing.as_ref())?),
                DISK_BYTES,
            )
        }
        (BufferKind::Disk, None, _) => {
            return Err(invalid(
                "buffer.kind: disk buffers are kept in the --state folder",
            ));
        }
    };
    Ok(Queue::new(buffer, spec.buffer.bytes.unwrap_or(bytes)))
}

/// Where rows wait for a sink.
pub(super) fn folder(state: &Path, name: &str) -> PathBuf {
    let slug = SourceId::slug(name);
    let hash = crc32fast::hash(name.as_bytes());
    state
        .join("sinks")
        .join(format!("{:.40}-{hash:08x}", slug.as_str()))
}

fn dead_letters(spec: &SinkSpec, state: Option<&Path>) -> PathBuf {
    let file = "dead-letters.jsonl";
    let otherwise = || state.map_or(PathBuf::from(file), |state| state.join(file));
    spec.dead_letters.clone().unwrap_or_else(otherwise)
}
