//! What recordings are called in rows.
//!
//! The id of a recording that was found in a folder follows from its path below that folder and
//! from nothing else: not from other files, nor from the order. So a folder that has grown gives
//! its old files their old ids, and a run that goes on knows them again.

use std::{
    borrow::Cow,
    collections::HashSet,
    ffi::OsStr,
    path::{Component, Path},
};

use sha2::{Digest, Sha256};
use sonoscope_operators::SourceId;

use super::finding::{Name, Recording};
use crate::weights::hashes::hex;

/// Longer ids would not make file names.
const LONGEST_BYTES: usize = 120;

/// Gives recordings their ids.
#[derive(Debug, Default)]
pub struct Ids {
    taken: HashSet<SourceId>,
    /// Ids of files that were named alone, and so had the first choice.
    named: HashSet<SourceId>,
}

impl Ids {
    /// Keeps the ids of files that are named alone from those that are found.
    pub fn reserve(&mut self, named: &Path) {
        let id = self.numbered(stem(named));
        self.named.insert(id);
    }

    /// The id of a recording. `is_first` tells that it was found in the first folder that was
    /// named; those in others have a hash behind their ids, as these may be there as well.
    pub fn give(&mut self, recording: &Recording, is_first: bool) -> SourceId {
        let path = &recording.entry.path;
        let id = match &recording.name {
            Name::Stem => {
                let id = stem(path);
                let numbered = (2..).map(|number| id.numbered(number));
                let mut own = std::iter::once(id.clone()).chain(numbered);
                let own = own.find(|id| self.named.remove(id) || !self.taken.contains(id));
                return self.taking(own.unwrap_or(id));
            }
            Name::Given(id) => id.clone(),
            Name::Below(below) if is_first => of_path(below),
            Name::Below(below) => with_hash(&of_path(below), path),
        };
        if self.taken.contains(&id) {
            return self.numbered(with_hash(&id, path));
        }
        self.taking(id)
    }

    /// The id, or with the first number behind it that makes it one of a kind; from now on taken.
    fn numbered(&mut self, id: SourceId) -> SourceId {
        let numbered = (2..).map(|number| id.numbered(number));
        let mut all = std::iter::once(id.clone()).chain(numbered);
        let free = all.find(|id| !self.taken.contains(id));
        self.taking(free.unwrap_or(id))
    }

    fn taking(&mut self, id: SourceId) -> SourceId {
        self.taken.insert(id.clone());
        id
    }
}

/// The id of a file that is named alone.
pub fn stem(path: &Path) -> SourceId {
    SourceId::slug(&path.file_stem().unwrap_or_default().to_string_lossy())
}

/// The id of a file by its path below a folder: slugs of the folders and of the file's own name,
/// with `_` between them, and the extension if it is not `mp4`. Where another path would give the
/// same, a hash of the path stands behind it.
pub fn of_path(below: &Path) -> SourceId {
    let id = SourceId::joined(parts(below), extension(below));
    let is_the_only_one = id.as_str().len() <= LONGEST_BYTES && spells(&id, below);
    match is_the_only_one {
        true => id,
        false => with_hash(&id, below),
    }
}

/// Whether the id spells the path out, so that no other path has it.
fn spells(id: &SourceId, below: &Path) -> bool {
    let whole = match extension(below) {
        Some(_) => id.as_str().to_owned(),
        None => format!("{id}.mp4"),
    };
    below.to_str() == Some(&whole.replace('_', "/"))
}

/// The folders and the file's name without its extension.
fn parts(below: &Path) -> impl Iterator<Item = Cow<'_, str>> {
    let folders = below.parent().into_iter().flat_map(Path::components);
    let folders = folders.filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let own = below.file_stem().into_iter();
    folders.chain(own).map(OsStr::to_string_lossy)
}

/// The extension, if it is not the one that most recordings have.
fn extension(below: &Path) -> Option<&str> {
    let extension = below.extension().and_then(OsStr::to_str);
    extension.filter(|extension| *extension != "mp4")
}

fn with_hash(id: &SourceId, path: &Path) -> SourceId {
    let hash = hex(&Sha256::digest(path.as_os_str().as_encoded_bytes())[..4]);
    id.hashed(&hash, LONGEST_BYTES)
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, os::unix::ffi::OsStrExt as _, path::PathBuf};

    use super::*;
    use crate::dataset::Entry;

    fn below(path: &str) -> String {
        of_path(Path::new(path)).to_string()
    }

    #[test]
    fn plain_paths_are_spelled_out() {
        assert_eq!(below("dog.mp4"), "dog");
        assert_eq!(below("2024/05/dog-2.mp4"), "2024_05_dog-2");
        assert_eq!(below("2024/dog.mkv"), "2024_dog.mkv");
    }

    #[test]
    fn no_two_paths_have_the_same_id() {
        let long = "x".repeat(200);
        let paths = [
            "a/b.mp4",
            "a-b.mp4",
            "a_b.mp4",
            "A/b.mp4",
            "a b.mp4",
            "a/b.mkv",
            "a/b.MP4",
            "a.b.mp4",
            "a/b/mkv.mp4",
            "a/b-mkv.mp4",
            "a--b.mp4",
            "-.mp4",
            "source.mp4",
            "b",
            "b.mp4",
            "a/b",
            &format!("{long}.mp4"),
            &format!("{long}y.mp4"),
            "é.mp4",
            "É.mp4",
            "a\nb.mp4",
        ];
        let mut ids = HashMap::new();
        for path in paths {
            let id = below(path);
            assert!(id.len() <= LONGEST_BYTES + 10, "{id}");
            assert!(!id.contains(['/', ' ', '\n', ':', '@']), "{id:?}");
            let other = ids.insert(id, path);
            assert_eq!(other, None, "{path}");
        }
        let odd = |bytes: &[u8]| of_path(Path::new(OsStr::from_bytes(bytes)));
        assert_ne!(odd(b"\xff.mp4"), odd(b"\xfe.mp4"));
    }

    fn recording(path: &str, name: Name) -> Recording {
        let entry = Entry::of_file(path.into());
        Recording { entry, name }
    }

    #[test]
    fn files_that_are_named_alone_have_the_first_choice() {
        let mut ids = Ids::default();
        let named = ["a/Dog.mp4", "b/dog.mkv", "b/dog 2.mkv", "dog.wav", "/"];
        named.iter().for_each(|path| ids.reserve(Path::new(path)));
        let found = |path: &str| recording(&format!("/r/{path}"), Name::Below(path.into()));
        let cat = ids.give(&found("cat.mp4"), true);
        let dog = ids.give(&found("dog.mp4"), true);
        assert_eq!(cat.as_str(), "cat");
        assert!(
            dog.as_str().starts_with("dog-") && dog.as_str().len() == 12,
            "{dog}"
        );
        let named = named.map(|path| ids.give(&recording(path, Name::Stem), true).to_string());
        assert_eq!(named, ["dog", "dog-2", "dog-2-2", "dog-3", "source"]);
        let again = ids.give(&found("cat.mp4"), false);
        assert_ne!(again, cat, "of another folder");
    }

    #[test]
    fn a_folder_that_grew_gives_its_old_files_their_old_ids() {
        let give = |paths: &[&str]| -> HashMap<PathBuf, SourceId> {
            let mut ids = Ids::default();
            let found = paths.iter().map(|path| {
                let recording = recording(path, Name::Below(path.into()));
                (PathBuf::from(path), ids.give(&recording, true))
            });
            found.collect()
        };
        let old = give(&["a-b.mp4", "c.mkv"]);
        let new = give(&["c.mp4", "a b.mp4", "a/b.mp4", "c.mkv", "a-b.mp4"]);
        assert!(
            old.iter().all(|(path, id)| &new[path] == id),
            "{old:?} {new:?}"
        );
    }
}
