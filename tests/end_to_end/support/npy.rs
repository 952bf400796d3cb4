//! The pictures that `sonoscope extract` writes: what the operators saw.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::program::{arguments, sonoscope};

/// Columns and rows of the pictures.
pub const SIZE: usize = 256;

/// The pictures of one source, by second: RGB, [`SIZE`] square.
pub type Pictures = BTreeMap<i64, Vec<u8>>;

/// Runs `sonoscope extract` on these sources and reads what it wrote, by source id.
pub fn extract(sources: &[PathBuf]) -> BTreeMap<String, Pictures> {
    let folder = tempfile::tempdir().unwrap();
    sonoscope(["extract", "--threads", "2", "--out"])
        .and([folder.path()])
        .and(arguments(sources))
        .done();
    let members = members(folder.path());
    (members.iter())
        .filter_map(|(name, about)| Some((name.strip_suffix(".json")?, about)))
        .map(|(id, about)| {
            let about: Value = serde_json::from_slice(about).unwrap();
            let frames = array(&members[&format!("{id}.frames.npy")]);
            let seconds = about["segments"].as_array().unwrap().iter();
            let pictures = frames.chunks_exact(SIZE * SIZE * 3).map(<[u8]>::to_vec);
            let by_second = seconds.map(|second| second.as_i64().unwrap()).zip(pictures);
            (id.to_owned(), by_second.collect())
        })
        .collect()
}

/// The members of all shards in a folder, by name.
///
/// # Panics
/// When two have the same.
pub fn members(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut members = BTreeMap::new();
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    for shard in files.filter(|path| path.extension() == Some("tar".as_ref())) {
        let mut tar = tar::Archive::new(fs::File::open(shard).unwrap());
        for entry in tar.entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let before = members.insert(name.clone(), bytes);
            assert!(before.is_none(), "{name} twice");
        }
    }
    members
}

/// The data of an array, behind its header.
pub fn array(npy: &[u8]) -> &[u8] {
    let header_bytes = usize::from(u16::from_le_bytes([npy[8], npy[9]]));
    &npy[10 + header_bytes..]
}
