//! The user's own networks on disk: one writer at a time, and whole networks only.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use sonoscope_models::{NetworkDir, zoo};
use tempfile::TempDir;

use crate::fault::Fault;

/// Begins the names of folders in which networks are built. What is left of a program that was
/// killed is removed by the next one.
const BUILDING: &str = ".new-";

/// The folder of the user's own networks, held against other writers until it is dropped.
#[derive(Debug)]
pub struct Own {
    root: PathBuf,
    _lock: File,
}

impl Own {
    /// The folder in which [`zoo::resolve`] looks for the user's own.
    ///
    /// # Errors
    /// As [`Own::at`], and when there is no home.
    pub fn open() -> Result<Self, Fault> {
        let root = zoo::own().ok_or_else(|| {
            Fault::environment("there is no folder for networks of your own")
                .tip("set XDG_DATA_HOME to an absolute path")
        })?;
        Self::at(root)
    }

    /// This folder, which is made.
    ///
    /// # Errors
    /// When it cannot be written, or another program holds it.
    pub fn at(root: PathBuf) -> Result<Self, Fault> {
        let wrong = |error: io::Error| unwritable(&root, &error);
        fs::create_dir_all(&root).map_err(wrong)?;
        let lock = File::create(root.join(".lock")).map_err(wrong)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => wrong(error),
            TryLockError::WouldBlock => {
                Fault::environment(format!("another sonoscope is changing {}", root.display()))
                    .tip("wait until it is done")
            }
        })?;
        let own = Self { root, _lock: lock };
        own.sweep();
        Ok(own)
    }

    /// Where the network of this name lies, or will.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes sure that a network may get this name.
    ///
    /// # Errors
    /// When the name is no name, belongs to a network that is shipped, is that of a folder of
    /// networks, or is taken and may not be given anew.
    pub fn claim(&self, name: &str, replace: bool) -> Result<(), Fault> {
        if !is_name(name) {
            return Err(Fault::usage(format!("`{name}` is no name for a network"))
                .tip("use letters, digits, dots, dashes and underscores, and one `/` at most"));
        }
        let target = self.path(name);
        let is_network = |folder: &Path| NetworkDir::new(folder).is_there();
        let in_network =
            (target.parent()).is_some_and(|group| group != self.root && is_network(group));
        if in_network || (target.exists() && !is_network(&target)) {
            return Err(
                Fault::usage(format!("the name `{name}` is in the way of another"))
                    .tip("see `sonoscope networks list` and choose another name"),
            );
        }
        match zoo::list().iter().find(|network| network.name() == name) {
            Some(network) if network.path() != target => {
                let place = network.path().display();
                Err(
                    Fault::usage(format!("`{name}` is a network already, in {place}"))
                        .tip("choose another name"),
                )
            }
            _ if target.exists() && !replace => {
                Err(Fault::usage(format!("there is a network `{name}` already"))
                    .tip("choose another name, or say --replace"))
            }
            _ => Ok(()),
        }
    }

    /// Where a download is kept until it is whole and used.
    ///
    /// # Errors
    /// When its folder cannot be made.
    pub fn download(&self, blob_id: &str) -> Result<PathBuf, Fault> {
        let folder = self.root.join(".downloads");
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        Ok(folder.join(blob_id))
    }

    /// A new folder to build a network in, gone with what is returned.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn build(&self) -> Result<TempDir, Fault> {
        tempfile::Builder::new()
            .prefix(BUILDING)
            .tempdir_in(&self.root)
            .map_err(|error| unwritable(&self.root, &error))
    }

    /// Gives a network that is whole its name, in the place of one that had it.
    ///
    /// # Errors
    /// When the system refuses; then what was there before still is.
    pub fn put(&self, network: &Path, name: &str) -> Result<PathBuf, Fault> {
        let target = self.path(name);
        let wrong = |error: io::Error| unwritable(&target, &error);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(wrong)?;
        }
        let away = self.build()?;
        let former = away.path().join("former");
        let replaces = target.exists();
        if replaces {
            fs::rename(&target, &former).map_err(wrong)?;
        }
        if let Err(error) = fs::rename(network, &target) {
            if replaces {
                let _ = fs::rename(&former, &target);
            }
            return Err(wrong(error));
        }
        Ok(target)
    }

    fn sweep(&self) {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with(BUILDING) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Whether a network may be called so: letters, digits, dots, dashes and underscores, with one `/`
/// at most. It becomes a folder's name.
pub fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphanumeric())
            && (word.chars()).all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let words: Vec<_> = name.split('/').collect();
    words.len() <= 2 && words.into_iter().all(is_word) && name.len() <= 100
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> Fault {
    Fault::environment(format!("{} cannot be written: {error}", path.display()))
        .tip("see to its permissions and to free disk, or set XDG_DATA_HOME to another place")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(own: &Own, content: &str) -> TempDir {
        let folder = own.build().unwrap();
        fs::create_dir(folder.path().join("network")).unwrap();
        fs::write(folder.path().join("network/head.onnx"), content).unwrap();
        folder
    }

    #[test]
    fn a_network_takes_the_place_of_its_namesake() {
        let home = tempfile::tempdir().unwrap();
        let own = Own::at(home.path().join("networks")).unwrap();
        for content in ["first", "second"] {
            let built = network(&own, content);
            let path = own.put(&built.path().join("network"), "a/b").unwrap();
            assert_eq!(fs::read_to_string(path.join("head.onnx")).unwrap(), content);
        }
        let left = fs::read_dir(home.path().join("networks")).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".lock", "a"]);
    }

    #[test]
    fn what_cannot_be_put_in_place_leaves_its_namesake_there() {
        let home = tempfile::tempdir().unwrap();
        let own = Own::at(home.path().into()).unwrap();
        let built = network(&own, "first");
        let path = own.put(&built.path().join("network"), "a").unwrap();
        own.put(&home.path().join("nowhere"), "a").unwrap_err();
        assert_eq!(fs::read_to_string(path.join("head.onnx")).unwrap(), "first");
    }

    #[test]
    fn a_second_writer_is_told_and_leavings_are_swept() {
        let home = tempfile::tempdir().unwrap();
        let own = Own::at(home.path().into()).unwrap();
        let error = Own::at(home.path().into()).unwrap_err().to_string();
        assert!(error.contains("another sonoscope"), "{error}");
        let leaving = own.build().unwrap().keep();
        drop(own);
        Own::at(home.path().into()).unwrap();
        assert!(!leaving.exists());
    }

    #[test]
    fn a_name_is_claimed_once_and_groups_are_not_written_over() {
        let home = tempfile::tempdir().unwrap();
        let own = Own::at(home.path().into()).unwrap();
        let built = network(&own, "");
        own.put(&built.path().join("network"), "group/mine")
            .unwrap();
        own.claim("group/other", false).unwrap();
        own.claim("group/mine", true).unwrap();
        for (name, because) in [
            ("group/mine", "already"),
            ("group", "in the way"),
            ("group/mine/deeper", "no name"),
            ("ave-small", "ave-small"),
        ] {
            let error = own.claim(name, false).unwrap_err().to_string();
            assert!(error.contains(because), "{error}");
        }
    }

    #[test]
    fn names_are_folders_of_the_place_and_no_others() {
        for name in ["mine", "a/b", "L3.2_x-y"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "", "/", "a/", "/a", "a/b/c", "..", "a/..", ".a", "-a", "a b", "ä",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
