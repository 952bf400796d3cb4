//! The tables, and how they became what they are.

use super::{failure::Failure, session::Session};
use crate::sinks::delivery::receiver::SendError;

/// What was done to the tables, in order. What has been released is never changed, only followed.
const MIGRATIONS: [(&str, &str); 4] = [
    ("rows", include_str!("migrations/001_rows.sql")),
    ("changes", include_str!("migrations/002_changes.sql")),
    ("progress", include_str!("migrations/003_progress.sql")),
    ("vectors", include_str!("migrations/004_vectors.sql")),
];

/// Makes what is missing, once, whoever else is about to.
///
/// # Errors
/// When it may not be made, or a newer version of the program has been here.
pub async fn to_latest(session: &Session, schema: &str) -> Result<(), Failure> {
    // Who may only read and write finds everything there.
    if applied(session).await? == MIGRATIONS.len() {
        return Ok(());
    }
    session.run("BEGIN").await?;
    migrate(session, schema).await?;
    session.run("COMMIT").await
}

/// The same, but for that everything stays as it is.
///
/// # Errors
/// When it could not be done.
pub async fn try_out(session: &Session, schema: &str) -> Result<(), Failure> {
    session.run("BEGIN").await?;
    migrate(session, schema).await?;
    session.run("ROLLBACK").await
}

async fn migrate(session: &Session, schema: &str) -> Result<(), Failure> {
    // The number stands for nothing else.
    session
        .run("SELECT pg_advisory_xact_lock(7305520811)")
        .await?;
    let named = "SELECT FROM pg_namespace WHERE nspname = $1";
    let found = session.line(named, &[&schema]).await?;
    if found.is_none() {
        let make = format!("CREATE SCHEMA {}", quoted(schema));
        session.run(&make).await?;
    }
    let applied = applied(session).await?;
    if applied == 0 {
        let table = "CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, \
            name text NOT NULL, applied timestamptz NOT NULL DEFAULT now())";
        session.run(table).await?;
    }
    for (number, (name, sql)) in (1_i32..).zip(MIGRATIONS).skip(applied) {
        session.run(sql).await?;
        let note = "INSERT INTO migrations (number, name) VALUES ($1, $2)";
        session.execute(note, &[&number, &name]).await?;
    }
    Ok(())
}

/// How many have been applied.
async fn applied(session: &Session) -> Result<usize, Failure> {
    let asked = "SELECT to_regclass('migrations') IS NOT NULL";
    let is_there = session.line(asked, &[]).await?;
    if !is_there.is_some_and(|line| line.get(0)) {
        return Ok(0);
    }
    let asked = "SELECT coalesce(max(number), 0) FROM migrations";
    let line = session.line(asked, &[]).await?;
    let applied = line.map_or(0, |line| line.get::<_, i32>(0));
    let applied = usize::try_from(applied).unwrap_or_default();
    if applied > MIGRATIONS.len() {
        return Err(Failure::Other(SendError::denied(
            "a newer sonoscope has made its tables (tip: update this one, or name another `schema`)",
        )));
    }
    Ok(applied)
}

/// A name as it may stand in a statement, whatever is in it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
