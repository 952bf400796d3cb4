//! `jsonl:PATH`, `jsonl:-`: one object a line.

use std::{
    fs::{self, File},
    io::{self, Seek, Write},
    path::Path,
};

use sonoscope_operators::{Include, Row};

use super::Sink;

/// The sink.
pub struct Jsonl {
    target: Target,
    include: Include,
    lines: Vec<u8>,
}

enum Target {
    Stdout(io::Stdout),
    File { file: File, whole_bytes: u64 },
}

impl Jsonl {
    /// Opens a file, which is begun anew, or `-`, standard output.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn open(path: &str, include: Include) -> io::Result<Self> {
        let target = if path == "-" {
            Target::Stdout(io::stdout())
        } else {
            if let Some(folder) = Path::new(path).parent() {
                fs::create_dir_all(folder)?;
            }
            let file = File::create(path)?;
            let whole_bytes = 0;
            Target::File { file, whole_bytes }
        };
        Ok(Self {
            target,
            include,
            lines: Vec::new(),
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
            Target::File { file, whole_bytes } => {
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
}
