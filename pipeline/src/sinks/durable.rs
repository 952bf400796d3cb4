//! Files and folders that outlast a loss of power.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Makes what a folder lists outlast a loss of power: files that were made, renamed or removed.
///
/// # Errors
/// When the folder is not there, or the disk refuses.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Folders in which something has changed, each to be made durable once.
#[derive(Debug, Default)]
pub struct Changed(BTreeSet<PathBuf>);

impl Changed {
    /// Makes a folder, and takes note of it and of those that list what is new.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(&mut self, folder: &Path) -> io::Result<()> {
        self.0.insert(folder.to_owned());
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder.parent() {
            self.make(parent)?;
        }
        match fs::create_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        }
    }

    /// Makes all of them durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(self) -> io::Result<()> {
        self.0.iter().try_for_each(|folder| sync_folder(folder))
    }
}

/// Stands wherever a kill would leave something half done. Only tests are killed here.
///
/// # Errors
/// When the test has armed this point.
#[cfg(not(test))]
pub fn kill_point() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub use kill::{arm, kill_point};

#[cfg(test)]
mod kill {
    use std::{cell::Cell, io};

    thread_local! {
        static POINTS_LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    }

    /// Kills at the point that comes after so many others, or at none.
    pub fn arm(points: Option<u32>) {
        POINTS_LEFT.set(points);
    }

    /// Fails at the armed point, and at all after it.
    pub fn kill_point() -> io::Result<()> {
        match POINTS_LEFT.get() {
            Some(0) => Err(io::Error::other("killed")),
            left => {
                POINTS_LEFT.set(left.map(|left| left - 1));
                Ok(())
            }
        }
    }
}
