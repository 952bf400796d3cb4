//! The keys of answers that sinks may have, although the rows behind them are not committed.
//!
//! A run that ends without warning leaves such answers behind: when it goes on, the same rows may
//! come together that came one after the other, and an answer that held in between is never given
//! again, so never taken back. So keys are written down before they are told, and those that do not
//! hold when the run goes on are taken back.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Seek as _, Write as _},
    path::Path,
};

use sonoscope_operators::SourceId;

use super::{Change, ViewName};

/// Where it is, in the folder of a run's state.
const FILE: &str = "views.journal";

/// The file, and what stands in it.
#[derive(Debug)]
pub struct Journal {
    file: File,
    noted: HashSet<String>,
}

impl Journal {
    /// The journal of a state folder, and what an earlier run left in it, as answers that hold no
    /// longer.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<Change>)> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(folder.join(FILE))?;
        let mut left = Vec::new();
        for line in BufReader::new(&file).lines() {
            // The last line of a run that was killed may be torn; what it names was not told.
            let line = serde_json::from_str::<(ViewName, SourceId, String)>(&line?);
            left.extend(line.ok().map(|(view, source, key)| Change {
                view,
                source,
                key,
                body: None,
            }));
        }
        file.seek(io::SeekFrom::End(0))?;
        let noted = left.iter().map(|change| change.key.clone()).collect();
        Ok((Self { file, noted }, left))
    }

    /// These are about to be told.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn note(&mut self, changes: &[Change]) -> io::Result<()> {
        let mut lines = Vec::new();
        for change in changes.iter().filter(|change| change.body.is_some()) {
            if self.noted.insert(change.key.clone()) {
                let line = (change.view, &change.source, &change.key);
                serde_json::to_writer(&mut lines, &line)?;
                lines.push(b'\n');
            }
        }
        self.file.write_all(&lines)
    }

    /// All that was told is of rows that are committed now.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn clear(&mut self) -> io::Result<()> {
        if self.noted.is_empty() {
            return Ok(());
        }
        self.noted.clear();
        self.file.set_len(0)?;
        self.file.rewind()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn change(key: &str, holds: bool) -> Change {
        Change {
            view: ViewName::Episodes,
            source: SourceId::slug("film"),
            key: key.into(),
            body: holds.then(|| "{}".to_owned()),
        }
    }

    #[test]
    fn what_was_told_and_not_committed_is_known_to_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, left) = Journal::open(folder.path()).unwrap();
        assert_eq!(left, []);
        journal.note(&[change("a", true)]).unwrap();
        journal.clear().unwrap();
        let changes = [change("b", true), change("a", false), change("c", true)];
        journal.note(&changes).unwrap();
        journal
            .note(&[change("b", true), change("d", true)])
            .unwrap();
        drop(journal);

        let path = folder.path().join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() - 3]).unwrap();
        let (mut journal, left) = Journal::open(folder.path()).unwrap();
        assert_eq!(left, [change("b", false), change("c", false)]);
        journal.clear().unwrap();
        assert_eq!(Journal::open(folder.path()).unwrap().1, []);
    }
}
