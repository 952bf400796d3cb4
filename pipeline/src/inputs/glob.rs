//! Patterns on paths: `*`, `?`, `[`, `{`, and `**` for any number of folders.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::walk::Walk;
use crate::fault::Fault;

/// A pattern, and the folder from which files are looked for.
#[derive(Clone, Debug)]
pub struct Glob {
    root: PathBuf,
    matcher: GlobMatcher,
    /// How many folders deep a match can lie.
    depth: Option<usize>,
}

/// Whether there is anything in a name that a pattern is made of.
pub fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?', '[', '{'])
}

impl Glob {
    /// A pattern.
    ///
    /// # Errors
    /// When it cannot be understood.
    pub fn new(pattern: &Path) -> Result<Self, Fault> {
        let text = pattern.to_string_lossy();
        let glob = GlobBuilder::new(&text).literal_separator(true).build();
        let glob = glob.map_err(|error| {
            Fault::usage(format!(
                "the pattern {text:?} cannot be understood: {}",
                error.kind()
            ))
            .tip("*, ?, [abc], {a,b} and ** are special; a file of just this name is not there")
        })?;
        let is_plain = |part: &Component| !is_pattern(&part.as_os_str().to_string_lossy());
        let parts = || pattern.components();
        let root: PathBuf = parts().take_while(is_plain).collect();
        let below: Vec<_> = parts().skip_while(is_plain).collect();
        let any_depth = below.iter().any(|part| part.as_os_str() == "**");
        // A `/` may stand in `{}`, where it says nothing about the depth.
        let has_choice = text.contains('{');
        Ok(Self {
            root,
            matcher: glob.compile_matcher(),
            depth: (!any_depth && !has_choice).then_some(below.len()),
        })
    }

    /// The pattern itself.
    pub fn pattern(&self) -> &str {
        self.matcher.glob().glob()
    }

    /// The recordings that match.
    pub fn walk(&self) -> Walk {
        Walk::new(self.root.clone()).only(self.matcher.clone(), self.depth)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::inputs::finding::Finding;

    #[test]
    fn patterns_choose_files_and_never_hidden_ones() {
        let home = tempfile::tempdir().unwrap();
        for name in [
            "a1.mp4",
            "a2.mkv",
            "b/a3.mp4",
            "b/c/a4.mp4",
            "b/.a5.mp4",
            "a.txt",
        ] {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| {
            let glob = Glob::new(&home.path().join(pattern)).unwrap();
            let recordings = glob.walk().filter_map(|finding| match finding {
                Finding::Recording(recording) => Some(recording.entry.path),
                _ => None,
            });
            let names = recordings.map(|path| {
                let name = path.strip_prefix(home.path()).unwrap();
                name.to_str().unwrap().to_owned()
            });
            names.collect::<Vec<_>>()
        };
        assert_eq!(found("*.mp4"), ["a1.mp4"]);
        assert_eq!(found("a?.*"), ["a1.mp4", "a2.mkv"]);
        assert_eq!(found("*"), ["a1.mp4", "a2.mkv"]);
        assert_eq!(found("b/**/*.mp4"), ["b/a3.mp4", "b/c/a4.mp4"]);
        assert_eq!(found("**/a[14].{mp4,mkv}"), ["a1.mp4", "b/c/a4.mp4"]);
        assert_eq!(found("nothing*"), [""; 0]);
        assert!(Glob::new(Path::new("a[")).is_err());
    }
}
