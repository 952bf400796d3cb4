//! What is done of a set: a line for every source, written when its shard is on the disk.

use std::{
    collections::HashMap,
    fs::{self, File, Metadata},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};

use super::sample::Counts;
use crate::dataset::{Entry, Split};

/// What a source is known by: the file, and which of its seconds are wanted.
pub type Key = (PathBuf, i64, i64);

/// What a source that is done has come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What its samples are called.
    pub id: String,
    /// The recording.
    pub path: PathBuf,
    /// First second that was wanted, from the file's start.
    pub from_s: i64,
    /// First no longer wanted; absent where all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_s: Option<i64>,
    /// The file, as it was.
    #[serde(flatten)]
    pub stamp: Stamp,
    /// Where its samples are, if it gave any.
    pub shard: Option<String>,
    /// Its split, where more than its id decides.
    pub split: Option<Split>,
    /// Seconds with picture and sound.
    pub pairs: usize,
    /// Of these, silent ones.
    pub silent: usize,
    /// Of these, ones with the picture of the second before.
    pub frozen: usize,
    /// Values of its sound that were not numbers, or beyond all measure.
    pub not_numbers: u64,
    /// Why it ended early, or gave nothing.
    pub error: Option<String>,
}

/// By which a changed file is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its size.
    pub size_bytes: u64,
    /// When it was last written, since 1970.
    pub mtime_ns: u64,
}

impl Stamp {
    /// Of a file as it is now.
    pub fn of(file: &Metadata) -> Self {
        let modified = file.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Self {
            size_bytes: file.len(),
            mtime_ns: since.map_or(0, |since| since.as_nanos() as u64),
        }
    }
}

impl Line {
    /// What its source is known by.
    pub fn key(&self) -> Key {
        let end = crate::sources::SecondRange::default().to;
        (self.path.clone(), self.from_s, self.to_s.unwrap_or(end))
    }

    /// How much it gave.
    pub fn counts(&self) -> Counts {
        Counts {
            pairs: self.pairs,
            silent: self.silent,
            frozen: self.frozen,
        }
    }
}

/// What the source of an entry is known by.
pub fn key(entry: &Entry) -> Key {
    let path = std::path::absolute(&entry.path).unwrap_or_else(|_| entry.path.clone());
    let range = entry.range();
    (path, range.from, range.to)
}

/// The file `manifest.jsonl`, open and held against other runs.
#[derive(Debug)]
pub struct Manifest {
    file: File,
    lines: HashMap<Key, Line>,
}

impl Manifest {
    /// Opens it, or begins it. A last line that was cut off is taken away: what it told of is
    /// done again. So is what lies in a shard that is gone.
    ///
    /// # Errors
    /// When another run holds it, it cannot be read or written, or a line is of another kind.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = (File::options().read(true).write(true).create(true))
            .truncate(false)
            .open(path)?;
        file.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => {
                io::Error::new(io::ErrorKind::WouldBlock, "another run is writing this set")
            }
            fs::TryLockError::Error(error) => error,
        })?;
        let bytes = fs::read(path)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::Start(whole as u64))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut lines = HashMap::new();
        for (number, line) in (1..).zip(bytes[..whole].split(|&byte| byte == b'\n')) {
            if line.is_empty() {
                continue;
            }
            let line: Line = serde_json::from_slice(line)
                .map_err(|error| io::Error::other(format!("line {number}: {error}")))?;
            let shard = line.shard.as_ref().map(|name| folder.join(name));
            if shard.is_none_or(|shard| shard.is_file()) {
                lines.insert(line.key(), line);
            } else {
                lines.remove(&line.key());
            }
        }
        Ok(Self { file, lines })
    }

    /// What came of a source, if it is done.
    pub fn get(&self, key: &Key) -> Option<&Line> {
        self.lines.get(key)
    }

    /// All that is done.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    /// These are done, and stay so whatever happens.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn append(&mut self, done: Vec<Line>) -> io::Result<()> {
        if done.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for line in &done {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        self.file.write_all(&text)?;
        self.file.sync_data()?;
        self.lines.extend(done.into_iter().map(|line| (line.key(), line)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, shard: Option<&str>) -> Line {
        Line {
            id: id.into(),
            path: format!("/clips/{id}.mp4").into(),
            from_s: 0,
            to_s: None,
            stamp: Stamp { size_bytes: 5, mtime_ns: 7 },
            shard: shard.map(Into::into),
            split: Some(Split::Test),
            pairs: 3,
            silent: 1,
            frozen: 0,
            not_numbers: 0,
            error: None,
        }
    }

    fn ids(manifest: &Manifest) -> Vec<&str> {
        let mut ids: Vec<_> = manifest.lines().map(|line| line.id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn what_was_appended_is_there_again() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("manifest.jsonl");
        fs::write(home.path().join("here.tar"), "").unwrap();
        let mut manifest = Manifest::open(&path).unwrap();
        let done = vec![line("a", Some("here.tar")), line("b", None)];
        manifest.append(done).unwrap();
        manifest.append(vec![line("c", Some("gone.tar"))]).unwrap();
        drop(manifest);
        let manifest = Manifest::open(&path).unwrap();
        assert_eq!(ids(&manifest), ["a", "b"]);
        let a = line("a", Some("here.tar"));
        assert_eq!(manifest.get(&a.key()), Some(&a));
    }

    #[test]
    fn a_line_that_was_cut_off_is_written_anew() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("manifest.jsonl");
        let mut manifest = Manifest::open(&path).unwrap();
        manifest.append(vec![line("a", None), line("b", None)]).unwrap();
        drop(manifest);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        let mut manifest = Manifest::open(&path).unwrap();
        assert_eq!(ids(&manifest), ["a"]);
        manifest.append(vec![line("b", None)]).unwrap();
        drop(manifest);
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn two_runs_do_not_write_the_same() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("manifest.jsonl");
        let _held = Manifest::open(&path).unwrap();
        let error = Manifest::open(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
