//! Jobs that keep a state: clips of their own, a state folder and an output.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use parquet::file::reader::SerializedFileReader;
use rusqlite::OpenFlags;
use tempfile::TempDir;

use super::{
    clips::{ffmpeg, id},
    program::{Run, run_with_one_network},
};

/// Lines of an output, source by source, each source's in their order.
pub type Lines = BTreeMap<String, Vec<String>>;

/// A kind of output: how it is asked for, and how it is read.
#[derive(Clone, Copy)]
pub struct Kind {
    /// The sink that writes to a path.
    pub uri: fn(&Path) -> String,
    /// What is in it.
    pub read: fn(&Path) -> Lines,
    /// Whether there is more in it than the ledger has at this position.
    pub is_beyond: fn(&Path, &serde_json::Value) -> bool,
}

/// `jsonl:PATH`.
pub const JSONL: Kind = Kind {
    uri: |path| format!("jsonl:{}", path.display()),
    read: |path| {
        let mut lines = Lines::new();
        for line in fs::read_to_string(path).unwrap().lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let source = row["source"].as_str().unwrap().to_owned();
            lines.entry(source).or_default().push(line.to_owned());
        }
        lines
    },
    is_beyond: |path, position| {
        fs::metadata(path).unwrap().len() > position["bytes"].as_u64().unwrap()
    },
};

/// `parquet:DIR`.
pub const PARQUET: Kind = Kind {
    uri: |path| format!("parquet:{}", path.display()),
    read: |path| {
        let mut lines = Lines::new();
        for part in parts(path) {
            let folder = part.parent().unwrap().file_name().unwrap();
            let source = folder.to_str().unwrap().strip_prefix("source=").unwrap();
            let reader = SerializedFileReader::new(fs::File::open(&part).unwrap()).unwrap();
            let rows = reader.into_iter().map(|row| row.unwrap().to_string());
            lines.entry(source.to_owned()).or_default().extend(rows);
        }
        lines
    },
    is_beyond: |path, position| {
        let spool = |number: &serde_json::Value| {
            bytes(&path.join(format!(".sonoscope/spool-{:06}", number.as_u64().unwrap())))
        };
        let last = position["spool"].as_array().unwrap().last().unwrap();
        spool(&last["number"]) > last["bytes"].as_u64().unwrap()
    },
};

/// The Parquet files below a folder, in order.
pub fn parts(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let below = |path: PathBuf| match path.extension() {
        Some(extension) if extension == "parquet" => vec![path],
        _ => parts(&path),
    };
    paths.into_iter().flat_map(below).collect()
}

/// A job, in a folder that is gone with it.
pub struct Job {
    kind: Kind,
    home: TempDir,
    sources: Vec<PathBuf>,
}

impl Job {
    /// One that has not begun.
    pub fn new(kind: Kind, sources: &[PathBuf]) -> Self {
        Self {
            kind,
            home: tempfile::tempdir().unwrap(),
            sources: sources.to_vec(),
        }
    }

    /// The command that begins it and goes on with it.
    pub fn run(&self) -> Run {
        self.of(run_with_one_network(["--workers", "2"]))
    }

    /// The same, but begun in another way.
    pub fn of(&self, run: Run) -> Run {
        let sink = (self.kind.uri)(&self.output());
        (run.and(["--sink", &sink, "--state"]))
            .and([self.state()])
            .and(&self.sources)
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// Where its rows are.
    pub fn output(&self) -> PathBuf {
        self.home.path().join("rows")
    }

    /// A path of its own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// All its rows so far.
    pub fn lines(&self) -> Lines {
        (self.kind.read)(&self.output())
    }

    /// Whether its output has rows that are not committed.
    pub fn is_beyond(&self) -> bool {
        // To read only: what a kill has left is for the program to mend.
        let (path, flags) = (
            self.path("state/ledger.sqlite"),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        );
        let ledger = rusqlite::Connection::open_with_flags(path, flags).unwrap();
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
        // Before the job has begun, there is no sink.
        let position = ledger.query_row("SELECT position FROM sink", (), read).ok();
        let position = position.map(|text| serde_json::from_str(&text).unwrap());
        position.is_some_and(|position| (self.kind.is_beyond)(&self.output(), &position))
    }

    /// Bytes that have been written under one of its paths.
    pub fn bytes(&self, name: &str) -> u64 {
        bytes(&self.path(name))
    }
}

/// What an undisturbed run without a state writes.
pub fn undisturbed(kind: Kind, sources: &[PathBuf], exit: i32) -> Lines {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("rows");
    let run = run_with_one_network(["--sink", &(kind.uri)(&path)]);
    run.and(sources).end().exited(exit);
    (kind.read)(&path)
}

/// A clip of so many seconds, like no other that has another number.
pub fn clip(number: u32, seconds: u32) -> PathBuf {
    let tone_hz = 300 + 70 * number;
    let arguments = format!(
        "-f lavfi -i testsrc2=size=96x72:rate=10:duration={seconds} \
         -f lavfi -i sine=frequency={tone_hz}:duration={seconds} -vf hue=h={} \
         -c:v libx264 -preset ultrafast -g 10 -c:a aac -movflags +faststart",
        40 * number
    );
    ffmpeg(&format!("job-{number}.mp4"), &arguments)
}

/// The id that a recording has in rows.
pub fn id_of(path: &Path) -> String {
    id(path)
}

fn bytes(path: &Path) -> u64 {
    let Ok(metadata) = fs::metadata(path) else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let items = fs::read_dir(path).into_iter().flatten().flatten();
    items.map(|item| bytes(&item.path())).sum()
}
