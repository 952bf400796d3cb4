//! Recordings as people name them: files, folders, lists.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Entry, folder, read_list};
use crate::{fault::Fault, sources::path_of};

/// The recordings that these names mean: a path or file:// URL is one recording, a folder all
/// that are in it and below, `@LIST.jsonl` what `sonoscope dataset` wrote, and any other `@LIST`
/// names again, one a line.
///
/// # Errors
/// When a list or folder cannot be read, or a folder has no recording.
pub fn gather(names: &[String]) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for name in names {
        match name.strip_prefix('@') {
            Some(list) => entries.extend(listed(Path::new(list))?),
            None => entries.extend(at(path_of(name)?)?),
        }
    }
    Ok(entries)
}

/// A recording, or all in a folder.
fn at(path: PathBuf) -> Result<Vec<Entry>, Fault> {
    if !path.is_dir() {
        return Ok(vec![Entry::of_file(path)]);
    }
    let found = folder::recordings(&path)
        .map_err(|error| Fault::environment(format!("cannot look through {error}")))?;
    if found.is_empty() {
        let known = folder::EXTENSIONS.join(", ");
        return Err(Fault::usage(format!("there is no recording in {path:?}"))
            .tip(format!("recordings end in one of: {known}")));
    }
    Ok(found.into_iter().map(Entry::of_file).collect())
}

/// What a list names. Names in it are relative to its own folder, and `#` begins a remark.
fn listed(list: &Path) -> Result<Vec<Entry>, Fault> {
    if list.extension().is_some_and(|extension| extension == "jsonl") {
        return read_list(list);
    }
    let text = fs::read_to_string(list)
        .map_err(|error| Fault::usage(format!("cannot read the list {list:?}: {error}")))?;
    let folder = list.parent().unwrap_or(Path::new(""));
    let mut entries = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        entries.extend(at(folder.join(path_of(line)?))?);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(home: &Path, names: &[&str]) -> Result<Vec<String>, Fault> {
        let names: Vec<_> = (names.iter())
            .map(|name| match name.strip_prefix('@') {
                Some(list) => format!("@{}", home.join(list).display()),
                None => home.join(name).display().to_string(),
            })
            .collect();
        let relative = |entry: &Entry| {
            let path = entry.path.strip_prefix(home).unwrap_or(&entry.path);
            path.to_str().unwrap().to_owned()
        };
        Ok(gather(&names)?.iter().map(relative).collect())
    }

    #[test]
    fn files_folders_and_lists() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path();
        fs::create_dir_all(home.join("clips/deep")).unwrap();
        fs::create_dir(home.join("none")).unwrap();
        for name in ["clips/b.mp4", "clips/deep/a.mp4", "one.mp4"] {
            fs::write(home.join(name), "").unwrap();
        }
        fs::write(home.join("list.txt"), "# mine\n\n one.mp4\nclips\n/gone.mp4\n").unwrap();
        fs::write(home.join("list.jsonl"), "{\"path\": \"one.mp4\"}\n").unwrap();
        assert_eq!(
            paths(home, &["clips", "missing.mp4"]).unwrap(),
            ["clips/b.mp4", "clips/deep/a.mp4", "missing.mp4"]
        );
        assert_eq!(
            paths(home, &["@list.txt", "@list.jsonl"]).unwrap(),
            ["one.mp4", "clips/b.mp4", "clips/deep/a.mp4", "/gone.mp4", "one.mp4"]
        );
        for (name, complaint) in [("none", "no recording"), ("@nothing.txt", "cannot read")] {
            let fault = paths(home, &[name]).unwrap_err().to_string();
            assert!(fault.contains(complaint), "{fault}");
        }
    }
}
