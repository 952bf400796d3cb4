//! Finding ONNX Runtime's dynamic library. It is loaded when the program runs, so that one binary
//! serves processors and graphics cards: which of them is a matter of which library is there.

use std::{
    env::{
        self,
        consts::{DLL_PREFIX, DLL_SUFFIX},
    },
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// Names the library, or the directory that it is in; then nothing else is searched.
pub(crate) const VARIABLE: &str = "ORT_DYLIB_PATH";

/// The directory that `make setup` puts it in.
const SETUP_DIRECTORY: &str = ".runtime";

/// Within a directory, the one in which the build for cards lies beside that for processors.
const CARD_DIRECTORY: &str = "cuda";

/// Which build of the library to look for first; where there is but one, it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// That for processors.
    Cpu,
    /// That for NVIDIA's cards, which computes on processors, too.
    Card,
}

/// What came of looking for the library.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// Here it is.
    Found(PathBuf),
    /// The variable names a place where it isn't.
    NotWhereSaid(PathBuf),
    /// It is in none of these directories.
    NotIn(Vec<PathBuf>),
}

/// Looks where the variable says; without it, beside the executable, then in `.runtime` of the
/// current directory and of every directory above the executable. The build for cards is looked for
/// in `cuda` of each of these.
pub(crate) fn find(build: Build) -> Search {
    let executable = env::current_exe().unwrap_or_default();
    let current = env::current_dir().unwrap_or_default();
    search(build, env::var_os(VARIABLE), &executable, &current)
}

/// Whether there is a build for cards, or a library is named, which may be one.
pub(crate) fn may_be_card() -> bool {
    let is_in = |library: &Path| {
        library
            .parent()
            .is_some_and(|d| d.ends_with(CARD_DIRECTORY))
    };
    let said = env::var_os(VARIABLE).is_some_and(|said| !said.is_empty());
    said || matches!(find(Build::Card), Search::Found(library) if is_in(&library))
}

fn search(build: Build, said: Option<OsString>, executable: &Path, current: &Path) -> Search {
    if let Some(said) = said.filter(|said| !said.is_empty()) {
        let said = current.join(said);
        return match said.is_dir() {
            true => library_in(&said),
            false => Some(said.clone()).filter(|said| said.is_file()),
        }
        .map_or(Search::NotWhereSaid(said), Search::Found);
    }
    let plain = directories(executable, current);
    let for_cards = plain.iter().map(|directory| directory.join(CARD_DIRECTORY));
    let directories: Vec<_> = match build {
        Build::Cpu => plain.iter().cloned().chain(for_cards).collect(),
        Build::Card => for_cards.chain(plain.iter().cloned()).collect(),
    };
    match directories.iter().find_map(|d| library_in(d)) {
        Some(library) => Search::Found(library),
        None => Search::NotIn(plain),
    }
}

fn directories(executable: &Path, current: &Path) -> Vec<PathBuf> {
    let above = executable.ancestors().skip(1);
    let beside = above.clone().take(1).map(Path::to_path_buf);
    let setups = [current].into_iter().chain(above);
    let mut directories: Vec<_> = beside
        .chain(setups.map(|directory| directory.join(SETUP_DIRECTORY)))
        .filter(|directory| directory.is_absolute())
        .collect();
    let mut seen = Vec::new();
    directories.retain(|directory| {
        let new = !seen.contains(directory);
        seen.push(directory.clone());
        new
    });
    directories
}

/// The library in a directory: `libonnxruntime.so`, else the newest `libonnxruntime.so.1.2.3`.
fn library_in(directory: &Path) -> Option<PathBuf> {
    let plain = format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}");
    let version = |path: &Path| -> Option<Vec<u32>> {
        let name = path.file_name()?.to_str()?;
        if name == plain {
            return Some(vec![u32::MAX]);
        }
        let numbers = name.strip_prefix(&plain)?.strip_prefix('.')?;
        numbers.split('.').map(|n| n.parse().ok()).collect()
    };
    fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| Some((version(&path)?, path)))
        .max()
        .map(|(_, path)| path)
}

/// The version of a library, such as `1.31.1`: the name of its symbols' version, `VERS_1.31.1`,
/// which the library's linker script puts into every build of it for Linux.
pub(crate) fn version(library: &Path) -> io::Result<Option<String>> {
    const MARK: &[u8] = b"\0VERS_";
    let bytes = fs::read(library)?;
    let versions = bytes.windows(MARK.len()).enumerate();
    Ok(versions
        .filter(|(_, window)| *window == MARK)
        .map(|(at, _)| &bytes[at + MARK.len()..])
        .find_map(|rest| {
            let end = rest.iter().position(|byte| *byte == 0)?;
            let name = str::from_utf8(&rest[..end]).ok()?;
            let is_version = name.split('.').all(|n| n.parse::<u32>().is_ok());
            is_version.then(|| name.to_owned())
        }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) -> PathBuf {
        let directory = path.parent().expect("a file lies in a directory");
        fs::create_dir_all(directory).expect("can be made");
        fs::write(path, "").expect("can be written");
        path.to_path_buf()
    }

    #[test]
    fn beside_the_executable_comes_before_runtime_directories() {
        let home = tempfile::tempdir().expect("a directory");
        let home = home.path();
        let executable = home.join("target/debug/sonoscope");
        let current = home.join("elsewhere");
        let search = || search(Build::Cpu, None, &executable, &current);
        assert!(matches!(search(), Search::NotIn(d) if d.contains(&home.join(".runtime"))));

        let above = touch(&home.join(".runtime/libonnxruntime.so.1.9.0"));
        assert_eq!(search(), Search::Found(above));
        let newer = touch(&home.join(".runtime/libonnxruntime.so.1.31.1"));
        assert_eq!(search(), Search::Found(newer));
        let here = touch(&current.join(".runtime/libonnxruntime.so"));
        assert_eq!(search(), Search::Found(here));
        touch(&home.join("target/debug/libonnxruntime_providers_shared.so"));
        let beside = touch(&home.join("target/debug/libonnxruntime.so"));
        assert_eq!(search(), Search::Found(beside));
    }

    #[test]
    fn what_the_variable_says_is_not_second_guessed() {
        let home = tempfile::tempdir().expect("a directory");
        let executable = home.path().join("sonoscope");
        touch(&home.path().join("libonnxruntime.so"));
        let search = |said: &str| search(Build::Card, Some(said.into()), &executable, home.path());

        let elsewhere = home.path().join("lib/libonnxruntime.so.1.31.1");
        assert_eq!(
            search("lib"),
            Search::NotWhereSaid(home.path().join("lib")),
            "there is another one beside the executable"
        );
        touch(&elsewhere);
        assert_eq!(search("lib"), Search::Found(elsewhere.clone()));
        let whole = elsewhere.to_str().expect("UTF-8");
        assert_eq!(search(whole), Search::Found(elsewhere.clone()));
    }

    #[test]
    fn both_builds_lie_side_by_side() {
        let home = tempfile::tempdir().expect("a directory");
        let home = home.path();
        let executable = home.join("target/debug/sonoscope");
        let search = |build| search(build, None, &executable, home);
        let card = touch(&home.join(".runtime/cuda/libonnxruntime.so.1.31.1"));
        assert_eq!(search(Build::Card), Search::Found(card.clone()));
        assert_eq!(
            search(Build::Cpu),
            Search::Found(card.clone()),
            "there is no other"
        );
        let cpu = touch(&home.join(".runtime/libonnxruntime.so"));
        assert_eq!(search(Build::Cpu), Search::Found(cpu));
        assert_eq!(search(Build::Card), Search::Found(card));
    }

    #[test]
    fn reads_the_version_of_symbols() {
        let home = tempfile::tempdir().expect("a directory");
        let library = home.path().join("library");
        fs::write(&library, b"ELF\0VERS_x\0VERS_1.31.1\0...").expect("can be written");
        let found = version(&library).expect("can be read");
        assert_eq!(found.as_deref(), Some("1.31.1"));
    }
}
