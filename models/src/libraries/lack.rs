//! What a card lacks to run networks, and what to do about it.

use std::{fmt, path::PathBuf};

/// What a library belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// ONNX Runtime's own provider, beside its main library.
    Provider,
    /// NVIDIA's driver.
    Driver,
    /// The CUDA toolkit's libraries, of version 13.
    Cuda,
    /// cuDNN, of version 9.
    Cudnn,
    /// TensorRT, of version 10.
    TensorRt,
}

impl Need {
    /// What to do where it is missing.
    pub fn tip(self) -> &'static str {
        match self {
            Need::Provider => "run `make setup DEVICE=cuda`, which brings all of ONNX Runtime's",
            Need::Driver => {
                "install NVIDIA's driver, and in a container start it with the card \
                 (`--gpus all`): `nvidia-smi` must list the card"
            }
            Need::Cuda => {
                "install the libraries of CUDA 13 (NVIDIA's toolkit has all of them; a PyTorch for \
                 CUDA 13 has all but cuRAND, which `make setup DEVICE=cuda` brings), and name their \
                 folders in SONOSCOPE_CUDA or LD_LIBRARY_PATH"
            }
            Need::Cudnn => {
                "install cuDNN 9 for CUDA 13 (a PyTorch for CUDA 13 brings it), and name its \
                 folder in SONOSCOPE_CUDA or LD_LIBRARY_PATH"
            }
            Need::TensorRt => {
                "install TensorRT 10 for CUDA 13, and name its folder in SONOSCOPE_CUDA or \
                 LD_LIBRARY_PATH; or ask for `cuda`, which does without"
            }
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Need::Provider => "ONNX Runtime's provider",
            Need::Driver => "NVIDIA's driver",
            Need::Cuda => "CUDA 13",
            Need::Cudnn => "cuDNN 9",
            Need::TensorRt => "TensorRT 10",
        })
    }
}

/// A library that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is nowhere.
    Missing {
        /// What it belongs to.
        need: Need,
        /// Its name.
        file: &'static str,
        /// The same library in another version, where there is one.
        other: Option<PathBuf>,
        /// What the system says.
        why: String,
    },
    /// It is there, and cannot be opened.
    Broken {
        /// What it belongs to.
        need: Need,
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
}

impl Lack {
    /// What the library belongs to.
    pub fn need(&self) -> Need {
        match self {
            Lack::Missing { need, .. } | Lack::Broken { need, .. } => *need,
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lack::Missing {
                need,
                file,
                other: Some(other),
                ..
            } => write!(
                f,
                "{need} lacks {file}, and {} is of another version",
                other.display()
            ),
            Lack::Missing {
                need, file, why, ..
            } if why.contains(file) => {
                write!(f, "{need} is not there ({why})")
            }
            Lack::Missing {
                need, file, why, ..
            } => {
                write!(f, "{need} is not there ({file}: {why})")
            }
            Lack::Broken { need, path, why } => {
                write!(f, "{need} cannot be used ({}: {why})", path.display())
            }
        }
    }
}
