//! How far a job is, read from its state folder by whoever asks.

use std::{
    ffi::OsStr,
    fmt::{self, Write as _},
    os::unix::ffi::OsStrExt as _,
    path::Path,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::{
    error::LedgerError,
    lock::{Holder, Lock},
    schema,
    units::{now_ms, words},
};

/// Speed is that of the last minute.
const WINDOW_MS: i64 = 60_000;

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Whether a process works on it.
    pub state: Activity,
    /// Which one.
    pub holder: Option<Holder>,
    /// Its sources.
    pub sources: Sources,
    /// Seconds whose rows are committed.
    pub seconds: i64,
    /// Seconds of recordings in a second, over the last minute of a run that goes on.
    pub speed: Option<f64>,
    /// Seconds until a run that goes on has ended, by that speed.
    pub left_s: Option<f64>,
    /// When the last commit was made, in Unix milliseconds.
    pub committed_ms: Option<u64>,
    /// Where the rows go.
    pub sinks: Vec<String>,
    /// The first of the sources that have failed.
    pub failures: Vec<Failure>,
}

/// Whether a job is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// A process works on it.
    Running,
    /// Nobody does, and there is something left.
    Stopped,
    /// All that was found is done or has failed.
    Finished,
}

/// How many sources stand how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// Read to their ends.
    pub done: u64,
    /// Not read to their ends.
    pub failed: u64,
    /// Neither, of those that are known so far.
    pub left: u64,
}

/// A source that has failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Its name in rows.
    pub id: String,
    /// The recording; what is no text in its name is replaced.
    pub path: String,
    /// Why.
    pub reason: String,
    /// What to do about it.
    pub tip: String,
}

impl Status {
    /// Of a state folder, with so many failures told.
    ///
    /// # Errors
    /// When it is no state folder, or is damaged, newer or cannot be read.
    pub fn read(folder: &Path, failures: usize) -> Result<Self, LedgerError> {
        let connection = schema::read(folder)?;
        let holder = Lock::holder(folder);
        Self::of(&connection, holder, failures)
            .map_err(|error| LedgerError::of(&schema::path_in(folder), error))
    }

    fn of(
        connection: &Connection,
        holder: Option<Holder>,
        failures: usize,
    ) -> rusqlite::Result<Self> {
        let last = Last::read(connection)?;
        let Counts {
            sources,
            seconds,
            left_s,
        } = Counts::read(connection, last.as_ref().map_or(0, |last| last.found))?;
        let state = match (&holder, sources.left) {
            (Some(_), _) => Activity::Running,
            (None, 0) if last.as_ref().is_some_and(|last| last.ended) => Activity::Finished,
            (None, _) => Activity::Stopped,
        };
        let speed = (last.as_ref().filter(|_| state == Activity::Running))
            .map_or(Ok(None), |last| last.speed(connection))?;
        let left_s = speed.zip(left_s).filter(|(speed, _)| *speed > 0.0);
        let mut statement = connection.prepare("SELECT uri FROM sink ORDER BY rowid")?;
        let sinks = statement.query_map((), |row| row.get(0))?;
        Ok(Self {
            state,
            holder,
            sources,
            seconds,
            speed,
            left_s: left_s.map(|(speed, seconds)| seconds / speed),
            committed_ms: last.map(|last| last.at_ms as u64),
            sinks: sinks.collect::<Result<_, _>>()?,
            failures: read_failures(connection, failures)?,
        })
    }
}

/// The last sign of a run.
struct Last {
    at_ms: i64,
    run_ms: i64,
    seconds: i64,
    found: u64,
    ended: bool,
}

impl Last {
    fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT at_ms, run_ms, seconds, found, ended FROM progress
                   ORDER BY at_ms DESC LIMIT 1";
        let last = connection.query_row(sql, (), |row| {
            Ok(Self {
                at_ms: row.get(0)?,
                run_ms: row.get(1)?,
                seconds: row.get(2)?,
                found: row.get::<_, i64>(3)?.unsigned_abs(),
                ended: row.get(4)?,
            })
        });
        last.optional()
    }

    /// Seconds of recordings in a second, from a minute before to this; or from the run's
    /// beginning, where that is later.
    fn speed(&self, connection: &Connection) -> rusqlite::Result<Option<f64>> {
        let sql = "SELECT at_ms, seconds FROM progress WHERE run_ms = ?1 AND at_ms >= ?2
                   ORDER BY at_ms LIMIT 1";
        let from_ms = self.at_ms - WINDOW_MS;
        let first = match self.run_ms >= from_ms {
            true => Some((self.run_ms, 0)),
            false => (connection)
                .query_row(sql, [self.run_ms, from_ms], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?,
        };
        Ok(first.and_then(|(at_ms, seconds): (i64, i64)| {
            let elapsed_ms = self.at_ms - at_ms;
            (elapsed_ms > 0).then(|| (self.seconds - seconds) as f64 * 1e3 / elapsed_ms as f64)
        }))
    }
}

/// What can be counted.
struct Counts {
    sources: Sources,
    seconds: i64,
    /// Seconds that are left, as far as can be told: a source that is not open yet is as long as
    /// the others are on average.
    left_s: Option<f64>,
}

impl Counts {
    fn read(connection: &Connection, found: u64) -> rusqlite::Result<Self> {
        let sql = "SELECT
            count(*) FILTER (WHERE state = 'done'),
            count(*) FILTER (WHERE state = 'failed'),
            count(*) FILTER (WHERE state = 'open' AND length_s IS NOT NULL),
            coalesce(sum(seconds), 0),
            coalesce(sum(max(length_s - seconds, 0)) FILTER (WHERE state = 'open'), 0),
            avg(CASE state WHEN 'done' THEN seconds ELSE length_s END),
            count(*)
            FROM source";
        connection.query_row(sql, (), |row| {
            let count = |place| Ok::<_, rusqlite::Error>(row.get::<_, i64>(place)?.unsigned_abs());
            let (done, failed, measured) = (count(0)?, count(1)?, count(2)?);
            let left = found.max(count(6)?).saturating_sub(done + failed);
            let open_s = row.get::<_, i64>(4)? as f64;
            let mean_s = row.get::<_, Option<f64>>(5)?;
            let unmeasured = left.saturating_sub(measured) as f64;
            Ok(Self {
                sources: Sources { done, failed, left },
                seconds: row.get(3)?,
                left_s: mean_s.map(|mean_s| open_s + unmeasured * mean_s),
            })
        })
    }
}

fn read_failures(connection: &Connection, most: usize) -> rusqlite::Result<Vec<Failure>> {
    let mut statement = connection.prepare(
        "SELECT id, path, reason, tip FROM source WHERE state = 'failed' ORDER BY id LIMIT ?1",
    )?;
    let failures = statement.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| {
        let path: Vec<u8> = row.get(1)?;
        Ok(Failure {
            id: row.get(0)?,
            path: OsStr::from_bytes(&path).to_string_lossy().into_owned(),
            reason: row.get(2)?,
            tip: row.get(3)?,
        })
    })?;
    failures.collect()
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sources { done, failed, left } = self.sources;
        match (&self.state, &self.holder) {
            (Activity::Finished, _) => writeln!(f, "finished")?,
            (_, Some(holder)) => writeln!(f, "running: {holder}")?,
            (_, None) => writeln!(f, "stopped: the same command goes on")?,
        }
        writeln!(f, "sources  {done} done, {failed} failed, {left} left")?;
        let seconds = Duration::from_secs(self.seconds.unsigned_abs());
        writeln!(f, "seconds  {} ({})", self.seconds, words(seconds))?;
        if let Some(speed) = self.speed {
            writeln!(
                f,
                "speed    {speed:.1} times real time over the last minute"
            )?;
        }
        if let Some(left_s) = self.left_s {
            let left = Duration::try_from_secs_f64(left_s).unwrap_or(Duration::MAX);
            writeln!(f, "left     about {}", words(left))?;
        }
        if let Some(committed_ms) = self.committed_ms {
            let age_ms = now_ms(SystemTime::now()).saturating_sub(committed_ms);
            writeln!(f, "commit   {} ago", words(Duration::from_millis(age_ms)))?;
        }
        f.write_str(&self.told_failures())
    }
}

impl Status {
    fn told_failures(&self) -> String {
        let mut told = String::new();
        for failure in &self.failures {
            let Failure {
                id,
                path,
                reason,
                tip,
            } = failure;
            // Writing to a string cannot fail.
            let _ = write!(told, "failed   {id}: {path:?}: {reason}\n  tip: {tip}\n");
        }
        let more = self
            .sources
            .failed
            .saturating_sub(self.failures.len() as u64);
        if more > 0 {
            let _ = writeln!(
                told,
                "         and {more} more (--failures N tells N of them)"
            );
        }
        told
    }
}
