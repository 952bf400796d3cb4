//! Which buffer a number is of.
//!
//! Letters are numbered anew behind the last commit of a run that was killed, so a number that the
//! server remembers counts only if it was given out by this run or the one right before it.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::sinks::durable::sync_folder;

/// A buffer, and how often it has been opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// A word at random, the same for as long as the buffer is there.
    pub sink: String,
    /// Which run this is, from 1 on.
    pub run: i64,
}

impl Life {
    /// The next run over the buffer in a folder.
    ///
    /// # Errors
    /// When it cannot be written down, which must be before the server hears of it.
    pub fn next(folder: &Path) -> io::Result<Self> {
        let path = folder.join("life.json");
        let before = match fs::read(&path) {
            Ok(text) => Some(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let next = match before {
            Some(Self { sink, run }) => Self { sink, run: run + 1 },
            None => Self {
                sink: format!("{:032x}", rand::random::<u128>()),
                run: 1,
            },
        };
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(&next)?)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        sync_folder(folder)?;
        Ok(next)
    }

    /// Whether what the server remembers of a run holds for this one.
    pub fn follows(&self, run: i64) -> bool {
        run == self.run || run + 1 == self.run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_and_buffers_told_apart() {
        let home = tempfile::tempdir().unwrap();
        let (one, other) = (home.path().join("a/b"), home.path().join("c"));
        let first = Life::next(&one).unwrap();
        let second = Life::next(&one).unwrap();
        assert_eq!((first.run, second.run), (1, 2));
        assert_eq!(first.sink, second.sink);
        assert_ne!(Life::next(&other).unwrap().sink, first.sink);
        let third = Life::next(&one).unwrap();
        assert!(third.follows(3) && third.follows(2) && !third.follows(1));
        fs::write(one.join("life.json"), "what?").unwrap();
        assert!(Life::next(&one).is_err());
    }
}
