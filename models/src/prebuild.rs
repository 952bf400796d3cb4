//! Engines of TensorRT: which belong to a network here, and building them ahead.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{
    EngineCache, EngineKey, Network, NetworkError, NetworkFiles, Provider, Runtime, Setting, Sizes,
    engines::{card_name, library_version},
    libraries,
};

/// Where NVIDIA's driver tells of its cards.
const CARDS: &str = "/proc/driver/nvidia/gpus";

impl Runtime {
    /// The engines of a network for a card of this machine: none where the user has no cache.
    pub fn engines(&self, files: &NetworkFiles, sizes: &Sizes, card: u32) -> Option<EngineCache> {
        let folders: Vec<PathBuf> = libraries::folders(self.library());
        let unknown = || "unknown".to_owned();
        let tensorrt = library_version("libnvinfer.so.10", &folders).unwrap_or_else(unknown);
        let onnxruntime = self.version().ok().flatten().unwrap_or_else(unknown);
        let card = card_name(Path::new(CARDS), card).unwrap_or_else(unknown);
        let key = EngineKey::new(files, sizes, card, [tensorrt, onnxruntime]);
        Some(EngineCache::new(&cache_home()?, &key))
    }
}

/// The user's cache: `XDG_CACHE_HOME`, or `~/.cache`.
fn cache_home() -> Option<PathBuf> {
    let said = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    said.filter(|path| path.is_absolute())
        .or_else(|| Some(env::home_dir()?.join(".cache")))
}

/// Opens a network and runs each size of batch once, upon which TensorRT builds what it lacks;
/// `built` hears of each size that is done. Gives the network, ready to work.
///
/// # Errors
/// When it cannot be opened or run, or its cache cannot be written.
pub fn prebuild(
    runtime: &Runtime,
    files: &NetworkFiles,
    setting: &Setting,
    cache: Option<&EngineCache>,
    mut built: impl FnMut(usize),
) -> Result<Network, NetworkError> {
    let mut setting = setting.clone();
    if setting.provider != Provider::Cpu {
        setting.engines = cache.map(|cache| cache.folder().to_path_buf());
    }
    let mut network = Network::with_setting(runtime, files, &setting)?;
    // The largest first: an engine for it need not be built anew for the smaller ones.
    let sizes: Vec<_> = setting.sizes.iter().flat_map(Sizes::iter).collect();
    for size in sizes.into_iter().rev() {
        network.rehearse(size)?;
        built(size);
    }
    if let Some(cache) = cache {
        cache.set_whole().map_err(|source| NetworkError::Read {
            file: cache.folder().into(),
            source,
        })?;
    }
    Ok(network)
}
