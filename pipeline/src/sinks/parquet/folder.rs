//! The folder of the sink: who may write to it, what is in it, what is taken away.

use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use sonoscope_operators::SourceId;

use super::{
    place::{Part, folder_of},
    record::Record,
};
use crate::sinks::{
    durable::{Changed, kill_point, sync_folder},
    spool::{self, Spool},
};

/// Where the spool is. Readers of Parquet folders pass by what begins with a dot.
const HIDDEN: &str = ".sonoscope";

/// The folder, held against other programs.
pub struct Folder {
    root: PathBuf,
    hidden: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be.
    ///
    /// # Errors
    /// When it cannot be written to, or another program does so.
    pub fn lock(root: &Path) -> io::Result<Self> {
        let hidden = root.join(HIDDEN);
        fs::create_dir_all(&hidden)?;
        let lock = File::create(hidden.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = "another run writes to it";
                return Err(io::Error::new(ErrorKind::ResourceBusy, message));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(Self {
            root: root.to_owned(),
            hidden,
            _lock: lock,
        })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the spool is.
    pub fn hidden(&self) -> &Path {
        &self.hidden
    }

    /// Where parts are until they are whole.
    pub fn temporary(&self) -> PathBuf {
        self.hidden.join("part.tmp")
    }

    /// Sees to it that there are no rows in it: those of another run would be mixed with new ones,
    /// and nobody has said that they may go.
    ///
    /// # Errors
    /// When there are.
    pub fn check_empty(&self) -> io::Result<()> {
        if let Some(part) = any_part(&self.root)? {
            let part = part.strip_prefix(&self.root).unwrap_or(&part);
            let message = format!("it holds rows of another run, such as {}", part.display());
            return Err(io::Error::new(ErrorKind::AlreadyExists, message));
        }
        if spool::has_records(&self.hidden)? {
            let message = "it holds rows of a run that has not come to its end";
            return Err(io::Error::new(ErrorKind::AlreadyExists, message));
        }
        for number in spool::numbers(&self.hidden)? {
            fs::remove_file(spool::path_of(&self.hidden, number))?;
        }
        Ok(())
    }

    /// The parts that were written after the spool was as it now counts, as paths in the folder.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn written_behind(&self, spool: &Spool) -> io::Result<Vec<PathBuf>> {
        let mut parts: Vec<Part> = Vec::new();
        spool.behind(|record| {
            if let Record::Complete(part) | Record::Begun(part) = Record::of(record)? {
                parts.push(part.into_owned());
            }
            Ok(())
        })?;
        Ok(parts.iter().map(Part::path).collect())
    }

    /// All parts that are there, those of a source in the order of their times.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn parts(&self) -> io::Result<Vec<PathBuf>> {
        let mut parts = Vec::new();
        let mut open = vec![self.root.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path == self.hidden {
                    continue;
                }
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|end| end == "parquet") {
                    parts.push(path);
                }
            }
        }
        parts.sort();
        Ok(parts)
    }

    /// Removes parts, if they are there.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn remove(&self, parts: &[PathBuf]) -> io::Result<()> {
        let mut changed = Changed::default();
        for path in parts.iter().map(|part| self.root.join(part)) {
            kill_point()?;
            match fs::remove_file(&path) {
                Ok(()) => path
                    .parent()
                    .into_iter()
                    .try_for_each(|folder| changed.make(folder))?,
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        changed.sync()
    }

    /// Removes all parts of a source.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn remove_source(&self, source: &SourceId) -> io::Result<()> {
        let name = folder_of(source);
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            let is_date = entry.file_name().to_string_lossy().starts_with("date=");
            if is_date {
                remove_folder(&entry.path().join(&name))?;
            }
        }
        remove_folder(&self.root.join(name))
    }
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Ok(()) => folder.parent().map_or(Ok(()), sync_folder),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Some Parquet file below a folder.
fn any_part(folder: &Path) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if let Some(part) = any_part(&path)? {
                return Ok(Some(part));
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
