//! Recordings in a folder and below it.

use std::{
    collections::HashSet,
    fs::{self, FileType, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

use globset::GlobMatcher;

use super::{
    finding::{Finding, LeftOut, Name, Recording},
    kind,
};
use crate::{dataset::Entry, sources::SourceError};

/// Looks through a folder and the folders in it, in the order of their names, as far as it is
/// asked to: an iterator that holds the entries of the folders between the root and where it is.
///
/// What is hidden is passed over. Links are followed, each folder and each linked file is taken
/// once, and under its own name where it has one in here.
pub struct Walk {
    root: PathBuf,
    /// The root without links, once it was looked at.
    real_root: Option<PathBuf>,
    only: Option<Only>,
    waiting: Vec<Found>,
    folders: HashSet<FileKey>,
    linked: HashSet<FileKey>,
    entering: Box<dyn FnMut(&Path) + Send>,
}

/// The files that are wanted of those in a folder.
struct Only {
    matching: GlobMatcher,
    /// How far below the root they lie at most.
    depth: Option<usize>,
}

/// A file, whatever it is called.
type FileKey = (u64, u64);

/// An entry of a folder.
struct Found {
    path: PathBuf,
    kind: io::Result<FileType>,
    depth: usize,
}

impl Walk {
    /// All recordings below a folder.
    pub fn new(root: PathBuf) -> Self {
        Self {
            real_root: None,
            only: None,
            waiting: vec![Found {
                kind: fs::metadata(&root).map(|metadata| metadata.file_type()),
                path: root.clone(),
                depth: 0,
            }],
            folders: HashSet::new(),
            linked: HashSet::new(),
            entering: Box::new(|_| ()),
            root,
        }
    }

    /// Only those whose whole path matches, which lie at most so many folders deep.
    #[must_use]
    pub fn only(mut self, matching: GlobMatcher, depth: Option<usize>) -> Self {
        self.only = Some(Only { matching, depth });
        self
    }

    /// Calls `entering` with each folder before its entries are read.
    #[must_use]
    pub fn entering(mut self, entering: impl FnMut(&Path) + Send + 'static) -> Self {
        self.entering = Box::new(entering);
        self
    }

    /// Only what is at a path, and below it; nothing if that is not below the root.
    pub fn at(mut self, path: &Path) -> Option<Self> {
        let below = path.strip_prefix(&self.root).ok()?;
        let kind = fs::symlink_metadata(path).map(|metadata| metadata.file_type());
        self.waiting = vec![Found {
            path: path.into(),
            kind,
            depth: below.components().count(),
        }];
        Some(self)
    }

    /// What is to be said of an entry, if anything.
    fn look(&mut self, found: Found) -> Option<Finding> {
        match &found.kind {
            Ok(kind) if kind.is_dir() => self.enter(&found),
            Ok(kind) if kind.is_symlink() => self.follow(&found),
            Ok(kind) => self.judge(&found, kind.is_file()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
            Err(_) => self.judge(&found, false),
        }
    }

    /// Reads the entries of a folder, if it was not read before.
    fn enter(&mut self, folder: &Found) -> Option<Finding> {
        let read = fs::metadata(&folder.path).and_then(|metadata| {
            if !self.folders.insert(key(&metadata)) {
                return Ok(Vec::new());
            }
            (self.entering)(&folder.path);
            fs::read_dir(&folder.path)?.collect::<io::Result<Vec<_>>>()
        });
        let mut entries = match read {
            Ok(entries) => entries,
            Err(cause) => return Some(refused(&folder.path, cause)),
        };
        entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.file_name()));
        let found = entries.into_iter().map(|entry| Found {
            path: entry.path(),
            kind: entry.file_type(),
            depth: folder.depth + 1,
        });
        self.waiting.extend(found);
        None
    }

    /// A link leads to what is in here anyway, or to something else, which is then taken once.
    fn follow(&mut self, link: &Found) -> Option<Finding> {
        let target = fs::metadata(&link.path).and_then(|metadata| {
            let path = fs::canonicalize(&link.path)?;
            Ok((metadata, path))
        });
        let Ok((metadata, target)) = target else {
            return self.judge(link, false);
        };
        if self.finds_itself(&target, link.depth) {
            return Some(Finding::LeftOut(LeftOut::Twice));
        }
        if metadata.is_dir() {
            return self.enter(link);
        }
        let taken = self.judge(link, metadata.is_file());
        match taken {
            Some(Finding::Recording(_)) if !self.linked.insert(key(&metadata)) => {
                Some(Finding::LeftOut(LeftOut::Twice))
            }
            taken => taken,
        }
    }

    /// Whether a path without links lies where it is found without following one.
    fn finds_itself(&mut self, target: &Path, depth: usize) -> bool {
        let Some(root) = self.real_root() else {
            return false;
        };
        let Ok(below) = target.strip_prefix(root) else {
            // A link to a folder around the root leads back into it.
            return root.starts_with(target) && depth > 0;
        };
        let is_hidden = |part: Component| part.as_os_str().as_encoded_bytes().starts_with(b".");
        let own = self.root.join(below);
        !below.components().any(is_hidden) && self.is_wanted(&own)
    }

    fn real_root(&mut self) -> Option<&Path> {
        if self.real_root.is_none() {
            self.real_root = fs::canonicalize(&self.root).ok();
        }
        self.real_root.as_deref()
    }

    /// Whether a path is among those that are asked for.
    fn is_wanted(&self, path: &Path) -> bool {
        (self.only.as_ref()).is_none_or(|only| only.matching.is_match(path))
    }

    /// A file, or something else that only its name can tell about.
    fn judge(&self, found: &Found, is_regular: bool) -> Option<Finding> {
        if !self.is_wanted(&found.path) {
            return None;
        }
        let is_recording = match is_regular {
            true => kind::is_recording(&found.path),
            false => kind::is_named_so(&found.path),
        };
        Some(match is_recording {
            true => Finding::Recording(self.recording(&found.path)),
            false => Finding::LeftOut(LeftOut::NoRecording),
        })
    }

    fn recording(&self, path: &Path) -> Recording {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        Recording {
            entry: Entry::of_file(path.into()),
            name: Name::Below(below.into()),
        }
    }

    /// Whether it lies deeper than anything that is asked for.
    fn is_too_deep(&self, found: &Found) -> bool {
        let depth = self.only.as_ref().and_then(|only| only.depth);
        depth.is_some_and(|depth| found.depth > depth)
    }
}

impl Iterator for Walk {
    type Item = Finding;

    fn next(&mut self) -> Option<Finding> {
        while let Some(found) = self.waiting.pop() {
            if self.is_too_deep(&found) {
                continue;
            }
            if found.depth > 0 && is_hidden(&found.path) {
                return Some(Finding::LeftOut(LeftOut::Hidden));
            }
            if let Some(finding) = self.look(found) {
                return Some(finding);
            }
        }
        None
    }
}

fn key(metadata: &Metadata) -> FileKey {
    (metadata.dev(), metadata.ino())
}

/// Whether a name begins with a dot.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

fn refused(path: &Path, cause: io::Error) -> Finding {
    let path = path.to_owned();
    let error = match cause.kind() {
        io::ErrorKind::NotFound => SourceError::Missing(path.clone()),
        _ => SourceError::Unreadable {
            path: path.clone(),
            cause,
        },
    };
    Finding::Refused { path, error }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// What is found in a folder, as one line a finding.
    fn told(walk: Walk, root: &Path) -> Vec<String> {
        walk.map(|finding| match finding {
            Finding::Recording(recording) => {
                let path = recording.entry.path.strip_prefix(root).unwrap().to_owned();
                path.to_str().unwrap().to_owned()
            }
            Finding::Refused { error, .. } => error.to_string(),
            Finding::LeftOut(why) => format!("{why:?}"),
        })
        .collect()
    }

    fn folder(names: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for name in names {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        home
    }

    #[test]
    fn folders_are_searched_in_order_and_what_is_passed_over_is_told() {
        let home = folder(&[
            "c.MP4",
            "b/x.mkv",
            "a.txt",
            "a.webm",
            ".h.mp4",
            ".git/y.mp4",
        ]);
        fs::create_dir(home.path().join("b/empty")).unwrap();
        assert_eq!(
            told(Walk::new(home.path().into()), home.path()),
            [
                "Hidden",
                "Hidden",
                "NoRecording",
                "a.webm",
                "b/x.mkv",
                "c.MP4"
            ]
        );
    }

    #[test]
    fn links_lead_to_each_file_once_and_never_in_circles() {
        let outside = folder(&["out/o.mp4", "lone.mp4"]);
        let home = folder(&["d/a.mp4", ".annex/blob.mp4"]);
        let link = |to: PathBuf, name: &str| symlink(to, home.path().join(name)).unwrap();
        link(home.path().into(), "d/circle");
        link(home.path().parent().unwrap().into(), "d/wide-circle");
        link(home.path().join("d/a.mp4"), "again.mp4");
        link(home.path().join(".annex/blob.mp4"), "kept.mp4");
        link(outside.path().join("out"), "e");
        link(outside.path().join("out"), "f");
        link(outside.path().join("lone.mp4"), "lone.mp4");
        link(outside.path().join("lone.mp4"), "second.mp4");
        link("itself.mp4".into(), "itself.mp4");
        let mut found = told(Walk::new(home.path().into()), home.path());
        found.sort();
        assert_eq!(
            found,
            [
                "Hidden",
                "Twice",
                "Twice",
                "Twice",
                "Twice",
                "d/a.mp4",
                "e/o.mp4",
                "itself.mp4",
                "kept.mp4",
                "lone.mp4"
            ]
        );
    }

    #[test]
    fn a_folder_that_is_gone_is_told() {
        let home = folder(&["a.mp4"]);
        let walk = Walk::new(home.path().into());
        fs::remove_dir_all(home.path()).unwrap();
        let found = told(walk, home.path());
        assert!(
            found.len() == 1 && found[0].contains("no file"),
            "{found:?}"
        );
    }
}
