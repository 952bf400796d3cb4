//! Where rows go. One file a sink, all of one outline: its options, `open`, and then either a
//! [`Sink`], which writes by itself, or a [`delivery::receiver::Receiver`], to whom rows are
//! delivered.

pub mod delivery;
mod durable;
mod endpoint;
mod filter;
mod form;
mod jsonl;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "mqtt")]
mod mqtt;
#[cfg(feature = "nats")]
mod nats;
mod null;
mod observed;
mod open;
mod options;
mod parquet;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(
    feature = "mqtt",
    feature = "nats",
    feature = "object-store",
    feature = "postgres"
))]
mod runtime;
mod spec;
mod spool;
#[cfg(any(feature = "mqtt", feature = "nats", feature = "postgres"))]
mod tls;
#[cfg(any(feature = "mqtt", feature = "nats"))]
mod token;
mod uri;
mod webhook;

use std::{io, path::PathBuf, time::Instant};

use serde::{Deserialize, Serialize};
use sonoscope_operators::{Row, SourceId, views::Observation};

use crate::views::Change;

pub use delivery::{Account, Counters};
pub use endpoint::expand;
pub use filter::Filter;
pub use form::{Form, NetworkForm};
pub use jsonl::{is_change, unpacked};
pub use observed::Observed;
use observed::invalid;
pub use open::{Opening, catalogue};
pub use spec::{BufferKind, BufferSpec, Extra, OptionValue, RetrySpec, SinkSpec, WhenFull};
pub use uri::{Scheme, SinkUri, UriError};

/// A receiver of rows.
///
/// Rows come epoch by epoch, those of a source in order. `flush` lets people see them; `commit`
/// makes them outlast a crash, and is what the ledger waits for.
pub trait Sink: Send {
    /// Takes the rows of an epoch.
    ///
    /// # Errors
    /// When they cannot be taken; what was flushed before stays whole.
    fn write(&mut self, rows: &[Row]) -> io::Result<()>;

    /// Lets everything taken go out.
    ///
    /// # Errors
    /// When it cannot.
    fn flush(&mut self) -> io::Result<()>;

    /// Makes everything taken durable, and says where the sink then stands: opened at this
    /// position, it is as it is now, whatever was written behind it.
    ///
    /// # Errors
    /// When it cannot be made durable.
    fn commit(&mut self) -> io::Result<Position>;

    /// All rows of this source have been taken, for now at least. Durable with the next commit.
    ///
    /// # Errors
    /// When what was waiting for the end of the source cannot be written.
    fn close_source(&mut self, _source: &SourceId) -> io::Result<()> {
        Ok(())
    }

    /// Takes changes of the views' answers, in order. Whoever has no use for them lets them go.
    ///
    /// # Errors
    /// When they cannot be taken.
    fn changes(&mut self, _changes: &[Change]) -> io::Result<()> {
        Ok(())
    }

    /// Rows of this source that an earlier run committed hold no longer, since the source has
    /// changed; its new ones follow.
    ///
    /// # Errors
    /// When they cannot be taken back.
    fn withdraw(&mut self, source: &SourceId) -> io::Result<Withdrawal>;

    /// Hands out all rows that it has, those of a source in order; says whether it can at all.
    ///
    /// # Errors
    /// When what it has written cannot be read.
    fn replay(&mut self, _take: &mut dyn FnMut(Observation)) -> io::Result<bool> {
        Ok(false)
    }

    /// Waits until everything taken has reached its receiver, or for so long.
    ///
    /// # Errors
    /// When it cannot be let go.
    fn drain(&mut self, _until: Instant) -> io::Result<()> {
        Ok(())
    }

    /// The run is over, whether or not all sources have ended, and the last position is kept: what
    /// is still held back comes out. Nothing else is called afterwards.
    ///
    /// # Errors
    /// When it cannot be written.
    fn finish(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// What becomes of its rows, where they are delivered.
    fn counters(&self) -> Option<Counters> {
        None
    }
}

/// Where a sink stands: what it needs to be opened there again, in its own words. The ledger keeps
/// it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub serde_json::Value);

/// What became of rows that no longer hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// They are gone, or never were.
    Removed,
    /// They are still there, before those that hold: whoever reads them must be told.
    Left,
}

/// Where the rows of a sink can be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Files of lines, of each of which so many bytes count: what is behind them is not committed.
    ///
    /// The last of several files is the one that grows.
    Lines(Vec<(PathBuf, u64)>),
    /// A folder of Parquet files.
    Parquet(PathBuf),
}
