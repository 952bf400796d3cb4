//! What there is to know of a network without running it.

use std::{collections::BTreeSet, fmt, path::PathBuf};

use serde::{Serialize, Serializer};

use crate::{
    Contract, NetworkDir, NetworkError, NetworkFile, NetworkFiles, Precision,
    files::{agree, page},
};

/// A network as it lies on disk: its contract, its files, what identifies them. Read from the
/// files alone; ONNX Runtime isn't needed.
#[derive(Clone, Debug, Serialize)]
pub struct NetworkInfo {
    /// The name by which it goes in the zoo: for most, the directory's own.
    pub name: String,
    /// Where it lies.
    pub directory: PathBuf,
    /// What all its files agree on.
    #[serde(serialize_with = "without_part")]
    pub contract: Contract,
    /// The precisions that it has whole, each with the hash that rows bear.
    pub precisions: Vec<PrecisionInfo>,
    /// Its files.
    pub files: Vec<FileInfo>,
}

/// A precision that a network has.
#[derive(Clone, Debug, Serialize)]
pub struct PrecisionInfo {
    /// Which.
    pub precision: Precision,
    /// See [`NetworkFiles::network_hash`].
    pub network_hash: String,
}

/// A file of a network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FileInfo {
    /// Its name in the directory.
    pub file: String,
    /// How long it is.
    pub size_bytes: usize,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl NetworkInfo {
    /// Reads all files of a network, in every precision that it has, and sees that they belong
    /// together.
    pub fn read(dir: &NetworkDir) -> Result<Self, NetworkError> {
        let mut precisions = dir.precisions();
        if precisions.is_empty() {
            precisions.push(Precision::default()); // Loading it says what is missing.
        }
        let networks = precisions
            .into_iter()
            .map(|precision| NetworkFiles::load(dir, precision))
            .collect::<Result<Vec<_>, _>>()?;
        let contract = networks[0].contract().clone();
        for other in &networks[1..] {
            agree(&networks[0].frame, &other.frame)?;
        }
        let files: BTreeSet<_> = networks
            .iter()
            .flat_map(NetworkFiles::all)
            .map(FileInfo::of)
            .collect();
        Ok(Self {
            name: dir.name(),
            directory: dir.path().into(),
            contract,
            precisions: networks.iter().map(PrecisionInfo::of).collect(),
            files: files.into_iter().collect(),
        })
    }
}

impl PrecisionInfo {
    fn of(network: &NetworkFiles) -> Self {
        Self {
            precision: network.precision,
            network_hash: network.network_hash(),
        }
    }
}

impl FileInfo {
    fn of(file: &NetworkFile) -> Self {
        let name = file.path.file_name().unwrap_or_default();
        Self {
            file: name.to_string_lossy().into_owned(),
            size_bytes: file.size_bytes(),
            sha256: file.sha256.clone(),
        }
    }
}

/// Which of three files a page was read from says nothing of the network.
fn without_part<S: Serializer>(contract: &Contract, to: S) -> Result<S::Ok, S::Error> {
    page(contract).serialize(to)
}

impl fmt::Display for NetworkInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.name, self.directory.display())?;
        writeln!(f, "\n{}", self.contract)?;
        writeln!(f, "\nhashes")?;
        for info in &self.precisions {
            writeln!(f, "  {:<16} {}", info.precision, info.network_hash)?;
        }
        write!(f, "\nfiles")?;
        for info in &self.files {
            let kilobytes = info.size_bytes.div_ceil(1000);
            write!(f, "\n  {:<16} {} {kilobytes:>7} kB", info.file, info.sha256)?;
        }
        Ok(())
    }
}
