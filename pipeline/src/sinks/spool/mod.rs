//! What a sink has taken and not yet passed on: files to which records are appended.
//!
//! There are several, by number, so that the oldest can go when nothing of it is needed, while
//! records keep coming.

mod frame;

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::durable::{kill_point, sync_folder};

/// From here on a file gets no more records.
const FULL_BYTES: u64 = 64 << 20;

const PREFIX: &str = "spool-";

/// How much of a file of the spool counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Which file.
    pub number: u32,
    /// Bytes from its start.
    pub bytes: u64,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, by its number.
    pub file: u32,
    /// The first byte of what stands there.
    pub offset: u64,
    /// Bytes that it takes.
    pub bytes: u32,
}

/// The files.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    files: BTreeMap<u32, SpoolFile>,
    /// Records for the last file that are not yet in it.
    pending: Vec<u8>,
}

#[derive(Debug)]
struct SpoolFile {
    file: File,
    bytes: u64,
}

impl Spool {
    /// Begun anew in a folder that has none.
    ///
    /// # Errors
    /// When its first file cannot be made.
    pub fn begin(folder: &Path) -> io::Result<Self> {
        let mut spool = Self {
            folder: folder.to_owned(),
            files: BTreeMap::new(),
            pending: Vec::new(),
        };
        spool.add_file(1)?;
        Ok(spool)
    }

    /// As it was when it had these extents; and the records that came behind them, which are gone
    /// when [`Spool::cut`] has been called.
    ///
    /// # Errors
    /// When something is missing that they say is there.
    pub fn open(folder: &Path, extents: &[Extent]) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for extent in extents {
            let path = path_of(folder, extent.number);
            let file = (OpenOptions::new().read(true).write(true))
                // Where nothing waits, the files may have been done away with.
                .create(extent.bytes == 0)
                .truncate(false)
                .open(&path)
                .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))?;
            let is = file.metadata()?.len();
            if is < extent.bytes {
                let message = format!(
                    "{} has {is} bytes, of which {} were committed",
                    path.display(),
                    extent.bytes
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            let bytes = extent.bytes;
            files.insert(extent.number, SpoolFile { file, bytes });
        }
        if files.is_empty() {
            let message = "its position names no spool";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Self {
            folder: folder.to_owned(),
            files,
            pending: Vec::new(),
        })
    }

    /// Hands out the records that count, in order.
    ///
    /// # Errors
    /// When one cannot be read, and what `note` says.
    pub fn replay(&self, mut note: impl FnMut(&[u8], Place) -> io::Result<()>) -> io::Result<()> {
        for (number, spool) in &self.files {
            let end = each_record(&spool.file, *number, spool.bytes, &mut note)?;
            if end != spool.bytes {
                let path = path_of(&self.folder, *number);
                let message = format!("{} is damaged at byte {end}", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
        Ok(())
    }

    /// Hands out the whole records behind those that count, for as far as they can be read.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, and what `note` says.
    pub fn behind(&self, mut note: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        for number in numbers(&self.folder)? {
            let file = File::open(path_of(&self.folder, number))?;
            let counts = self.files.get(&number).map_or(0, |spool| spool.bytes);
            let is_old = !self.files.contains_key(&number) && number < self.last_number();
            if !is_old {
                let whole = file.metadata()?.len();
                each_record(
                    &file,
                    number,
                    whole,
                    &mut |record, place| match place.offset >= counts {
                        true => note(record),
                        false => Ok(()),
                    },
                )?;
            }
        }
        Ok(())
    }

    /// Does away with everything that does not count.
    ///
    /// # Errors
    /// When it cannot.
    pub fn cut(&mut self) -> io::Result<()> {
        for spool in self.files.values() {
            kill_point()?;
            spool.file.set_len(spool.bytes)?;
        }
        for number in numbers(&self.folder)? {
            if !self.files.contains_key(&number) {
                kill_point()?;
                fs::remove_file(path_of(&self.folder, number))?;
            }
        }
        self.sync()
    }

    /// Puts a record behind the others, and says where it will be.
    ///
    /// # Errors
    /// When it is too large.
    pub fn append(&mut self, record: &[u8]) -> io::Result<Place> {
        let start = self.pending.len();
        frame::append(record, &mut self.pending)?;
        let (file, bytes) = self.last();
        Ok(Place {
            file,
            offset: bytes + start as u64,
            bytes: (self.pending.len() - start) as u32,
        })
    }

    /// Writes what was appended, all or nothing.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn flush(&mut self) -> io::Result<()> {
        let Some(mut last) = self.files.last_entry() else {
            return Ok(());
        };
        let spool = last.get_mut();
        if let Err(error) = spool.file.write_all_at(&self.pending, spool.bytes) {
            // The next run cuts it if this cannot.
            let _ = spool.file.set_len(spool.bytes);
            return Err(error);
        }
        spool.bytes += self.pending.len() as u64;
        self.pending.clear();
        kill_point()
    }

    /// Makes what was flushed outlast a loss of power.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&self) -> io::Result<()> {
        kill_point()?;
        match self.files.last_key_value() {
            Some((_, spool)) => spool.file.sync_data(),
            None => Ok(()),
        }
    }

    /// Goes on in a new file, if the last one is full, or `is_idle` and not empty.
    ///
    /// # Errors
    /// When none can be made.
    pub fn turn(&mut self, is_idle: bool) -> io::Result<()> {
        let (number, bytes) = self.last();
        if self.pending.is_empty() && (bytes >= FULL_BYTES || is_idle && bytes > 0) {
            self.sync()?;
            self.add_file(number + 1)?;
        }
        Ok(())
    }

    /// Removes files with numbers below this.
    ///
    /// # Errors
    /// When one cannot be removed.
    pub fn release(&mut self, first_needed: u32) -> io::Result<()> {
        let kept = self.files.split_off(&first_needed.min(self.last_number()));
        for number in std::mem::replace(&mut self.files, kept).into_keys() {
            kill_point()?;
            fs::remove_file(path_of(&self.folder, number))?;
        }
        Ok(())
    }

    /// The record at a place that has been flushed.
    ///
    /// # Errors
    /// When it is not there.
    pub fn read(&self, place: Place) -> io::Result<Vec<u8>> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the spool lost a record");
        let spool = self.files.get(&place.file).ok_or_else(damaged)?;
        let mut bytes = vec![0; place.bytes as usize];
        spool.file.read_exact_at(&mut bytes, place.offset)?;
        let (record, _) = frame::first_of(&bytes).ok_or_else(damaged)?;
        Ok(record.to_vec())
    }

    /// What counts now, of the files from this number on.
    pub fn extents(&self, first_needed: u32) -> Vec<Extent> {
        let first_needed = first_needed.min(self.last_number());
        let extent = |(number, spool): (&u32, &SpoolFile)| Extent {
            number: *number,
            bytes: spool.bytes,
        };
        self.files.range(first_needed..).map(extent).collect()
    }

    /// Whether nothing has been put into the file that records go to.
    pub fn is_fresh(&self) -> bool {
        self.last().1 == 0 && self.pending.is_empty()
    }

    /// The number of the file that records go to.
    pub fn last_number(&self) -> u32 {
        self.last().0
    }

    fn last(&self) -> (u32, u64) {
        let last = self.files.last_key_value();
        last.map_or((0, 0), |(number, spool)| (*number, spool.bytes))
    }

    fn add_file(&mut self, number: u32) -> io::Result<()> {
        let path = path_of(&self.folder, number);
        let file = (OpenOptions::new().read(true).write(true))
            .create(true)
            .truncate(true)
            .open(path)?;
        self.files.insert(number, SpoolFile { file, bytes: 0 });
        kill_point()?;
        sync_folder(&self.folder)
    }
}

/// Hands out the records in the first bytes of a file, and says where the last whole one ends.
fn each_record(
    file: &File,
    number: u32,
    bytes: u64,
    note: &mut impl FnMut(&[u8], Place) -> io::Result<()>,
) -> io::Result<u64> {
    let mut content = vec![0; bytes as usize];
    file.read_exact_at(&mut content, 0)?;
    let mut at = 0;
    while let Some((record, length)) = frame::first_of(&content[at..]) {
        let place = Place {
            file: number,
            offset: at as u64,
            bytes: length as u32,
        };
        note(record, place)?;
        at += length;
    }
    Ok(at as u64)
}

/// The numbers of the files that are there, in order.
///
/// # Errors
/// When the folder cannot be read.
pub fn numbers(folder: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Whether anything waits in the spool of a folder.
///
/// # Errors
/// When it cannot be read.
pub fn has_records(folder: &Path) -> io::Result<bool> {
    for number in numbers(folder)? {
        if fs::metadata(path_of(folder, number))?.len() > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the file of a number is.
pub fn path_of(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{PREFIX}{number:06}"))
}
