//! A line of a list: one recording, or some seconds of it.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Split;
use crate::{fault::Fault, sources::SecondRange};

/// One recording, or some seconds of it, and what is known of it.
///
/// As a line of a list: `{"id": "x", "path": "clips/x.mp4", "start_s": 30, "end_s": 40,
/// "labels": ["Dog"], "split": "train"}`, of which only `path` must be there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What its pairs are to be called; without it, the file's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The recording. In a list, paths are relative to the list's folder.
    pub path: PathBuf,
    /// First second wanted, from the file's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_s: Option<f64>,
    /// Where what is wanted ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_s: Option<f64>,
    /// When it began, by the clock on the wall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// What is heard in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Which split it belongs to; without it, its id decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

impl Entry {
    /// The whole of a recording, in the split that its folders say.
    pub fn of_file(path: PathBuf) -> Self {
        Self {
            id: None,
            split: Split::of_path(&path),
            path,
            start_s: None,
            end_s: None,
            start: None,
            labels: Vec::new(),
        }
    }

    /// Reads a line of a list, in which paths are relative to its folder.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn of_json(line: &[u8], folder: &Path) -> Result<Self, String> {
        let mut entry: Self = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        entry.check()?;
        entry.path = folder.join(entry.path);
        Ok(entry)
    }

    /// The whole seconds between start and end.
    pub fn range(&self) -> SecondRange {
        let all = SecondRange::default();
        SecondRange {
            from: self.start_s.map_or(all.from, |start| start.ceil() as i64),
            to: self.end_s.map_or(all.to, |end| end.floor() as i64),
        }
    }

    /// # Errors
    /// What is wrong with it, in words.
    fn check(&self) -> Result<(), String> {
        let times = [self.start_s, self.end_s];
        if times
            .iter()
            .flatten()
            .any(|time| !(0.0..1e9).contains(time))
        {
            return Err("start_s and end_s must be seconds from 0 to 1 000 000 000".into());
        }
        let SecondRange { from, to } = self.range();
        if from >= to {
            return Err(format!("there is no whole second from {from} to {to}"));
        }
        Ok(())
    }
}

/// Reads a list, one JSON object a line. Empty lines are passed over.
///
/// # Errors
/// When it cannot be read, or a line is no entry; the line is named.
pub fn read_list(path: &Path) -> Result<Vec<Entry>, Fault> {
    let text = fs::read_to_string(path)
        .map_err(|error| Fault::usage(format!("cannot read the list {path:?}: {error}")))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            Entry::of_json(line.as_bytes(), folder).map_err(|wrong| {
                Fault::usage(format!("{path:?}, line {number}: {wrong}"))
                    .tip("a line is as `sonoscope dataset` writes it: {\"path\": ...}")
            })
        })
        .collect()
}

/// Writes a list, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write_list(path: &Path, entries: &[Entry]) -> io::Result<()> {
    let mut lines = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    fs::create_dir_all(folder.unwrap_or(Path::new(".")))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    fs::File::create(&partial)?.write_all(&lines)?;
    fs::rename(partial, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<Entry>, String> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("list.jsonl");
        fs::write(&path, text).unwrap();
        let relative = |mut entry: Entry| {
            entry.path = entry.path.strip_prefix(home.path()).unwrap().into();
            entry
        };
        let read = read_list(&path).map_err(|fault| fault.to_string())?;
        Ok(read.into_iter().map(relative).collect())
    }

    #[test]
    fn what_is_written_is_read() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/list.jsonl");
        let full = Entry {
            id: Some("-0a_B".into()),
            start_s: Some(30.0),
            end_s: Some(40.0),
            labels: vec!["Dog, \"big\"".into()],
            split: Some(Split::Validation),
            ..Entry::of_file("/clips/a b.mp4".into())
        };
        let entries = [full, Entry::of_file("/clips/c.mp4".into())];
        write_list(&path, &entries).unwrap();
        assert_eq!(read_list(&path).unwrap(), entries);
    }

    #[test]
    fn whole_seconds_are_wanted() {
        let entries = list("{\"path\": \"a\", \"start_s\": 1.2, \"end_s\": 4.9}\n\n").unwrap();
        assert_eq!(entries[0].range(), SecondRange { from: 2, to: 4 });
        let all = list("{\"path\": \"a\"}").unwrap()[0].range();
        assert_eq!(all, SecondRange::default());
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (line, complaint) in [
            ("a.mp4", "expected value"),
            (
                "{\"path\": \"a\", \"label\": \"Dog\"}",
                "unknown field `label`",
            ),
            (
                "{\"path\": \"a\", \"split\": \"dev\"}",
                "unknown variant `dev`",
            ),
            ("{\"path\": \"a\", \"start_s\": -1}", "must be seconds"),
            (
                "{\"path\": \"a\", \"start_s\": 3, \"end_s\": 3.5}",
                "no whole second",
            ),
        ] {
            let text = format!("{{\"path\": \"b\"}}\n{line}\n");
            let fault = list(&text).unwrap_err();
            assert!(fault.contains("line 2: "), "{fault}");
            assert!(fault.contains(complaint), "{fault}");
        }
    }
}
