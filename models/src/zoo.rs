//! The zoo: networks by name.
//!
//! A name is looked for in these places, in this order:
//!
//! 1. the directory that `SONOSCOPE_NETWORKS` names;
//! 2. beside the executable: `zoo`, then `share/sonoscope/zoo`;
//! 3. `models/zoo` of the source tree that the executable was built in;
//! 4. the user's own: `sonoscope/networks` in `XDG_DATA_HOME`, or in `~/.local/share`.
//!
//! A directory of networks may hold further ones, one deep: `allthatsound/ave` is the network `ave`
//! in the directory `allthatsound`. What begins with a dot is not looked at.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::NetworkDir;

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
    for network in places.iter().flat_map(|place| networks_in(place)) {
        networks.entry(network.name()).or_insert(network);
    }
    networks.into_values().collect()
}

/// The networks of one place, those of its directories included.
fn networks_in(place: &Path) -> Vec<NetworkDir> {
    let (here, groups): (Vec<_>, Vec<_>) = (directories(place).into_iter())
        .map(|(_, path)| NetworkDir::new(path))
        .partition(NetworkDir::is_there);
    let deeper = groups.iter().flat_map(|group| {
        directories(group.path())
            .into_iter()
            .map(|(name, path)| NetworkDir::named(path, format!("{}/{name}", group.name())))
            .filter(NetworkDir::is_there)
    });
    here.into_iter().chain(deeper).collect()
}

/// Names and paths of the directories in a directory, but for those that a dot hides.
fn directories(place: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    entries
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                entry.path(),
            )
        })
        .filter(|(name, path)| !name.starts_with('.') && path.is_dir())
        .collect()
}

/// Where the user's own networks lie, unless there is neither `XDG_DATA_HOME` nor a home.
pub fn own() -> Option<PathBuf> {
    let said = env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let data = (said.filter(|path| path.is_absolute()))
        .or_else(|| Some(env::home_dir()?.join(".local/share")))?;
    Some(data.join("sonoscope/networks")).filter(|path| path.is_absolute())
}

/// Where networks are looked for, the first place first.
fn places() -> Vec<PathBuf> {
    let executable = env::current_exe().unwrap_or_default();
    let said = env::var_os(VARIABLE).map(PathBuf::from);
    let beside = executable
        .parent()
        .map(|directory| [directory.join("zoo"), directory.join("share/sonoscope/zoo")]);
    let in_tree = executable
        .ancestors()
        .map(|directory| directory.join("models/zoo"))
        .find(|zoo| zoo.is_dir());
    // The last resort: where this crate was built, for tests whose executables lie elsewhere.
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("zoo");
    said.into_iter()
        .chain(beside.into_iter().flatten())
        .chain([in_tree.unwrap_or(built)])
        .chain(own())
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
    fn directories_of_networks_are_part_of_the_name() {
        let home = zoo(&[
            "ave",
            "theirs/ave",
            "theirs/avol",
            ".new-1/ave",
            "a/b/too-deep",
        ]);
        let networks = list_in(&[home.path().into()]);
        let names: Vec<_> = networks.iter().map(NetworkDir::name).collect();
        assert_eq!(names, ["ave", "theirs/ave", "theirs/avol"]);
        let network = resolve_in("theirs/ave", vec![home.path().into()]).expect("is there");
        assert_eq!(network.path(), home.path().join("theirs/ave"));
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
