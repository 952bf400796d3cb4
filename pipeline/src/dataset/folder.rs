//! Recordings in a folder and all below it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Files that end so are recordings with pictures.
pub const EXTENSIONS: &[&str] = &[
    "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "mxf", "ogv",
    "ts", "vob", "webm", "wmv",
];

/// All recordings in a folder and below it, in the order of their paths. What is hidden is passed
/// over, and so are links to folders, which may lead in a circle.
///
/// # Errors
/// When a folder cannot be read; it is named.
pub fn recordings(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
        };
        for item in fs::read_dir(&folder).map_err(named)? {
            let item = item.map_err(named)?;
            if item.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = item.path();
            if item.file_type().map_err(named)?.is_dir() {
                waiting.push(path);
            } else if is_recording(&path) && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_recording(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|one| EXTENSIONS.contains(&one.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_look_like_recordings_in_order() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("b/c")).unwrap();
        fs::create_dir_all(home.path().join(".hidden")).unwrap();
        for name in ["z.MP4", "b/c/a.mkv", "b/notes.txt", ".x.mp4", ".hidden/a.mp4", "b/a.webm"] {
            fs::write(home.path().join(name), "").unwrap();
        }
        std::os::unix::fs::symlink(home.path(), home.path().join("b/circle")).unwrap();
        let found = recordings(home.path()).unwrap();
        let relative = found.iter().map(|path| path.strip_prefix(home.path()).unwrap());
        let relative: Vec<_> = relative.map(|path| path.to_str().unwrap()).collect();
        assert_eq!(relative, ["b/a.webm", "b/c/a.mkv", "z.MP4"]);
    }
}
