//! Which recordings are for training, which for choosing, which for measuring.

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A share of a set that never meets the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// To learn from.
    Train,
    /// To choose the best checkpoint by.
    Validation,
    /// To measure on, once.
    Test,
}

impl Split {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// 80/10/10 by a hash of the key: the same on every machine and for ever, and the same as
    /// `sonoscope_training` has it for a clip of this id.
    ///
    /// ```
    /// # use sonoscope::dataset::Split;
    /// assert_eq!(Split::of_key("clip-1"), Split::Validation);
    /// ```
    pub fn of_key(key: &str) -> Self {
        match place(key) {
            0..80 => Self::Train,
            80..90 => Self::Validation,
            _ => Self::Test,
        }
    }

    /// For sets that are published without a validation split: a ninth of what is for training.
    pub fn of_training_key(key: &str) -> Self {
        match place(key) * 9 / 100 {
            8 => Self::Validation,
            _ => Self::Train,
        }
    }

    /// What the folders of a path say: the nearest that is called `train`, `validation` or `test`
    /// and has another of the three beside it. A folder that happens to be called `test` has not.
    pub fn of_path(path: &Path) -> Option<Self> {
        path.ancestors().skip(1).find_map(|folder| {
            let split = Self::of_name(folder.file_name()?.to_str()?)?;
            let beside = folder.parent()?;
            let mut others = Self::ALL.into_iter().filter(|other| *other != split);
            (others.any(|other| beside.join(other.name()).is_dir())).then_some(split)
        })
    }

    /// The split of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|split| split.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place from 0 to 99.
fn place(key: &str) -> u64 {
    let hash = Sha256::digest(key.as_bytes());
    // A number of 256 bits, of which the first 64 are plenty.
    (hash[..8].iter()).fold(0, |rest, &byte| (rest << 8) | u64::from(byte)) % 100
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_same_as_in_python() {
        // models/training/tests/test_shards.py pins the same three.
        let pinned = ["clip-0", "clip-1", "clip-18"].map(Split::of_key);
        assert_eq!(pinned, Split::ALL);
    }

    #[test]
    fn shares_are_80_10_10() {
        let mut counts = [0; 3];
        for key in 0..10_000 {
            counts[Split::of_key(&format!("recording-{key}")) as usize] += 1;
        }
        assert!((7800..8200).contains(&counts[0]), "{counts:?}");
        assert!((880..1120).contains(&counts[1]), "{counts:?}");
    }

    #[test]
    fn a_ninth_of_the_training_keys_is_for_validation() {
        let keys = (0..9000).map(|key| Split::of_training_key(&format!("video {key}")));
        let validation = keys.filter(|split| *split == Split::Validation).count();
        assert!((900..1200).contains(&validation), "{validation}");
    }

    #[test]
    fn folders_say_a_split_only_among_their_like() {
        let home = tempfile::tempdir().unwrap();
        for folder in ["set/train/deep", "set/test", "alone/test"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        let of = |path: &str| Split::of_path(&home.path().join(path));
        assert_eq!(of("set/train/a.mp4"), Some(Split::Train));
        assert_eq!(of("set/train/deep/a.mp4"), Some(Split::Train));
        assert_eq!(of("set/test/a.mp4"), Some(Split::Test));
        assert_eq!(of("set/a.mp4"), None);
        assert_eq!(of("alone/test/a.mp4"), None);
    }
}
