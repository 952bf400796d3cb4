//! `@list.txt`, `@-`: recordings named in a list.
//!
//! A line is a path, relative to the list's folder, or a file:// URL; an `id=NAME` and a
//! `start=TIME` may follow, each behind a tab or a comma. A line that begins with `{` is JSON, for
//! names with a newline or a `,id=` in them: `{"path": "x.mp4", "id": "x", "start":
//! "2024-05-01T12:00:00Z"}`, with all that a list for `sonoscope extract` may have. Empty lines,
//! and those that begin with `#`, are passed over.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, BufRead, BufReader},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sonoscope_operators::SourceId;

use super::{
    argument::Argument,
    finding::{Finding, Name, Recording},
};
use crate::{dataset::Entry, fault::Fault, sources::SourceError};

/// A list on disk or on standard input.
#[derive(Clone, Debug)]
pub struct List {
    /// Nothing for standard input.
    path: Option<PathBuf>,
}

/// What a line says.
#[derive(Debug)]
enum Line {
    Entry(Box<Entry>),
    /// What is not a single recording has neither id nor start.
    Other(Argument),
}

impl List {
    /// The list of this name, `-` for standard input. Of a file all lines are looked at, so that
    /// what is wrong with one is known before anything is begun.
    ///
    /// # Errors
    /// When it cannot be read, or a line cannot be understood; the line is named.
    pub fn new(name: &OsStr) -> Result<Self, Fault> {
        if name == "-" {
            return Ok(Self { path: None });
        }
        let path = PathBuf::from(name);
        let metadata = path.metadata();
        let metadata = metadata.map_err(|error| Fault::usage(unreadable(&path, &error)))?;
        let list = Self { path: Some(path) };
        // What comes through a pipe can be read once only.
        if metadata.is_file() {
            for line in list.lines().map_err(Fault::usage)? {
                line.map_err(|wrong| {
                    Fault::usage(wrong)
                        .tip("a line is a path; id=NAME and start=TIME may follow, each behind a tab or comma")
                })?;
            }
        }
        Ok(list)
    }

    /// The file; `-` for standard input.
    pub fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new("-"))
    }

    /// What it names, read line by line.
    pub fn findings(&self) -> Box<dyn Iterator<Item = Finding> + Send> {
        let path = self.path().to_owned();
        let refused = {
            let path = path.clone();
            move |wrong| {
                let (path, error) = (path.clone(), SourceError::Listed(wrong));
                once(Finding::Refused { path, error })
            }
        };
        match self.lines() {
            Ok(lines) => Box::new(lines.flat_map(move |line| match line {
                Ok(Line::Entry(entry)) => once(recording(*entry, &path)),
                Ok(Line::Other(argument)) => argument.findings(),
                Err(wrong) => refused(wrong),
            })),
            Err(wrong) => refused(wrong),
        }
    }

    /// What its lines say.
    ///
    /// # Errors
    /// When it cannot be opened; of each line, when it cannot be understood.
    fn lines(&self) -> Result<impl Iterator<Item = Result<Line, String>> + Send + use<>, String> {
        let path = self.path().to_owned();
        let reader: Box<dyn BufRead + Send> = match &self.path {
            Some(path) => {
                let file = File::open(path).map_err(|error| unreadable(path, &error))?;
                Box::new(BufReader::new(file))
            }
            None => Box::new(BufReader::new(io::stdin())),
        };
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let lines = (1..).zip(reader.split(b'\n'));
        Ok(lines.filter_map(move |(number, line)| {
            let line = line.map_err(|error| error.to_string());
            let line = line.and_then(|line| parse(line.trim_ascii(), &folder));
            line.map_err(|wrong| format!("line {number} of the list {path:?}: {wrong}"))
                .transpose()
        }))
    }
}

fn once(finding: Finding) -> Box<dyn Iterator<Item = Finding> + Send> {
    Box::new(std::iter::once(finding))
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read the list {path:?}: {error}")
}

fn recording(entry: Entry, list: &Path) -> Finding {
    let folder = list.parent().unwrap_or(Path::new(""));
    let name = match &entry.id {
        Some(id) => Name::Given(SourceId::slug(id)),
        None => {
            let below = entry.path.strip_prefix(folder).unwrap_or(&entry.path);
            Name::Below(below.into())
        }
    };
    Finding::Recording(Recording { entry, name })
}

/// Reads a line; nothing where it is empty or a remark.
fn parse(line: &[u8], folder: &Path) -> Result<Option<Line>, String> {
    if line.is_empty() || line.starts_with(b"#") {
        return Ok(None);
    }
    if line.starts_with(b"{") {
        let entry = Entry::of_json(line, folder)?;
        return Ok(Some(Line::Entry(Box::new(entry))));
    }
    let mut name = line;
    let (mut id, mut start) = (None, None);
    while let Some((before, key, value)) = last_field(name) {
        match key {
            "id" => id = Some(value.to_owned()),
            _ => start = Some(time(value)?),
        }
        name = before.trim_ascii_end();
    }
    if name.is_empty() {
        return Err("there is no path in it".into());
    }
    let argument = Argument::plain(OsStr::from_bytes(name), folder).map_err(|fault| fault.cause)?;
    Ok(Some(match argument {
        Argument::File(path) => Line::Entry(Box::new(Entry {
            id,
            start,
            ..Entry::of_file(path)
        })),
        _ if id.is_some() || start.is_some() => {
            return Err("`id=` and `start=` are for single files".into());
        }
        other => Line::Other(other),
    }))
}

/// The last field of a line, with what stands before it, its name and its value.
fn last_field(line: &[u8]) -> Option<(&[u8], &'static str, &str)> {
    let separator = line.iter().rposition(|byte| b"\t,".contains(byte))?;
    let field = line[separator + 1..].trim_ascii();
    ["id", "start"].into_iter().find_map(|key| {
        let value = field.strip_prefix(key.as_bytes())?.strip_prefix(b"=")?;
        let value = str::from_utf8(value)
            .ok()
            .filter(|value| !value.is_empty())?;
        Some((&line[..separator], key, value))
    })
}

/// A time as RFC 3339 has it.
pub fn time(text: &str) -> Result<Timestamp, String> {
    let wrong = |_| format!("{text:?} is no time such as 2024-05-01T12:00:00Z");
    text.parse().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn told(home: &Path, text: &[u8]) -> Result<Vec<String>, Fault> {
        let path = home.join("list.txt");
        fs::write(&path, text).unwrap();
        let list = List::new(path.as_os_str())?;
        let told = |finding| match finding {
            Finding::Recording(Recording { entry, name }) => {
                let path = entry.path.strip_prefix(home).unwrap_or(&entry.path);
                let start = entry
                    .start
                    .map_or(String::new(), |start| format!(" {start}"));
                format!("{path:?} {name:?}{start}")
            }
            other => format!("{other:?}"),
        };
        Ok(list.findings().map(told).collect())
    }

    #[test]
    fn lines_name_recordings_and_what_is_known_of_them() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("clips")).unwrap();
        fs::write(home.path().join("clips/z.mp4"), "").unwrap();
        let text = b"# mine\n\n a.mp4\r\nfile:///b%20c.mp4\tid=Front Door\n\
            d, e.mp4, start=2024-05-01T12:00:00+02:00 ,id=d\n\xff.mp4\nclips\n\
            {\"path\": \"new\\nline.mp4\", \"id\": \"n\", \"start\": \"2024-05-01T12:00:00.5Z\"}\n";
        assert_eq!(
            told(home.path(), text).unwrap(),
            [
                "\"a.mp4\" Below(\"a.mp4\")",
                "\"/b c.mp4\" Given(SourceId(\"front-door\"))",
                "\"d, e.mp4\" Given(SourceId(\"d\")) 2024-05-01T10:00:00Z",
                "\"\\xFF.mp4\" Below(\"\\xFF.mp4\")",
                "\"clips/z.mp4\" Below(\"z.mp4\")",
                "\"new\\nline.mp4\" Given(SourceId(\"n\")) 2024-05-01T12:00:00.5Z",
            ]
        );
    }

    #[test]
    fn a_line_that_cannot_be_understood_is_named() {
        let home = tempfile::tempdir().unwrap();
        for (line, complaint) in [
            ("a.mp4,start=noon", "\"noon\" is no time"),
            (",id=a", "no path"),
            ("{\"path\": 3}", "invalid type"),
            (".,id=a", "for single files"),
            ("rtsp://me:secret@camera/1", "cannot read rtsp://"),
        ] {
            let text = format!("b.mp4\n{line}\n");
            let fault = told(home.path(), text.as_bytes()).unwrap_err().to_string();
            assert!(
                fault.contains("line 2") && fault.contains(complaint),
                "{fault}"
            );
            assert!(!fault.contains("secret"), "{fault}");
        }
    }
}
