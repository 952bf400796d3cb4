//! The clips that people have of a published set, found by how such files are called.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::Published;
use crate::{fault::Fault, inputs};

/// Files by their names, without what stands behind the last dot.
#[derive(Debug)]
pub struct Clips {
    by_stem: HashMap<String, PathBuf>,
}

/// A clip that is there.
#[derive(Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// Where.
    pub path: &'a Path,
    /// Whether its name says when it begins, so that it can only be those seconds.
    pub is_cut: bool,
}

impl Clips {
    /// All recordings in a folder and below it.
    ///
    /// # Errors
    /// When a folder cannot be read, or there is no recording in it.
    pub fn in_folder(folder: &Path) -> Result<Self, Fault> {
        let unreadable = |error| {
            Fault::usage(format!("cannot look through {folder:?}: {error}"))
                .tip("--clips DIR is the folder with the clips that you have")
        };
        let folder = folder.canonicalize().map_err(unreadable)?;
        let found = inputs::recordings(&folder)?.into_iter().rev();
        let stem = |path: &PathBuf| path.file_stem()?.to_str().map(str::to_owned);
        // Of two with the same name, the first in the order of paths: it goes in last.
        let by_stem = found.filter_map(|path| Some((stem(&path)?, path)));
        Ok(Self {
            by_stem: by_stem.collect(),
        })
    }

    /// The clip of some published seconds: named by id and start, in one of the ways that are in
    /// use, or by id alone.
    pub fn find(&self, published: &Published) -> Option<Found<'_>> {
        let with_start = names_with_start(published);
        let cut = with_start.iter().find_map(|name| self.by_stem.get(name));
        let whole = || self.by_stem.get(&published.video);
        match cut {
            Some(path) => Some(Found { path, is_cut: true }),
            None => whole().map(|path| Found {
                path,
                is_cut: false,
            }),
        }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.by_stem.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_stem.is_empty()
    }
}

/// `ID_000030`, `ID_30`, `ID_30_40`, `ID_30.000_40.000`, `ID_30000_40000` (milliseconds).
fn names_with_start(published: &Published) -> [String; 5] {
    let Published {
        video,
        start_s,
        end_s,
        ..
    } = published;
    [
        format!("{video}_{start_s:06.0}"),
        format!("{video}_{start_s:.0}"),
        format!("{video}_{start_s:.0}_{end_s:.0}"),
        format!("{video}_{start_s:.3}_{end_s:.3}"),
        format!("{video}_{:.0}_{:.0}", start_s * 1e3, end_s * 1e3),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_found_as_they_are_called() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("b")).unwrap();
        for name in [
            "a_000030.mp4",
            "b/b_30.mkv",
            "c_30.000_40.000.mp4",
            "d_30000_40000.webm",
            "-e_f.mp4",
            "a.mp4",
            "h_30.txt",
            "b/a_000030.mp4",
        ] {
            fs::write(home.path().join(name), "").unwrap();
        }
        let clips = Clips::in_folder(home.path()).unwrap();
        let find = |video: &str| {
            let published = Published {
                video: video.into(),
                start_s: 30.0,
                end_s: 40.0,
                labels: vec![],
                split: None,
            };
            let Found { path, is_cut } = clips.find(&published)?;
            let path = path
                .strip_prefix(home.path().canonicalize().unwrap())
                .unwrap();
            Some((path.to_str().unwrap().to_owned(), is_cut))
        };
        for (video, wanted) in [
            ("a", Some(("a_000030.mp4", true))),
            ("b", Some(("b/b_30.mkv", true))),
            ("c", Some(("c_30.000_40.000.mp4", true))),
            ("d", Some(("d_30000_40000.webm", true))),
            ("-e_f", Some(("-e_f.mp4", false))),
            ("e_f", None),
            ("h", None),
        ] {
            let found = find(video);
            let found = found
                .as_ref()
                .map(|(path, is_cut)| (path.as_str(), *is_cut));
            assert_eq!(found, wanted, "{video}");
        }
    }
}
