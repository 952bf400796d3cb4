//! Sources as people name them.

use std::{collections::HashSet, path::PathBuf};

use sonoscope_operators::SourceId;
use url::Url;

use super::{Frames, SecondRange, SourceLength, SourceSpec};
use crate::fault::Fault;

/// The sources that these paths and URLs name, each with an id of its own.
///
/// # Errors
/// When a URL is of a kind that cannot be read.
pub fn specs(
    names: &[String],
    range: SecondRange,
    frames: Frames,
) -> Result<Vec<SourceSpec>, Fault> {
    let mut taken = HashSet::new();
    (0..)
        .zip(names)
        .map(|(ordinal, name)| {
            let path = path_of(name)?;
            Ok(SourceSpec {
                id: unique(slug(&path), &mut taken),
                ordinal,
                path,
                range,
                frames,
                grid: None,
                length: SourceLength::default(),
            })
        })
        .collect()
}

/// The path that a source's name means: itself, or that of a file:// URL.
///
/// # Errors
/// When it is a URL of another kind.
pub fn path_of(name: &str) -> Result<PathBuf, Fault> {
    if !name.contains("://") {
        return Ok(PathBuf::from(name));
    }
    let url = Url::parse(name).map_err(|e| Fault::usage(format!("a source is no URL: {e}")))?;
    if url.scheme() != "file" {
        // The rest of the URL may carry a password, and is not repeated.
        return Err(
            Fault::usage(format!("cannot read {}:// sources", url.scheme()))
                .tip("name a file, or a file:// URL"),
        );
    }
    (url.to_file_path()).map_err(|()| Fault::usage(format!("{name} names no file on this machine")))
}

fn slug(path: &std::path::Path) -> SourceId {
    let stem = path.file_stem().unwrap_or_default();
    SourceId::slug(&stem.to_string_lossy())
}

/// The id, or with the first number behind it that makes it one of a kind.
fn unique(id: SourceId, taken: &mut HashSet<SourceId>) -> SourceId {
    let numbered = (2..).map(|number| id.numbered(number));
    let free = std::iter::once(id.clone())
        .chain(numbered)
        .find(|id| !taken.contains(id));
    let free = free.unwrap_or(id);
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<String> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let specs = specs(&names, SecondRange::default(), Frames::Exact).unwrap();
        specs.iter().map(|spec| spec.id.to_string()).collect()
    }

    #[test]
    fn ids_are_unique() {
        assert_eq!(
            ids(&["a/Dog.mp4", "b/dog.mkv", "b/dog 2.mkv", "dog.wav", "/"]),
            ["dog", "dog-2", "dog-2-2", "dog-3", "source"]
        );
    }

    #[test]
    fn urls_of_files_are_paths() {
        let names = ["file:///a%20b/c.mp4".to_owned()];
        let specs = specs(&names, SecondRange::default(), Frames::Exact).unwrap();
        assert_eq!(specs[0].path, PathBuf::from("/a b/c.mp4"));
    }

    #[test]
    fn a_password_is_not_repeated() {
        let names = ["rtsp://me:secret@camera/1".to_owned()];
        let fault = specs(&names, SecondRange::default(), Frames::Exact).unwrap_err();
        assert!(!fault.to_string().contains("secret"), "{fault}");
    }
}
