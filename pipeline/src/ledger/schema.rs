//! The file `ledger.sqlite`: made whole or not at all, and opened only if it is what it should be.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::error::LedgerError;

const NAME: &str = "ledger.sqlite";

/// `sono`, by which SQLite knows whose file it is.
const APPLICATION_ID: i64 = 0x736f_6e6f;

/// The version of the tables below.
pub const VERSION: i64 = 1;

/// Positions of sinks and terms are JSON, paths are the bytes that the system knows them by.
const TABLES: &str = "
    CREATE TABLE job (
        terms TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sink (
        uri TEXT PRIMARY KEY,
        position TEXT NOT NULL
    ) STRICT;
    CREATE TABLE source (
        id TEXT PRIMARY KEY,
        path BLOB NOT NULL,
        size_bytes INTEGER,
        mtime_ns INTEGER,
        sha256 TEXT,
        length_s INTEGER,
        next_segment INTEGER NOT NULL,
        seconds INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
        reason TEXT,
        tip TEXT
    ) STRICT;
    CREATE INDEX source_state ON source (state);
    CREATE TABLE progress (
        at_ms INTEGER PRIMARY KEY,
        run_ms INTEGER NOT NULL,
        seconds INTEGER NOT NULL,
        found INTEGER NOT NULL,
        ended INTEGER NOT NULL
    ) STRICT;
";

/// Where the ledger of a folder lies.
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Opens the ledger of a folder to write in it, or makes one.
///
/// # Errors
/// When it is damaged, newer, or cannot be written.
pub fn open(folder: &Path) -> Result<Connection, LedgerError> {
    let path = path_in(folder);
    if !path.exists() {
        make(&path)?;
    }
    let of = |error| LedgerError::of(&path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(of)?;
    check(&connection, &path)?;
    durable(&connection).map_err(of)?;
    Ok(connection)
}

/// Opens the ledger of a folder to read it, also while another process writes.
///
/// # Errors
/// When there is none, or it is damaged, newer, or cannot be read.
pub fn read(folder: &Path) -> Result<Connection, LedgerError> {
    let path = path_in(folder);
    if !path.exists() {
        return Err(LedgerError::NoState(folder.into()));
    }
    let of = |error| LedgerError::of(&path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(&path, flags).map_err(of)?;
    match check(&opened, &path) {
        // In a folder that is read-only SQLite cannot make the file by which readers know of
        // writers. Where no writer has left anything, there is none to know of.
        Err(LedgerError::Unwritable { .. }) if !journal(&path).exists() => {
            let url = url::Url::from_file_path(fs::canonicalize(&path).unwrap_or(path.clone()));
            let Ok(url) = url else {
                return Err(LedgerError::NoState(folder.into()));
            };
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            let frozen = Connection::open_with_flags(format!("{url}?immutable=1"), flags);
            let frozen = frozen.map_err(of)?;
            check(&frozen, &path)?;
            Ok(frozen)
        }
        checked => checked.map(|()| opened),
    }
}

/// Makes an empty ledger under another name, and renames it when it is whole: so an empty file of
/// its name is never taken for a job that has not begun, whose outputs may be written over.
fn make(path: &Path) -> Result<(), LedgerError> {
    if journal(path).exists() {
        return Err(LedgerError::Damaged {
            path: path.into(),
            cause: "it is gone, though its journal is there".into(),
        });
    }
    let partial = path.with_extension("partial");
    let of = |error| LedgerError::of(path, error);
    let unwritable = |cause: io::Error| LedgerError::Unwritable {
        path: path.into(),
        cause,
    };
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(error)),
        _ => {}
    }
    let mut connection = Connection::open(&partial).map_err(of)?;
    // Nothing is there that a journal could save, and none is to be left behind.
    (connection.pragma_update_and_check(None, "journal_mode", "memory", |_| Ok(()))).map_err(of)?;
    let transaction = connection.transaction().map_err(of)?;
    transaction.execute_batch(TABLES).map_err(of)?;
    (transaction.pragma_update(None, "application_id", APPLICATION_ID)).map_err(of)?;
    (transaction.pragma_update(None, "user_version", VERSION)).map_err(of)?;
    transaction.commit().map_err(of)?;
    connection.close().map_err(|(_, error)| of(error))?;
    fs::rename(&partial, path).map_err(unwritable)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    (File::open(folder).and_then(|folder| folder.sync_all())).map_err(unwritable)
}

fn journal(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Whether it is a ledger, of a version that is known, and whole.
fn check(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let of = |error| LedgerError::of(path, error);
    let damaged = |cause: String| LedgerError::Damaged {
        path: path.into(),
        cause,
    };
    connection
        .busy_timeout(Duration::from_secs(10))
        .map_err(of)?;
    let number = |name: &str| {
        let number = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        number.map_err(of)
    };
    if number("application_id")? != APPLICATION_ID {
        return Err(damaged("it is no ledger of sonoscope".into()));
    }
    match number("user_version")? {
        VERSION => {}
        found if found > VERSION => {
            return Err(LedgerError::Newer {
                path: path.into(),
                found,
                known: VERSION,
            });
        }
        found => {
            return Err(damaged(format!(
                "it is of version {found}, which never was"
            )));
        }
    }
    let told = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get::<_, String>(0));
    match told.map_err(of)?.as_str() {
        "ok" => Ok(()),
        wrong => Err(damaged(wrong.to_owned())),
    }
}

/// What is committed outlasts a loss of power; readers do not wait for the writer.
fn durable(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(home: &Path) -> PathBuf {
        drop(open(home).unwrap());
        path_in(home)
    }

    /// What opening says, having left every file as it was.
    fn refused(home: &Path) -> LedgerError {
        let path = path_in(home);
        let before = fs::read(&path).ok();
        let error = open(home).map(drop).unwrap_err();
        assert_eq!(fs::read(&path).ok(), before, "nothing is overwritten");
        error
    }

    #[test]
    fn a_ledger_is_made_once_and_opened_again() {
        let home = tempfile::tempdir().unwrap();
        let made = open(home.path()).unwrap();
        (made.execute("INSERT INTO job VALUES ('{}')", ())).unwrap();
        let seen = read(home.path()).unwrap();
        let count = |connection: &Connection| {
            let count =
                connection.query_row("SELECT count(*) FROM job", (), |row| row.get::<_, i64>(0));
            count.unwrap()
        };
        assert_eq!(count(&seen), 1, "while it is open");
        drop((made, seen));
        assert_eq!(count(&open(home.path()).unwrap()), 1);
        let mode = open(home.path()).unwrap();
        let mode = mode.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
        assert_eq!(mode.unwrap(), "wal");
    }

    #[test]
    fn what_is_newer_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = ledger(home.path());
        let newer = Connection::open(&path).unwrap();
        newer
            .pragma_update(None, "user_version", VERSION + 1)
            .unwrap();
        drop(newer);
        assert!(
            matches!(refused(home.path()), LedgerError::Newer { found, .. } if found == VERSION + 1)
        );
        assert!(matches!(read(home.path()), Err(LedgerError::Newer { .. })));
    }

    #[test]
    fn what_is_damaged_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = ledger(home.path());
        let whole = fs::read(&path).unwrap();
        let mut scratched = whole.clone();
        scratched[4096..4096 + 64].fill(0xa5);
        let damages = [b"".to_vec(), b"not a ledger at all".repeat(99), scratched];
        for damage in damages {
            fs::write(&path, &damage).unwrap();
            let error = refused(home.path());
            assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
        }
        fs::remove_file(&path).unwrap();
        fs::write(journal(&path), "left behind").unwrap();
        assert!(matches!(refused(home.path()), LedgerError::Damaged { .. }));
    }
}
