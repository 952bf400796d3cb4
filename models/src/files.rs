//! The files of a network on disk: which belong together, and what identifies them.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    Contract, METADATA_KEY, NetworkError, Part, Precision, Provider, halves, onnx,
    symmetric::{NotSymmetric, symmetric},
};

/// A directory with a network in it: `frame.onnx`, `audio.onnx`, `head.onnx`, and towers in other
/// precisions beside them (`frame.int8.onnx`). Networks of embeddings alone have no head.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NetworkDir {
    path: PathBuf,
    name: Option<String>,
}

impl NetworkDir {
    /// A directory. Nothing is read of it yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            name: None,
        }
    }

    /// A directory that goes by another name than its own, such as `allthatsound/ave`.
    pub(crate) fn named(path: impl Into<PathBuf>, name: String) -> Self {
        Self {
            path: path.into(),
            name: Some(name),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name by which the network goes in the zoo: for most, the directory's own.
    pub fn name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let whole = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let name = whole.file_name().unwrap_or(whole.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Where a part lies for a precision. The head is the same for all.
    pub fn file(&self, part: Part, precision: Precision) -> PathBuf {
        self.path.join(file_name(part, precision))
    }

    /// Whether this looks like a network: there is a head, or there are both towers.
    pub fn is_there(&self) -> bool {
        let is_file = |part| self.file(part, Precision::Fp32).is_file();
        is_file(Part::Head) || (is_file(Part::Frame) && is_file(Part::Audio))
    }

    /// The precisions of which all files are here.
    pub fn precisions(&self) -> Vec<Precision> {
        let whole = |precision: &Precision| self.has(*precision);
        Precision::ALL.into_iter().filter(whole).collect()
    }

    fn has(&self, precision: Precision) -> bool {
        self.missing(precision).is_empty()
    }

    fn missing(&self, precision: Precision) -> Vec<String> {
        Part::ALL
            .into_iter()
            .filter(|part| !self.file(*part, precision).is_file())
            .filter(|part| *part != Part::Head || self.wants_head(precision))
            .map(|part| file_name(part, precision))
            .collect()
    }

    /// Whether there should be a head. What cannot be read is not what says that there is none.
    fn wants_head(&self, precision: Precision) -> bool {
        NetworkFile::load(&self.file(Part::Frame, precision))
            .map_or(true, |frame| frame.contract.outputs.compares())
    }
}

fn file_name(part: Part, precision: Precision) -> String {
    match (part, precision) {
        (Part::Head, _) | (_, Precision::Fp32) => format!("{part}.onnx"),
        _ => format!("{part}.{precision}.onnx"),
    }
}

/// One file of a network, read whole, so that what was hashed is what will be run.
#[derive(Clone)]
pub struct NetworkFile {
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// What it wants and gives.
    pub contract: Contract,
    pub(crate) bytes: Vec<u8>,
}

impl NetworkFile {
    /// Reads a file and its contract. ONNX Runtime isn't needed for it.
    pub fn load(path: &Path) -> Result<Self, NetworkError> {
        let bytes = fs::read(path).map_err(|source| NetworkError::Read {
            file: path.into(),
            source,
        })?;
        let page =
            onnx::metadata(&bytes, METADATA_KEY).map_err(|problem| NetworkError::NotOnnx {
                file: path.into(),
                problem,
            })?;
        let page = page.ok_or_else(|| crate::ContractError::Missing { file: path.into() })?;
        Ok(Self {
            path: path.into(),
            sha256: hex(&Sha256::digest(&bytes)),
            contract: Contract::from_json(&page, path)?,
            bytes,
        })
    }

    /// How long the file is.
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn load_part(dir: &NetworkDir, part: Part, precision: Precision) -> Result<Self, NetworkError> {
        let file = Self::load(&dir.file(part, precision))?;
        if file.contract.part != part {
            return Err(NetworkError::Part {
                expected: part,
                found: file.contract.part,
                file: file.path,
            });
        }
        Ok(file)
    }
}

impl fmt::Debug for NetworkFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetworkFile({}, {})", self.path.display(), self.sha256)
    }
}

/// The files of a network in one precision, of one contract.
#[derive(Clone, Debug)]
pub struct NetworkFiles {
    /// Picture, or pictures, to features.
    pub frame: NetworkFile,
    /// Spectrogram, or waveform, to features.
    pub audio: NetworkFile,
    /// Features to scores; none where the contract says that there is nothing to compare.
    pub head: Option<NetworkFile>,
    /// In which numbers the towers compute.
    pub precision: Precision,
}

impl NetworkFiles {
    /// Reads the files of a precision and sees that they are of one network. Towers in halves are
    /// made of those in single precision, unless there are files of them.
    ///
    /// # Errors
    /// When files are missing, cannot be read, or do not belong together.
    pub fn load(dir: &NetworkDir, precision: Precision) -> Result<Self, NetworkError> {
        if precision == Precision::Fp16 && !dir.has(precision) && dir.has(Precision::Fp32) {
            return Self::load(dir, Precision::Fp32)?.halved();
        }
        let missing = dir.missing(precision);
        if !missing.is_empty() {
            return Err(NetworkError::Missing {
                directory: dir.path.clone(),
                precision,
                files: missing,
                present: dir.precisions(),
            });
        }
        let part = |part| NetworkFile::load_part(dir, part, precision);
        let frame = part(Part::Frame)?;
        let compares = frame.contract.outputs.compares();
        let files = Self {
            audio: part(Part::Audio)?,
            head: compares.then(|| part(Part::Head)).transpose()?,
            frame,
            precision,
        };
        for other in files.all().skip(1) {
            agree(&files.frame, other)?;
        }
        Ok(files)
    }

    /// The same with its towers in 16-bit floats. Their hashes are those of what was made.
    fn halved(self) -> Result<Self, NetworkError> {
        let mut files = self.remade(|tower| {
            halves::halve(&tower.bytes).map_err(|problem| NetworkError::NotOnnx {
                file: tower.path.clone(),
                problem,
            })
        })?;
        files.precision = Precision::Fp16;
        Ok(files)
    }

    /// The same as a provider takes them: for TensorRT, towers in int8 have signed bytes around zero.
    /// Their hashes are those of what was made, since its answers differ a little.
    ///
    /// # Errors
    /// When a tower is quantized in another way than ours are.
    pub fn for_provider(self, provider: Provider) -> Result<Self, NetworkError> {
        if self.precision != Precision::Int8 || !matches!(provider, Provider::TensorRt(_)) {
            return Ok(self);
        }
        self.remade(|tower| {
            symmetric(&tower.bytes).map_err(|problem| match problem {
                NotSymmetric::NotOnnx(problem) => NetworkError::NotOnnx {
                    file: tower.path.clone(),
                    problem,
                },
                NotSymmetric::Value(value) => NetworkError::NotSymmetric {
                    file: tower.path.clone(),
                    value,
                },
            })
        })
    }

    /// With towers that were made of its own.
    fn remade(
        mut self,
        remake: impl Fn(&NetworkFile) -> Result<Vec<u8>, NetworkError>,
    ) -> Result<Self, NetworkError> {
        for tower in [&mut self.frame, &mut self.audio] {
            tower.bytes = remake(tower)?;
            tower.sha256 = hex(&Sha256::digest(&tower.bytes));
        }
        Ok(self)
    }

    /// All of them, in the order in which they are hashed.
    pub fn all(&self) -> impl Iterator<Item = &NetworkFile> {
        [&self.frame, &self.audio].into_iter().chain(&self.head)
    }

    /// What the network wants and gives.
    pub fn contract(&self) -> &Contract {
        &self.frame.contract
    }

    /// What identifies the network in a row: SHA-256 over the hexadecimal SHA-256 of frame tower,
    /// audio tower and head, if it has one, one after the other.
    pub fn network_hash(&self) -> String {
        let hashes: String = self.all().map(|file| file.sha256.as_str()).collect();
        hex(&Sha256::digest(hashes))
    }
}

/// Contracts of one network differ in their part alone.
pub(crate) fn agree(file: &NetworkFile, other: &NetworkFile) -> Result<(), NetworkError> {
    match difference(&page(&file.contract), &page(&other.contract)) {
        None => Ok(()),
        Some(field) => Err(NetworkError::Disagree {
            file: file.path.clone(),
            other: other.path.clone(),
            field,
        }),
    }
}

/// A contract without its part: what the files of a network have in common.
pub(crate) fn page(contract: &Contract) -> Value {
    // By way of text, in which 0.485 is 0.485: as a JSON value it would become 0.48500001430511475.
    let mut page = serde_json::to_string(contract)
        .and_then(|text| serde_json::from_str::<Value>(&text))
        .expect("a contract is plain data, with finite numbers");
    if let Some(fields) = page.as_object_mut() {
        fields.remove("part");
    }
    page
}

/// The path of the first field in which two pages differ.
fn difference(page: &Value, other: &Value) -> Option<String> {
    let (Value::Object(fields), Value::Object(others)) = (page, other) else {
        return (page != other).then(String::new);
    };
    // A field that only one of them has is a difference, too.
    let names: BTreeSet<_> = fields.keys().chain(others.keys()).collect();
    names.into_iter().find_map(|name| {
        let value = |page: &Map<String, Value>| page.get(name).cloned().unwrap_or_default();
        let deeper = difference(&value(fields), &value(others))?;
        let dot = if deeper.is_empty() { "" } else { "." };
        Some(format!("{name}{dot}{deeper}"))
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
