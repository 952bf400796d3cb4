//! All at once: for those who have to know what there is before they begin.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{argument::Argument, finding::Finding, kind, walk::Walk};
use crate::{dataset::Entry, fault::Fault};

/// The recordings that these names mean, as [`Inputs`](super::Inputs) has it.
///
/// # Errors
/// When a list or folder cannot be read, or there is no recording in it.
pub fn gather(names: &[OsString]) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for name in names {
        let argument = Argument::new(name, None)?;
        entries.extend(all(argument.findings(), &argument)?);
    }
    Ok(entries)
}

/// The recordings in a folder and below it, in the order of their paths.
///
/// # Errors
/// When a folder cannot be read, or there is no recording in it.
pub fn recordings(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let found = all(Walk::new(folder.into()), &Argument::Folder(folder.into()))?;
    Ok(found.into_iter().map(|entry| entry.path).collect())
}

fn all(findings: impl Iterator<Item = Finding>, argument: &Argument) -> Result<Vec<Entry>, Fault> {
    let mut entries = Vec::new();
    for finding in findings {
        match finding {
            Finding::Recording(recording) => entries.push(recording.entry),
            Finding::Refused { error, .. } => {
                return Err(
                    Fault::environment(format!("cannot look through {argument}: {error}"))
                        .tip(error.tip()),
                );
            }
            Finding::LeftOut(_) => {}
        }
    }
    match entries.is_empty() {
        false => Ok(entries),
        true => Err(nothing(&argument.to_string())),
    }
}

/// There is nothing to do.
pub fn nothing(named: &str) -> Fault {
    let known = kind::EXTENSIONS.join(", ");
    Fault::usage(format!("there is no recording in {named}")).tip(format!(
        "recordings are files that end in {known}, or begin like such"
    ))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn paths(home: &Path, names: &[&str]) -> Result<Vec<String>, Fault> {
        let names: Vec<OsString> = (names.iter())
            .map(|name| match name.strip_prefix('@') {
                Some(list) => format!("@{}", home.join(list).display()).into(),
                None => home.join(name).into(),
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
        fs::write(
            home.join("list.txt"),
            "# mine\n\n one.mp4\nclips\n/gone.mp4\n",
        )
        .unwrap();
        fs::write(home.join("list.jsonl"), "{\"path\": \"one.mp4\"}\n").unwrap();
        assert_eq!(
            paths(home, &["clips", "missing.mp4"]).unwrap(),
            ["clips/b.mp4", "clips/deep/a.mp4", "missing.mp4"]
        );
        assert_eq!(paths(home, &["clips/*.mp4"]).unwrap(), ["clips/b.mp4"]);
        assert_eq!(
            paths(home, &["@list.txt", "@list.jsonl"]).unwrap(),
            [
                "one.mp4",
                "clips/b.mp4",
                "clips/deep/a.mp4",
                "/gone.mp4",
                "one.mp4"
            ]
        );
        for (name, complaint) in [("none", "no recording"), ("@nothing.txt", "cannot read")] {
            let fault = paths(home, &[name]).unwrap_err().to_string();
            assert!(fault.contains(complaint), "{fault}");
        }
    }
}
