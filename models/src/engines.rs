//! Where TensorRT keeps what it has built: engines, and the timings that it chose by.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{NetworkFiles, Sizes};

/// What an engine was built for. One that differs in any of these is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineKey {
    /// Name of the network, for whoever looks at the folder.
    pub network: String,
    /// [`NetworkFiles::network_hash`].
    pub network_hash: String,
    /// In which numbers.
    pub precision: String,
    /// The card's model.
    pub card: String,
    /// TensorRT's version, as its library tells, and ONNX Runtime's.
    pub versions: [String; 2],
    /// The sizes of batches.
    pub sizes: Vec<usize>,
}

impl EngineKey {
    /// Of a network in batches of these sizes, on such a card, with such libraries.
    pub fn new(files: &NetworkFiles, sizes: &Sizes, card: String, versions: [String; 2]) -> Self {
        Self {
            network: files.contract().network.clone(),
            network_hash: files.network_hash(),
            precision: files.precision.to_string(),
            card,
            versions,
            sizes: sizes.iter().collect(),
        }
    }
}

/// The name of a folder: what people look for, then what tells it from all others.
impl fmt::Display for EngineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<_> = self.sizes.iter().map(usize::to_string).collect();
        let [tensorrt, onnxruntime] = &self.versions;
        let parts = [
            &self.network_hash,
            &self.precision,
            &self.card,
            tensorrt,
            onnxruntime,
            &sizes.join(","),
        ];
        let digest = Sha256::new();
        // With its length before it, no part runs over into the next.
        let digest = parts.iter().fold(digest, |digest, part| {
            digest
                .chain_update((part.len() as u64).to_le_bytes())
                .chain_update(part)
        });
        let digest = digest.finalize();
        let digest: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let network: String = self.network.chars().map(plain).collect();
        write!(f, "{network}-{}-{digest}", self.precision)
    }
}

/// The engines of one [`EngineKey`] on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineCache {
    folder: PathBuf,
}

/// Written last, so that a folder with it is whole.
const WHOLE: &str = "whole";

impl EngineCache {
    /// In the user's cache: `sonoscope/engines` in `cache_home`.
    pub fn new(cache_home: &Path, key: &EngineKey) -> Self {
        let folder = cache_home.join("sonoscope/engines").join(key.to_string());
        Self { folder }
    }

    /// Where they lie; see [`Setting::engines`](crate::Setting::engines).
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether all of them have been built.
    pub fn is_whole(&self) -> bool {
        self.folder.join(WHOLE).is_file()
    }

    /// Notes that all of them have been built.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn set_whole(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        fs::write(self.folder.join(WHOLE), "")
    }
}

/// The model of a card by its number, as the driver tells in `proc`, which is
/// `/proc/driver/nvidia/gpus` but in tests.
pub fn card_name(proc: &Path, card: u32) -> Option<String> {
    let mut gpus: Vec<_> = (fs::read_dir(proc).ok()?.flatten())
        .map(|entry| entry.path().join("information"))
        .collect();
    gpus.sort();
    let text = fs::read_to_string(gpus.get(card as usize)?).ok()?;
    let model = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
    Some(model.trim().to_owned())
}

/// What tells one version of a library from another: the name of the file that its link leads to,
/// and its length.
pub fn library_version(file: &str, folders: &[PathBuf]) -> Option<String> {
    let path = (folders.iter().map(|folder| folder.join(file))).find(|path| path.is_file())?;
    let path = path.canonicalize().ok()?;
    let name = path.file_name()?.to_string_lossy().into_owned();
    Some(format!("{name} {}", fs::metadata(&path).ok()?.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> EngineKey {
        EngineKey {
            network: "allthatsound/ave".into(),
            network_hash: "ab12".into(),
            precision: "fp16".into(),
            card: "NVIDIA H200".into(),
            versions: ["libnvinfer.so.10.13.3 9".into(), "1.31.1".into()],
            sizes: vec![1, 8, 32],
        }
    }

    #[test]
    fn whatever_makes_an_engine_useless_gives_another_folder() {
        let same = key().to_string();
        assert_eq!(key().to_string(), same);
        assert!(same.starts_with("allthatsound-ave-fp16-"), "{same}");
        let changes: [fn(&mut EngineKey); 7] = [
            |key| key.network_hash = "ab13".into(),
            |key| key.precision = "fp32".into(),
            |key| key.card = "NVIDIA H100".into(),
            |key| key.versions[0] = "libnvinfer.so.10.14.1 9".into(),
            |key| key.versions[1] = "1.32.0".into(),
            |key| key.sizes = vec![1, 8],
            |key| key.sizes = vec![18, 32],
        ];
        let mut names: Vec<_> = changes
            .iter()
            .map(|change| {
                let mut key = key();
                change(&mut key);
                key.to_string()
            })
            .chain([same])
            .collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), changes.len() + 1);
    }

    #[test]
    fn a_folder_is_whole_when_that_was_noted() {
        let home = tempfile::tempdir().unwrap();
        let cache = EngineCache::new(home.path(), &key());
        assert!(
            cache
                .folder()
                .starts_with(home.path().join("sonoscope/engines"))
        );
        assert!(!cache.is_whole());
        cache.set_whole().unwrap();
        assert!(EngineCache::new(home.path(), &key()).is_whole());
    }

    #[test]
    fn cards_and_libraries_are_known_by_files() {
        let home = tempfile::tempdir().unwrap();
        for (bus, model) in [
            ("0000:01:00.0", "NVIDIA H100"),
            ("0000:02:00.0", "NVIDIA H200"),
        ] {
            fs::create_dir(home.path().join(bus)).unwrap();
            let text = format!("Model: \t\t {model}\nIRQ:   \t\t 5\n");
            fs::write(home.path().join(bus).join("information"), text).unwrap();
        }
        assert_eq!(card_name(home.path(), 1).as_deref(), Some("NVIDIA H200"));
        assert_eq!(card_name(home.path(), 2), None);
        fs::write(home.path().join("libnvinfer.so.10.13.3"), "123").unwrap();
        let link = home.path().join("libnvinfer.so.10");
        std::os::unix::fs::symlink("libnvinfer.so.10.13.3", link).unwrap();
        let folders = [home.path().to_path_buf()];
        let version = library_version("libnvinfer.so.10", &folders);
        assert_eq!(version.as_deref(), Some("libnvinfer.so.10.13.3 3"));
        assert_eq!(library_version("libnvinfer.so.10", &[]), None);
    }
}
