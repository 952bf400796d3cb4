//! The folder of a set: whose it is, and what an interrupted run has left in it.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    manifest::{Line, Manifest},
    shard,
};
use crate::fault::Fault;

const PAGE: &str = "set.json";
const MANIFEST: &str = "manifest.jsonl";

/// A set on disk, held against other runs.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    manifest: Manifest,
    next_shard: usize,
}

impl Folder {
    /// Opens a set that is made as `page` says, or begins one. Shards that an interrupted run
    /// has left, which no line tells of, are removed.
    ///
    /// # Errors
    /// When the folder holds a set that is made otherwise, is held by another run, or refuses.
    pub fn open(path: &Path, page: &Value) -> Result<Self, Fault> {
        let refuses = |error: io::Error| cannot_write(path, &error);
        fs::create_dir_all(path).map_err(refuses)?;
        claim(path, page)?;
        let manifest = Manifest::open(&path.join(MANIFEST)).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => Fault::environment(format!("{}: {error}", path.display()))
                .tip("wait for it, or name another folder"),
            _ => Fault::environment(format!("{}: {error}", path.join(MANIFEST).display())),
        })?;
        let told: HashSet<_> = manifest.lines().filter_map(|l| l.shard.as_deref()).collect();
        let mut next_shard = 0;
        for item in fs::read_dir(path).map_err(refuses)? {
            let name = item.map_err(refuses)?.file_name();
            let Some((name, number)) = name.to_str().and_then(|n| Some((n, shard::number(n)?)))
            else {
                continue;
            };
            next_shard = next_shard.max(number + 1);
            if !told.contains(name) {
                tracing::debug!("{name} is of an interrupted run: removed");
                fs::remove_file(path.join(name)).map_err(refuses)?;
            }
        }
        Ok(Self {
            path: path.into(),
            manifest,
            next_shard,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is done.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The number of the next shard.
    pub fn take_number(&mut self) -> usize {
        self.next_shard += 1;
        self.next_shard - 1
    }

    /// These sources are done; the shard that they tell of is whole.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn done(&mut self, lines: Vec<Line>) -> io::Result<()> {
        self.manifest.append(lines)
    }
}

/// That a set cannot be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Fault {
    let fault = Fault::environment(format!("cannot write shards to {}: {error}", path.display()));
    match error.kind() {
        ErrorKind::StorageFull => fault.tip("make room and give the same command: it goes on"),
        _ => fault.tip("when this is mended, the same command goes on where it stopped"),
    }
}

/// Whether a folder holds a set.
pub fn is_set(path: &Path) -> bool {
    path.join(PAGE).is_file()
}

/// Makes a folder's entries durable.
///
/// # Errors
/// When the disk refuses.
pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Writes down how the set is made, or checks that the one here is made so.
fn claim(path: &Path, page: &Value) -> Result<(), Fault> {
    let file = path.join(PAGE);
    let refuses = |error: io::Error| cannot_write(path, &error);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            no_strangers(path)?;
            return write_whole(&file, &format!("{page:#}\n")).map_err(refuses);
        }
        Err(error) => return Err(refuses(error)),
    };
    let present: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if present == *page {
        return Ok(());
    }
    let apart = differences(&present, page).join(", ");
    let made = format!("{} holds a set that is made otherwise ({apart})", path.display());
    Err(Fault::usage(made).tip("name another folder, or the network that it was made for"))
}

/// Shards without a page of how they were made are not touched, nor added to.
fn no_strangers(path: &Path) -> Result<(), Fault> {
    let is_shard = |item: fs::DirEntry| Path::new(&item.file_name()).extension() == Some("tar".as_ref());
    let items = fs::read_dir(path).map_err(|error| cannot_write(path, &error))?;
    if items.flatten().any(is_shard) {
        let what = format!("{} holds shards, but no {PAGE} that says how", path.display());
        return Err(Fault::usage(what).tip("name another folder"));
    }
    Ok(())
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let partial = path.with_extension("json.partial");
    let mut file = File::create(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(partial, path)?;
    sync(path.parent().unwrap_or(Path::new(".")))
}

/// The names of what differs: `preprocessing.audio.rate_hz`.
fn differences(a: &Value, b: &Value) -> Vec<String> {
    let (Some(left), Some(right)) = (a.as_object(), b.as_object()) else {
        return if a == b { vec![] } else { vec![String::new()] };
    };
    let mut names: Vec<_> = left.keys().chain(right.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let none = Value::Null;
    let of = |name: &String| {
        let apart = differences(left.get(name).unwrap_or(&none), right.get(name).unwrap_or(&none));
        let join = |rest: String| match rest.as_str() {
            "" => name.clone(),
            _ => format!("{name}.{rest}"),
        };
        apart.into_iter().map(join).collect::<Vec<_>>()
    };
    let hashes = |name: &String| name.ends_with("_sha256");
    names.into_iter().filter(|name| !hashes(name)).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_set_that_is_made_otherwise_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let page = |rate: u32| json!({"form": 1, "audio": {"rate_hz": rate, "mono": true}});
        drop(Folder::open(home.path(), &page(48_000)).unwrap());
        drop(Folder::open(home.path(), &page(48_000)).unwrap());
        let fault = Folder::open(home.path(), &page(21_000)).unwrap_err();
        assert!(fault.to_string().contains("made otherwise (audio.rate_hz)"), "{fault}");
    }

    #[test]
    fn what_an_interrupted_run_left_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let page = json!({"form": 1});
        drop(Folder::open(home.path(), &page).unwrap());
        for name in ["shard-00004.tar", ".shard-00006.tar.partial", "notes.txt"] {
            fs::write(home.path().join(name), "").unwrap();
        }
        let mut folder = Folder::open(home.path(), &page).unwrap();
        assert_eq!(folder.take_number(), 7);
        let left = fs::read_dir(home.path()).unwrap().flatten();
        let mut left: Vec<_> = left.map(|item| item.file_name()).collect();
        left.sort();
        assert_eq!(left, ["manifest.jsonl", "notes.txt", "set.json"]);
    }

    #[test]
    fn shards_of_others_are_not_touched() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("shard-00000.tar"), "").unwrap();
        let fault = Folder::open(home.path(), &json!({"form": 1})).unwrap_err();
        assert!(fault.to_string().contains("no set.json"), "{fault}");
        assert!(home.path().join("shard-00000.tar").exists());
    }
}
