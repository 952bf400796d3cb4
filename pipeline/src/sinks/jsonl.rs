//! `jsonl:PATH`, `jsonl:-`: one object a line.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, Write},
    path::{Path, PathBuf},
};

use serde_json::json;
use sonoscope_operators::{Include, Row, SourceId};

use super::{Position, Sink, Withdrawal, open::Card};

/// How it is listed.
pub const CARD: Card = Card {
    name: "jsonl:",
    about: "one object a line, into a file, or with - to standard output",
    example: "jsonl:out/rows.jsonl",
    options: &[],
};

/// The sink.
pub struct Jsonl {
    target: Target,
    include: Include,
    lines: Vec<u8>,
}

enum Target {
    Stdout(io::Stdout),
    File {
        file: File,
        whole_bytes: u64,
        /// The folder, while it is not sure that the file's name outlasts a crash.
        new_in: Option<PathBuf>,
    },
}

impl Jsonl {
    /// Opens `-`, standard output, or a file, which is begun anew or cut back to a position.
    ///
    /// # Errors
    /// When the file cannot be made, or is shorter than the position says.
    pub fn open(path: &str, include: Include, at: Option<&Position>) -> io::Result<Self> {
        let target = match path {
            "-" => Target::Stdout(io::stdout()),
            path => Target::file(Path::new(path), at)?,
        };
        Ok(Self {
            target,
            include,
            lines: Vec::new(),
        })
    }
}

/// How long a file was at a position.
pub fn bytes_at(at: &Position) -> Option<u64> {
    at.0["bytes"].as_u64()
}

impl Target {
    fn file(path: &Path, at: Option<&Position>) -> io::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let Some(at) = at else {
            fs::create_dir_all(folder)?;
            let file = File::create(path)?;
            return Ok(Self::File {
                file,
                whole_bytes: 0,
                // The folder of a bare name is the present one.
                new_in: Some(Path::new(".").join(folder)),
            });
        };
        let whole_bytes = bytes_at(at).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "its position names no `bytes`")
        })?;
        let mut file = OpenOptions::new().write(true).open(path)?;
        let bytes = file.metadata()?.len();
        if bytes < whole_bytes {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it has {bytes} bytes, of which {whole_bytes} were committed"),
            ));
        }
        file.set_len(whole_bytes)?;
        file.seek(io::SeekFrom::Start(whole_bytes))?;
        Ok(Self::File {
            file,
            whole_bytes,
            new_in: None,
        })
    }
}

impl Sink for Jsonl {
    fn write(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            serde_json::to_writer(&mut self.lines, &row.json(self.include))?;
            self.lines.push(b'\n');
        }
        Ok(())
    }

    /// Writes whole lines or none: where the disk is full, the file ends with the last line that
    /// went in whole.
    fn flush(&mut self) -> io::Result<()> {
        let lines = std::mem::take(&mut self.lines);
        match &mut self.target {
            Target::Stdout(stdout) => {
                let mut stdout = stdout.lock();
                stdout.write_all(&lines)?;
                stdout.flush()
            }
            Target::File {
                file, whole_bytes, ..
            } => {
                let written = file.write_all(&lines).and_then(|()| file.flush());
                match written {
                    Ok(()) => *whole_bytes += lines.len() as u64,
                    Err(error) => {
                        // A device such as /dev/full has no length to cut: the error tells enough.
                        let _ = file.set_len(*whole_bytes);
                        let _ = file.seek(io::SeekFrom::Start(*whole_bytes));
                        return Err(error);
                    }
                }
                Ok(())
            }
        }
    }

    /// The position is the length of the file.
    fn commit(&mut self) -> io::Result<Position> {
        self.flush()?;
        Ok(Position(match &mut self.target {
            Target::Stdout(_) => json!(null),
            Target::File {
                file,
                whole_bytes,
                new_in,
            } => {
                file.sync_data()?;
                if let Some(folder) = new_in.take() {
                    File::open(folder)?.sync_all()?;
                }
                json!({ "bytes": whole_bytes })
            }
        }))
    }

    /// Lines in the middle of a file stay.
    fn withdraw(&mut self, _: &SourceId) -> io::Result<Withdrawal> {
        Ok(Withdrawal::Left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_back_to_its_position() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("rows.jsonl");
        fs::write(&path, "one\ntwo\nthr").unwrap();
        let at = |bytes: u64| Position(json!({ "bytes": bytes }));
        let path_str = path.to_str().unwrap();

        let mut sink = Jsonl::open(path_str, Include::default(), Some(&at(8))).unwrap();
        assert_eq!(sink.commit().unwrap(), at(8));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");

        let error = Jsonl::open(path_str, Include::default(), Some(&at(9))).map(|_| ());
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("8 bytes, of which 9")
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }
}
