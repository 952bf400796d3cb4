//! `jsonl:PATH`, `jsonl:-`: one object a line; packed, and in several files, if that is asked for.

mod file;
mod pack;
mod turn;

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::json;
use sonoscope_operators::{Include, Row, SourceId};

use self::{file::Growing, pack::Packing, turn::Turn};
use super::{
    Position, Sink, Withdrawal,
    delivery::letter::{Content, Style},
    open::Card,
    options::FileOptions,
};
use crate::views::Change;

pub use pack::unpacked;

/// How it is listed.
pub const CARD: Card = Card {
    name: "jsonl:",
    about: "one object a line, into a file, or with - to standard output",
    example: "jsonl:out/rows.jsonl",
    options: &[
        (
            "compress",
            "zstd, gzip or none [by the end of the name: .zst, .gz]",
        ),
        (
            "rotate",
            "begin a new file after so much (100MB) or so long (1h): rows-000001.jsonl",
        ),
    ],
};

/// Whether a line says of a view's answer what it is now, and is no row: rows do not say of what
/// kind they are.
pub fn is_change(line: &str) -> bool {
    let behind_schema = line.split_once(',');
    behind_schema.is_some_and(|(_, rest)| rest.starts_with("\"kind\":"))
}

/// Lines that are packed wait for more, since many pack better than few; no more than these.
const PACKED_BYTES: usize = 1 << 20;

/// They wait no longer than this.
const PACKED_AGE: Duration = Duration::from_secs(5);

/// The sink.
pub struct Jsonl {
    target: Target,
    include: Include,
    lines: Vec<u8>,
    /// Since when lines wait.
    waiting_since: Option<Instant>,
}

enum Target {
    Stdout(io::Stdout),
    Files(Files),
}

/// The files, of which the last one grows.
struct Files {
    path: PathBuf,
    packing: Packing,
    turn: Option<Turn>,
    file: Growing,
    begun: Instant,
    /// The number of the last one, where there are several.
    number: u32,
}

impl Jsonl {
    /// Opens `-`, standard output, or a file, which is begun anew or cut back to a position.
    ///
    /// # Errors
    /// When the file cannot be made, is shorter than the position says, or an option is none.
    pub fn open(
        path: &str,
        mut options: FileOptions,
        include: Include,
        at: Option<&Position>,
    ) -> io::Result<Self> {
        let compress = options.take("compress");
        let turn = options.take("rotate");
        options.no_more(&CARD)?;
        let target = match path {
            "-" if compress.is_some() || turn.is_some() => {
                let message = "standard output is one stream of lines, neither packed nor cut";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            "-" => Target::Stdout(io::stdout()),
            path => {
                let path = PathBuf::from(path);
                let packing = Packing::of(compress.as_deref(), &path);
                let packing = packing.map_err(|wrong| invalid("compress", &wrong))?;
                let turn = turn.as_deref().map(Turn::of).transpose();
                let turn = turn.map_err(|wrong| invalid("rotate", &wrong))?;
                Target::Files(Files::open(path, packing, turn, at)?)
            }
        };
        Ok(Self {
            target,
            include,
            lines: Vec::new(),
            waiting_since: None,
        })
    }

    /// Writes the lines that wait.
    fn write_out(&mut self) -> io::Result<()> {
        self.waiting_since = None;
        let lines = std::mem::take(&mut self.lines);
        if lines.is_empty() {
            return Ok(());
        }
        match &mut self.target {
            Target::Stdout(stdout) => {
                let mut stdout = stdout.lock();
                stdout.write_all(&lines)?;
                stdout.flush()
            }
            Target::Files(files) => files.append(lines),
        }
    }

    /// Whether lines may wait for more of them.
    fn may_wait(&self) -> bool {
        let is_packed =
            matches!(&self.target, Target::Files(files) if files.packing != Packing::Plain);
        is_packed
            && self.lines.len() < PACKED_BYTES
            && self
                .waiting_since
                .is_none_or(|since| since.elapsed() < PACKED_AGE)
    }
}

fn invalid(option: &str, wrong: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("option `{option}`: {wrong}"),
    )
}

/// The files that count at a position, and how much of each.
pub fn files_at(path: &Path, at: &Position) -> Option<Vec<(PathBuf, u64)>> {
    let bytes = at.0["bytes"].as_u64()?;
    let Some(last) = at.0["file"].as_u64() else {
        return Some(vec![(path.to_owned(), bytes)]);
    };
    let last = u32::try_from(last).ok()?;
    let whole = (1..last).map(|number| (turn::path_of(path, number), u64::MAX));
    Some(whole.chain([(turn::path_of(path, last), bytes)]).collect())
}

impl Files {
    fn open(
        path: PathBuf,
        packing: Packing,
        turn: Option<Turn>,
        at: Option<&Position>,
    ) -> io::Result<Self> {
        let number = match at.map(|at| at.0["file"].as_u64()) {
            None => 1,
            Some(number) if number.is_some() == turn.is_some() => number.unwrap_or(1) as u32,
            Some(_) => {
                return Err(invalid("rotate", "it was otherwise when the job began"));
            }
        };
        let last = match turn {
            Some(_) => turn::path_of(&path, number),
            None => path.clone(),
        };
        let file = match at {
            None => Growing::begin(&last)?,
            Some(at) => {
                let bytes = at.0["bytes"].as_u64().ok_or_else(|| {
                    io::Error::new(io::ErrorKind::InvalidData, "its position names no `bytes`")
                })?;
                Growing::at(&last, bytes)?
            }
        };
        if turn.is_some() {
            remove_behind(&path, number)?;
        }
        Ok(Self {
            path,
            packing,
            turn,
            file,
            begun: Instant::now(),
            number,
        })
    }

    fn append(&mut self, lines: Vec<u8>) -> io::Result<()> {
        let is_full = match self.turn {
            None => false,
            Some(Turn::Bytes(most)) => self.file.bytes() >= most,
            Some(Turn::Age(most)) => self.file.bytes() > 0 && self.begun.elapsed() >= most,
        };
        if is_full {
            self.file.sync()?;
            self.number += 1;
            self.file = Growing::begin(&turn::path_of(&self.path, self.number))?;
            self.begun = Instant::now();
        }
        self.file.append(&self.packing.pack(lines)?)
    }

    fn position(&self) -> Position {
        Position(match self.turn {
            None => json!({ "bytes": self.file.bytes() }),
            Some(_) => json!({ "bytes": self.file.bytes(), "file": self.number }),
        })
    }
}

/// Removes the files behind one: those that came after the position, or of another run.
fn remove_behind(path: &Path, number: u32) -> io::Result<()> {
    for number in number + 1.. {
        match fs::remove_file(turn::path_of(path, number)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Sink for Jsonl {
    fn write(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            serde_json::to_writer(&mut self.lines, &row.json(self.include))?;
            self.lines.push(b'\n');
        }
        if !self.lines.is_empty() {
            self.waiting_since.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    /// A line for each, as receivers read it, among the rows.
    fn changes(&mut self, changes: &[Change]) -> io::Result<()> {
        for change in changes {
            let content = Content::from(change.clone());
            self.lines.extend(content.json(Style::default())?);
            self.lines.push(b'\n');
        }
        self.waiting_since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Writes whole lines or none.
    fn flush(&mut self) -> io::Result<()> {
        match self.may_wait() {
            true => Ok(()),
            false => self.write_out(),
        }
    }

    /// The position is the length of the file, and which it is.
    fn commit(&mut self) -> io::Result<Position> {
        self.write_out()?;
        match &mut self.target {
            Target::Stdout(_) => Ok(Position(json!(null))),
            Target::Files(files) => {
                files.file.sync()?;
                Ok(files.position())
            }
        }
    }

    /// Lines in the middle of a file stay.
    fn withdraw(&mut self, _: &SourceId) -> io::Result<Withdrawal> {
        Ok(Withdrawal::Left)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.write_out()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::sinks::delivery::testing::row;

    fn open(path: &Path, options: &[(&str, &str)], at: Option<&Position>) -> io::Result<Jsonl> {
        let options = FileOptions::of(options);
        Jsonl::open(path.to_str().unwrap(), options, Include::default(), at)
    }

    #[test]
    fn a_file_is_cut_back_to_its_position() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("rows.jsonl");
        fs::write(&path, "one\ntwo\nthr").unwrap();
        let at = |bytes: u64| Position(json!({ "bytes": bytes }));

        let mut sink = open(&path, &[], Some(&at(8))).unwrap();
        assert_eq!(sink.commit().unwrap(), at(8));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");

        let error = open(&path, &[], Some(&at(9))).map(|_| ());
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("8 bytes, of which 9")
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    /// All lines that count at a position.
    fn lines(path: &Path, at: &Position) -> Vec<i64> {
        let mut text = String::new();
        for (file, bytes) in files_at(path, at).unwrap() {
            let file = fs::File::open(file).unwrap().take(bytes);
            unpacked(file).unwrap().read_to_string(&mut text).unwrap();
        }
        let segment = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        text.lines()
            .map(|line| segment(line)["segment"].as_i64().unwrap())
            .collect()
    }

    #[test]
    fn files_that_are_packed_and_in_turn_go_on_where_they_were() {
        let home = tempfile::tempdir().unwrap();
        for (name, compress) in [
            ("a.jsonl", "none"),
            ("b.jsonl", "gzip"),
            ("c.jsonl.zst", "zstd"),
        ] {
            let path = home.path().join(name);
            let options = [("rotate", "600B"), ("compress", compress)];
            let write = |sink: &mut Jsonl, segments: std::ops::Range<i64>| {
                for segment in segments {
                    sink.write(&[row("cam", segment, Some(0.5))]).unwrap();
                    sink.flush().unwrap();
                    if segment % 7 == 0 {
                        sink.commit().unwrap();
                    }
                }
            };
            let mut sink = open(&path, &options, None).unwrap();
            write(&mut sink, 0..60);
            let at = sink.commit().unwrap();
            let number = at.0["file"].as_u64().unwrap();
            assert!(number > 2, "{name}: {number} files");
            write(&mut sink, 60..200);
            drop(sink);
            let mut sink = open(&path, &options, Some(&at)).unwrap();
            assert!(!turn::path_of(&path, number as u32 + 1).exists());
            write(&mut sink, 60..90);
            let at = sink.commit().unwrap();
            assert_eq!(lines(&path, &at), (0..90).collect::<Vec<_>>(), "{name}");
        }
    }

    #[test]
    fn options_that_make_no_sense_are_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("rows.jsonl");
        for (options, told) in [
            ([("compress", "rar")], "compress"),
            ([("rotate", "sometimes")], "rotate"),
            ([("colour", "red")], "colour"),
        ] {
            let error = open(&path, &options, None)
                .map(|_| ())
                .unwrap_err()
                .to_string();
            assert!(error.contains(told), "{error}");
            assert!(!path.exists());
        }
        let stdout = open(Path::new("-"), &[("rotate", "1h")], None).map(|_| ());
        assert!(stdout.is_err());
    }
}
