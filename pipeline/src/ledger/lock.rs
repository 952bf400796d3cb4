//! Who works with a state folder: one process at a time, which says who it is.

use std::{
    fmt,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{
    error::LedgerError,
    units::{now_ms, words},
};

const NAME: &str = "lock";

/// `status` holds the lock for an instant when it looks whether anybody does.
const PATIENCE: (u32, Duration) = (20, Duration::from_millis(10));

/// Held until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The process that holds a state folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// The machine that it runs on.
    pub host: String,
    /// Since when, in Unix milliseconds.
    pub since_ms: u64,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pid,
            host,
            since_ms,
        } = self;
        let age = Duration::from_millis(now_ms(SystemTime::now()).saturating_sub(*since_ms));
        write!(
            f,
            "process {pid} on {host} works with it, since {} ago",
            words(age)
        )
    }
}

impl Lock {
    /// Takes the lock of a folder that is there.
    ///
    /// # Errors
    /// When another process holds it, which is named, or the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Self, LedgerError> {
        let path = folder.join(NAME);
        let unwritable = |cause: io::Error| LedgerError::Unwritable {
            path: path.clone(),
            cause,
        };
        let mut options = File::options();
        let mut file = (options.read(true).write(true).create(true).truncate(false))
            .open(&path)
            .map_err(unwritable)?;
        if !is_taken(&file).map_err(unwritable)? {
            return Err(LedgerError::Held {
                folder: folder.into(),
                holder: Holder::read(folder),
            });
        }
        let holder = serde_json::to_vec(&Holder::this()).map_err(|e| unwritable(e.into()))?;
        file.set_len(0).map_err(unwritable)?;
        file.write_all(&holder).map_err(unwritable)?;
        Ok(Self { _file: file })
    }

    /// Who holds a folder, if anybody does.
    pub fn holder(folder: &Path) -> Option<Holder> {
        let file = File::open(folder.join(NAME)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(Holder::read(folder)),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

/// Takes the lock of a file; whether it could be had.
fn is_taken(file: &File) -> io::Result<bool> {
    let (times, pause) = PATIENCE;
    for _ in 0..times {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => thread::sleep(pause),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

impl Holder {
    fn this() -> Self {
        let host = nix::unistd::gethostname().unwrap_or_default();
        Self {
            pid: std::process::id(),
            host: host.to_string_lossy().into_owned(),
            since_ms: now_ms(SystemTime::now()),
        }
    }

    /// As the holder has written it; between taking the lock and writing, nothing is known.
    fn read(folder: &Path) -> Self {
        let text = fs::read(folder.join(NAME)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_else(|_| Self {
            pid: 0,
            host: "an unknown host".into(),
            since_ms: now_ms(SystemTime::now()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_is_first() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Lock::holder(home.path()), None);
        let lock = Lock::take(home.path()).unwrap();
        let holder = Lock::holder(home.path()).unwrap();
        assert_eq!(holder.pid, std::process::id());
        let refused = Lock::take(home.path()).unwrap_err().to_string();
        let named = format!("process {} on {}", holder.pid, holder.host);
        assert!(refused.contains(&named), "{refused}");
        drop(lock);
        assert_eq!(Lock::holder(home.path()), None);
        Lock::take(home.path()).unwrap();
    }
}
