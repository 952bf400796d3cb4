//! What the ledger holds, read and written.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, named_params, params};
use sonoscope_operators::SourceId;

use super::{
    error::LedgerError,
    identity::{Identity, Stamp},
    schema,
    terms::Terms,
};
use crate::sinks::Position;

/// The ledger of a folder, open to write.
pub struct Store {
    path: PathBuf,
    connection: Connection,
}

/// What is known of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in rows.
    pub id: SourceId,
    /// The recording.
    pub path: PathBuf,
    /// What was read; nothing where it was not there.
    pub identity: Option<Identity>,
    /// Seconds that are wanted of it, once that is known.
    pub length_s: Option<u64>,
    /// The first segment of which no row is committed.
    pub next_segment: i64,
    /// Seconds whose rows are committed.
    pub seconds: i64,
    /// How it stands.
    pub state: State,
}

/// How a source stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Neither done nor failed.
    Open,
    /// Read to its end.
    Done,
    /// Not read to its end.
    Failed {
        /// Why.
        reason: String,
        /// What to do about it.
        tip: String,
    },
}

/// How far a run is, at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// When the run began.
    pub run_ms: u64,
    /// Seconds that the run has committed.
    pub seconds: i64,
    /// Sources that it has found.
    pub found: u64,
    /// Whether this is its last.
    pub ended: bool,
}

/// What becomes true together.
#[derive(Debug, Default)]
pub struct Group {
    /// Sources, as they now stand.
    pub sources: Vec<Entry>,
    /// Sinks, by their URIs, and where they stand.
    pub sinks: Vec<(String, Position)>,
    /// How far the run is.
    pub sample: Sample,
}

/// How long progress is remembered: status tells the speed of the last minute.
const REMEMBERED_MS: u64 = 600_000;

/// The sinks of a job and where they stand, as the ledger at a path has them.
///
/// # Errors
/// When the database refuses, or what stands there cannot be understood.
pub fn sinks_of(
    connection: &Connection,
    path: &Path,
) -> Result<Vec<(String, Position)>, LedgerError> {
    let of = |error| LedgerError::of(path, error);
    let mut statement = (connection)
        .prepare("SELECT uri, position FROM sink ORDER BY rowid")
        .map_err(of)?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get::<_, String>(1)?)));
    let rows: Result<Vec<_>, _> = rows.map_err(of)?.collect();
    let parsed = rows.map_err(of)?.into_iter().map(|(uri, text)| {
        let position = serde_json::from_str(&text).map_err(|error| LedgerError::Damaged {
            path: path.into(),
            cause: format!("the position of {uri}: {error}"),
        })?;
        Ok((uri, position))
    });
    parsed.collect()
}

impl Store {
    /// Opens the ledger of a folder, or makes one.
    ///
    /// # Errors
    /// When it is damaged, newer, or cannot be written.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        Ok(Self {
            path: schema::path_in(folder),
            connection: schema::open(folder)?,
        })
    }

    /// By which terms the job is done, if it has begun.
    ///
    /// # Errors
    /// When the database refuses, or what stands there cannot be understood.
    pub fn terms(&self) -> Result<Option<Terms>, LedgerError> {
        let text = (self.connection)
            .query_row("SELECT terms FROM job", (), |row| row.get::<_, String>(0))
            .optional()
            .map_err(|error| self.of(error))?;
        let Some(text) = text else {
            return Ok(None);
        };
        let terms = serde_json::from_str(&text).map_err(|error| LedgerError::Damaged {
            path: self.path.clone(),
            cause: format!("its terms: {error}"),
        })?;
        Ok(Some(terms))
    }

    /// The sinks of the job, and where they stand.
    ///
    /// # Errors
    /// When the database refuses, or what stands there cannot be understood.
    pub fn sinks(&self) -> Result<Vec<(String, Position)>, LedgerError> {
        sinks_of(&self.connection, &self.path)
    }

    /// What is known of a source.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn source(&self, id: &SourceId) -> Result<Option<Entry>, LedgerError> {
        let mut statement = (self.connection)
            .prepare_cached("SELECT * FROM source WHERE id = ?1")
            .map_err(|error| self.of(error))?;
        let entry = statement.query_row([id.as_str()], |row| entry(id, row));
        entry.optional().map_err(|error| self.of(error))
    }

    /// Begins a job by these terms, with these sinks.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin(
        &mut self,
        terms: &Terms,
        sinks: &[(String, Position)],
    ) -> Result<(), LedgerError> {
        let text = serde_json::json!(terms).to_string();
        self.write(|transaction| {
            transaction.execute("INSERT INTO job (terms) VALUES (?1)", [text])?;
            put_sinks(transaction, sinks)
        })
    }

    /// Makes all of a group true and durable, or nothing of it.
    ///
    /// # Errors
    /// When the database refuses; then all is as it was.
    pub fn commit(&mut self, group: &Group) -> Result<(), LedgerError> {
        self.write(|transaction| {
            for source in &group.sources {
                put_source(transaction, source)?;
            }
            put_sinks(transaction, &group.sinks)?;
            put_sample(transaction, &group.sample)
        })?;
        match group.sample.ended {
            true => self.fold(),
            false => Ok(()),
        }
    }

    /// Moves all that is in the journal into the ledger itself, so that it can be copied and read
    /// alone. Not while somebody reads, which is no harm.
    fn fold(&self) -> Result<(), LedgerError> {
        let folded = (self.connection).query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
        folded.map_err(|error| self.of(error))
    }

    fn write(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), LedgerError> {
        let transaction = self.connection.transaction();
        let done = transaction.and_then(|transaction| {
            work(&transaction)?;
            transaction.commit()
        });
        done.map_err(|error| self.of(error))
    }

    fn of(&self, error: rusqlite::Error) -> LedgerError {
        LedgerError::of(&self.path, error)
    }
}

fn put_source(transaction: &Transaction<'_>, source: &Entry) -> rusqlite::Result<()> {
    let (state, reason, tip) = match &source.state {
        State::Open => ("open", None, None),
        State::Done => ("done", None, None),
        State::Failed { reason, tip } => ("failed", Some(reason), Some(tip)),
    };
    let stamp = source.identity.as_ref().map(|identity| identity.stamp);
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO source
         (id, path, size_bytes, mtime_ns, sha256, length_s, next_segment, seconds, state, reason, tip)
         VALUES (:id, :path, :size_bytes, :mtime_ns, :sha256, :length_s, :next_segment, :seconds,
                 :state, :reason, :tip)",
    )?;
    statement.execute(named_params! {
        ":id": source.id.as_str(),
        ":path": source.path.as_os_str().as_bytes(),
        ":size_bytes": stamp.map(|stamp| stamp.size_bytes as i64),
        ":mtime_ns": stamp.map(|stamp| stamp.mtime_ns),
        ":sha256": source.identity.as_ref().map(|identity| &identity.sha256),
        ":length_s": source.length_s.map(|seconds| seconds as i64),
        ":next_segment": source.next_segment,
        ":seconds": source.seconds,
        ":state": state,
        ":reason": reason,
        ":tip": tip,
    })?;
    Ok(())
}

fn put_sinks(transaction: &Transaction<'_>, sinks: &[(String, Position)]) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO sink (uri, position) VALUES (?1, ?2)
         ON CONFLICT (uri) DO UPDATE SET position = excluded.position",
    )?;
    for (uri, position) in sinks {
        statement.execute(params![uri, position.0.to_string()])?;
    }
    Ok(())
}

fn put_sample(transaction: &Transaction<'_>, sample: &Sample) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO progress (at_ms, run_ms, seconds, found, ended)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    statement.execute(params![
        sample.at_ms as i64,
        sample.run_ms as i64,
        sample.seconds,
        sample.found as i64,
        sample.ended,
    ])?;
    let oldest = sample.at_ms.saturating_sub(REMEMBERED_MS);
    (transaction.prepare_cached("DELETE FROM progress WHERE at_ms < ?1")?)
        .execute([oldest as i64])?;
    Ok(())
}

/// A source as it stands in its row.
pub(super) fn entry(id: &SourceId, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let stamp = match (row.get("size_bytes")?, row.get("mtime_ns")?) {
        (Some(size_bytes), Some(mtime_ns)) => Some((size_bytes, mtime_ns)),
        _ => None,
    };
    let sha256: Option<String> = row.get("sha256")?;
    let identity = stamp.zip(sha256).map(|((size_bytes, mtime_ns), sha256)| {
        let size_bytes: i64 = size_bytes;
        let size_bytes = size_bytes.unsigned_abs();
        Identity {
            stamp: Stamp {
                size_bytes,
                mtime_ns,
            },
            sha256,
        }
    });
    let length_s: Option<i64> = row.get("length_s")?;
    let text = |name: &str| {
        Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(name)?.unwrap_or_default())
    };
    let state = match row.get::<_, String>("state")?.as_str() {
        "done" => State::Done,
        "failed" => State::Failed {
            reason: text("reason")?,
            tip: text("tip")?,
        },
        _ => State::Open,
    };
    Ok(Entry {
        id: id.clone(),
        path: OsStr::from_bytes(&row.get::<_, Vec<u8>>("path")?).into(),
        identity,
        length_s: length_s.and_then(|seconds| u64::try_from(seconds).ok()),
        next_segment: row.get("next_segment")?,
        seconds: row.get("seconds")?,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(id: &str, state: State) -> Entry {
        Entry {
            id: SourceId::slug(id),
            path: OsStr::from_bytes(b"/a b/\xff\n'.mp4").into(),
            identity: Some(Identity {
                stamp: Stamp {
                    size_bytes: 9,
                    mtime_ns: -3,
                },
                sha256: "5a".into(),
            }),
            length_s: None,
            next_segment: 7,
            seconds: 5,
            state,
        }
    }

    #[test]
    fn a_group_is_there_again() {
        let home = tempfile::tempdir().unwrap();
        let failed = State::Failed {
            reason: "it's \"broken\"".into(),
            tip: "mend it".into(),
        };
        let mut missing = entry("c", State::Open);
        missing.identity = None;
        missing.length_s = Some(11);
        let sources = vec![entry("a", State::Done), entry("b", failed), missing];
        let position = |bytes: u64| Position(json!({ "bytes": bytes }));
        let group = Group {
            sources: sources.clone(),
            sinks: vec![("jsonl:rows".into(), position(12))],
            sample: Sample::default(),
        };
        let mut store = Store::open(home.path()).unwrap();
        store.commit(&group).unwrap();
        drop(store);
        let mut store = Store::open(home.path()).unwrap();
        for source in &sources {
            assert_eq!(store.source(&source.id).unwrap().as_ref(), Some(source));
        }
        assert_eq!(store.source(&SourceId::slug("d")).unwrap(), None);
        assert_eq!(store.sinks().unwrap(), group.sinks);
        let later = Group {
            sources: vec![entry("b", State::Open)],
            sinks: vec![("jsonl:rows".into(), position(34))],
            sample: Sample::default(),
        };
        store.commit(&later).unwrap();
        assert_eq!(
            store.source(&sources[1].id).unwrap(),
            later.sources.first().cloned()
        );
        assert_eq!(store.sinks().unwrap(), later.sinks);
    }
}
