//! The zoo: networks by name.
//!
//! A name is looked for in these places, in this order:
//!
//! 1. the directory that `SONOSCOPE_NETWORKS` names;
//! 2. beside the executable: `zoo`, then `share/sonoscope/zoo`;
//! 3. the user's own: `sonoscope/networks` in `XDG_DATA_HOME`, or in `~/.local/share`;
//! 4. `models/zoo` of the source tree that the executable was built in.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{NetworkDir, Part, Precision};

/// Names a directory of networks that comes before all others.
pub const VARIABLE: &str = "SONOSCOPE_NETWORKS";

/// No network of this name, and no directory.
#[derive(Debug, Error)]
#[error(
    "there is no network `{name}`: {}\n{}",
    list_names(known),
    tip(searched)
)]
pub struct UnknownNetwork {
    /// What was asked for.
    pub name: String,
    /// The names that there are.
    pub known: Vec<String>,
    /// The directories that were searched.
    pub searched: Vec<PathBuf>,
}

/// The network that a name or a path stands for: a directory if it is one, else a name.
///
/// ```
/// # use sonoscope_models::zoo;
/// let error = zoo::resolve("no-such-network").unwrap_err().to_string();
/// assert!(error.contains("there is no network `no-such-network`"));
/// assert!(error.contains("tip:"));
/// ```
pub fn resolve(name_or_dir: &str) -> Result<NetworkDir, UnknownNetwork> {
    resolve_in(name_or_dir, places())
}

/// All networks that have a name, in the order of their names. Where two places have the same
/// name, the one that [`resolve`] gives.
pub fn list() -> Vec<NetworkDir> {
    list_in(&places())
}

fn resolve_in(name_or_dir: &str, places: Vec<PathBuf>) -> Result<NetworkDir, UnknownNetwork> {
    if Path::new(name_or_dir).is_dir() {
        return Ok(NetworkDir::new(name_or_dir));
    }
    let networks = list_in(&places);
    let known: Vec<_> = networks.iter().map(NetworkDir::name).collect();
    match known.iter().position(|name| name == name_or_dir) {
        Some(at) => Ok(networks[at].clone()),
        None => Err(UnknownNetwork {
            name: name_or_dir.into(),
            known,
            searched: places,
        }),
    }
}

fn list_in(places: &[PathBuf]) -> Vec<NetworkDir> {
    let mut networks = BTreeMap::new();
    for path in places.iter().flat_map(|place| directories(place)) {
        let network = NetworkDir::new(path);
        if network.file(Part::Head, Precision::default()).is_file() {
            networks.entry(network.name()).or_insert(network);
        }
    }
    networks.into_values().collect()
}

fn directories(place: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(place).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| path.is_dir()).collect()
}

/// Where networks are looked for, the first place first.
fn places() -> Vec<PathBuf> {
    let executable = env::current_exe().unwrap_or_default();
    let said = env::var_os(VARIABLE).map(PathBuf::from);
    let beside = executable
        .parent()
        .map(|directory| [directory.join("zoo"), directory.join("share/sonoscope/zoo")]);
    let data = env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".local/share")));
    let own = data.map(|data| data.join("sonoscope/networks"));
    let in_tree = executable
        .ancestors()
        .map(|directory| directory.join("models/zoo"))
        .find(|zoo| zoo.is_dir());
    // The last resort: where this crate was built, for tests whose executables lie elsewhere.
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("zoo");
    said.into_iter()
        .chain(beside.into_iter().flatten())
        .chain(own)
        .chain([in_tree.unwrap_or(built)])
        .filter(|place| place.is_absolute() || place.is_dir())
        .collect()
}

fn list_names(known: &[String]) -> String {
    match known {
        [] => "there are none".into(),
        known => format!("there are {}", known.join(", ")),
    }
}

fn tip(searched: &[PathBuf]) -> String {
    let searched: Vec<_> = searched.iter().map(|p| p.display().to_string()).collect();
    format!(
        "tip: give one of these names, the path of a directory with frame.onnx, audio.onnx and \
         head.onnx, or put such a directory into one of: {}",
        searched.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes what looks like networks from outside, `place/name` each.
    fn zoo(networks: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().expect("a directory");
        for network in networks {
            let path = home.path().join(network);
            fs::create_dir_all(&path).expect("can be made");
            fs::write(path.join("head.onnx"), "").expect("can be written");
        }
        home
    }

    #[test]
    fn the_first_place_wins() {
        let home = zoo(&["first/ave", "second/ave", "second/avol"]);
        let places = vec![home.path().join("first"), home.path().join("second")];
        let find = |name: &str| resolve_in(name, places.clone()).map(|n| n.path().to_path_buf());
        assert_eq!(find("ave").expect("is there"), places[0].join("ave"));
        assert_eq!(find("avol").expect("is there"), places[1].join("avol"));
        assert_eq!(list_in(&places).len(), 2);
    }

    #[test]
    fn a_directory_needs_no_name() {
        let home = zoo(&["mine"]);
        let path = home.path().join("mine");
        let path = path.to_str().expect("UTF-8");
        let network = resolve_in(path, vec![]).expect("is a directory");
        assert_eq!(network.name(), "mine");
    }

    #[test]
    fn an_unknown_name_learns_the_known_ones() {
        let home = zoo(&["ave", "avol"]);
        fs::create_dir(home.path().join("empty")).expect("can be made");
        let error = resolve_in("aveo", vec![home.path().into()]).expect_err("is none");
        let text = error.to_string();
        assert!(text.starts_with("there is no network `aveo`: there are ave, avol\ntip: "));
    }
}
