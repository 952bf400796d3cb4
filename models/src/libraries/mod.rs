//! The dynamic libraries that a card needs, looked for before ONNX Runtime does, so that what is
//! missing has a name.
//!
//! ONNX Runtime itself says no more than that a provider cannot be loaded. Here each library is
//! opened by itself, in an order in which none wants one that has not been opened. What is found in
//! a folder that the system does not search, such as those of PyTorch's packages, stays open, and
//! so serves the provider: nobody has to set `LD_LIBRARY_PATH`.

mod folders;
mod lack;
pub(crate) mod wanted;

use std::path::{Path, PathBuf};

pub(crate) use folders::folders;
pub use lack::{Lack, Need};

/// How a library is opened: by a path, or by a name that the system then looks for.
pub(crate) type Open<'a> = &'a dyn Fn(&Path) -> Result<(), String>;

/// Opens a library for the rest of the process's life, or says in the system's words why not.
pub(crate) fn open(library: &Path) -> Result<(), String> {
    ort::util::preload_dylib(library).map_err(|error| {
        let system = std::error::Error::source(&error).map(ToString::to_string);
        system.unwrap_or_else(|| error.to_string())
    })
}

/// A library that is wanted, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub need: Need,
    pub file: &'static str,
}

/// What of `wanted` cannot be had; empty where all can. `folders` are searched before the system's
/// own places.
pub(crate) fn lacks(wanted: &[Wanted], folders: &[PathBuf], open: Open<'_>) -> Vec<Lack> {
    let lack = |wanted: &Wanted| {
        let (need, file) = (wanted.need, wanted.file);
        let here = folders.iter().map(|folder| folder.join(file));
        if let Some(path) = here.into_iter().find(|path| path.is_file()) {
            let why = open(&path).err()?;
            return Some(Lack::Broken { need, path, why });
        }
        let why = open(Path::new(file)).err()?;
        let other = other_version(file, folders);
        Some(Lack::Missing {
            need,
            file,
            other,
            why,
        })
    };
    wanted.iter().filter_map(lack).collect()
}

/// The same library in another version: `libcudart.so.12` where `libcudart.so.13` is wanted.
fn other_version(file: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let (stem, _) = file.split_once(".so.")?;
    let start = format!("{stem}.so.");
    let entries = folders.iter().filter_map(|folder| folder.read_dir().ok());
    let mut found: Vec<_> = (entries.flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&start)
        })
        .collect();
    found.sort();
    found.pop()
}

#[cfg(test)]
mod tests;
