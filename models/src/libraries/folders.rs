//! Where the libraries of a card lie, beyond where the system looks by itself.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Folders, or roots of installations with a `lib64` or `lib`, that are searched before all others.
pub(crate) const VARIABLE: &str = "SONOSCOPE_CUDA";

/// What `make setup DEVICE=cuda` fetches beside ONNX Runtime.
const FETCHED: &str = "cuda-libraries";

/// The folders to search, the first one first: those that the variable names; those of the Python
/// environment that `make setup-training` makes, of an active one, and of Conda; where NVIDIA's own
/// installers put CUDA; what the set-up fetched; where ONNX Runtime itself is.
pub(crate) fn folders(library: &Path) -> Vec<PathBuf> {
    let said = env::var_os(VARIABLE).unwrap_or_default();
    let setup = setup_of(library);
    let pythons = (setup.iter())
        .map(|setup| setup.join("python"))
        .chain(env::var_os("VIRTUAL_ENV").map(PathBuf::from))
        .chain(env::var_os("CONDA_PREFIX").map(PathBuf::from));
    let mut folders = search(&said, pythons, Path::new("/usr/local/cuda"));
    folders.extend(fetched(setup.as_deref(), library));
    folders
}

/// The folders of what came with ONNX Runtime, by the set-up or in a bundle, that are there.
pub(crate) fn fetched(setup: Option<&Path>, library: &Path) -> Vec<PathBuf> {
    let beside = library.parent().map(Path::to_path_buf);
    let fetched = setup.map(|setup| setup.join(FETCHED));
    let folders = fetched.into_iter().chain(beside);
    folders.filter(|folder| folder.is_dir()).collect()
}

/// The same of what is given. Folders that are not there are left out.
pub(crate) fn search(
    said: &OsStr,
    pythons: impl IntoIterator<Item = PathBuf>,
    installed: &Path,
) -> Vec<PathBuf> {
    let said = env::split_paths(said).filter(|path| !path.as_os_str().is_empty());
    let roots = said.chain([installed.into()]);
    let of_root = |root: PathBuf| [root.join("lib64"), root.join("lib"), root];
    let (mut folders, mut last): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
    for root in roots {
        match root == installed {
            true => last.extend(of_root(root)),
            false => folders.extend(of_root(root)),
        }
    }
    for python in pythons {
        folders.extend(packages(&python));
        last.push(python.join("lib"));
    }
    folders.append(&mut last);
    folders.retain(|folder| folder.is_dir());
    folders
}

/// The folders of libraries that NVIDIA's Python packages bring: `nvidia/*/lib`, `tensorrt_libs`.
fn packages(python: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for version in entries(&python.join("lib")) {
        let site = version.join("site-packages");
        found.push(site.join("tensorrt_libs"));
        let nvidia = entries(&site.join("nvidia")).into_iter();
        found.extend(nvidia.map(|package| package.join("lib")));
    }
    found
}

/// What is in a folder, in the order of names.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = (folder.read_dir().into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// The `.runtime` that a library was found in.
fn setup_of(library: &Path) -> Option<PathBuf> {
    let is_setup = |folder: &&Path| folder.file_name() == Some(OsStr::new(".runtime"));
    library.ancestors().find(is_setup).map(Path::to_path_buf)
}
