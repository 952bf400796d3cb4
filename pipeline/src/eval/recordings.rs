//! The recordings of a folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::fault::Fault;

/// What recordings' names end in.
const EXTENSIONS: [&str; 17] = [
    "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "ogv",
    "ts", "webm", "wmv", "y4m",
];

/// The recordings in a folder and in the folders in it, in the order of their paths.
///
/// # Errors
/// When a folder cannot be read, or there is no recording in it.
pub fn recordings(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let paths = entries(&folder).map_err(|error| {
            Fault::usage(format!(
                "cannot read the folder {}: {error}",
                folder.display()
            ))
            .tip("name a folder of recordings")
        })?;
        for path in paths {
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else if is_recording(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    match found.is_empty() {
        false => Ok(found),
        true => Err(
            Fault::usage(format!("there is no recording in {}", folder.display())).tip(format!(
                "recordings are files that end in {}",
                EXTENSIONS.join(", ")
            )),
        ),
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

fn is_recording(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    EXTENSIONS.iter().any(|known| extension == *known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        for name in ["c.MP4", "b/x.mkv", "a.json", "a.webm"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names = ["a.webm", "b/x.mkv", "c.MP4"].map(|name| folder.path().join(name));
        assert_eq!(recordings(folder.path()).unwrap(), names);
        fs::create_dir(folder.path().join("b/empty")).unwrap();
        let fault = recordings(&folder.path().join("b/empty")).unwrap_err();
        assert!(fault.to_string().contains("no recording"), "{fault}");
        assert!(recordings(&folder.path().join("nowhere")).is_err());
    }
}
