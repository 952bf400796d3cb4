//! What one name on the command line means.

use std::{
    ffi::OsStr,
    fmt,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use super::{
    finding::{Finding, Name, Recording},
    glob::{Glob, is_pattern},
    list::List,
    published::PublishedList,
    walk::Walk,
};
use crate::{dataset::Entry, fault::Fault, sources::path_of};

/// A name that was understood.
#[derive(Clone, Debug)]
pub enum Argument {
    /// A recording, named alone.
    File(PathBuf),
    /// A folder, with all below it.
    Folder(PathBuf),
    /// A pattern.
    Glob(Glob),
    /// A list.
    List(List),
    /// A published list and its clips.
    Published(PublishedList),
}

impl Argument {
    /// A path, a file:// URL, a folder, a pattern, `@LIST`, or a published list (`.csv`), whose
    /// clips are in the folder `clips`.
    ///
    /// # Errors
    /// When it is a URL of another kind, or a list that cannot be read.
    pub fn new(name: &OsStr, clips: Option<&Path>) -> Result<Self, Fault> {
        if let Some(list) = name.as_bytes().strip_prefix(b"@") {
            return List::new(OsStr::from_bytes(list)).map(Self::List);
        }
        match Self::plain(name, Path::new(""))? {
            Self::File(path) if path.extension().is_some_and(|e| e == "csv") => {
                PublishedList::new(&path, clips).map(Self::Published)
            }
            argument => Ok(argument),
        }
    }

    /// What a name means that is not a list; paths are relative to `folder`.
    ///
    /// # Errors
    /// When it is a URL that cannot be read, or a pattern that cannot be understood.
    pub fn plain(name: &OsStr, folder: &Path) -> Result<Self, Fault> {
        let is_url = name.to_str().is_some_and(|name| name.contains("://"));
        let path = folder.join(path_of(name)?);
        if path.is_dir() {
            return Ok(Self::Folder(path));
        }
        // Broken links exist, too.
        let exists = path.symlink_metadata().is_ok();
        match is_url || exists || !is_pattern(&name.to_string_lossy()) {
            true => Ok(Self::File(path)),
            false => Glob::new(&path).map(Self::Glob),
        }
    }

    /// Whether it stands for one recording.
    pub fn is_single(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// The search in folders that it stands for, if it does.
    pub fn walk(&self) -> Option<Walk> {
        match self {
            Self::Folder(path) => Some(Walk::new(path.clone())),
            Self::Glob(glob) => Some(glob.walk()),
            Self::File(_) | Self::List(_) | Self::Published(_) => None,
        }
    }

    /// What it means, looked for as far as it is asked to.
    pub fn findings(&self) -> Box<dyn Iterator<Item = Finding> + Send> {
        match self {
            Self::File(path) => Box::new(std::iter::once(Finding::Recording(Recording {
                entry: Entry::of_file(path.clone()),
                name: Name::Stem,
            }))),
            Self::Folder(_) | Self::Glob(_) => Box::new(self.walk().into_iter().flatten()),
            Self::List(list) => list.findings(),
            Self::Published(list) => list.findings(),
        }
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) | Self::Folder(path) => write!(f, "{path:?}"),
            Self::Glob(glob) => write!(f, "{:?}", glob.pattern()),
            Self::List(list) => write!(f, "the list {:?}", list.path()),
            Self::Published(list) => write!(f, "the list {:?}", list.path()),
        }
    }
}
