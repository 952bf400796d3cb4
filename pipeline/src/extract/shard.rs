//! Tar shards, each there only when it is whole and on the disk.

use std::{
    fs::{self, File},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use super::folder::sync;

/// A shard that is being written, under another name until it is whole.
pub struct Shard {
    tar: tar::Builder<File>,
    bytes: u64,
    folder: PathBuf,
    name: String,
}

impl Shard {
    /// Begins `shard-NUMBER.tar`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(folder: &Path, number: usize) -> io::Result<Self> {
        let name = format!("shard-{number:05}.tar");
        let file = File::create(folder.join(partial(&name)))?;
        Ok(Self {
            tar: tar::Builder::new(file),
            bytes: 0,
            folder: folder.into(),
            name,
        })
    }

    /// How much is in it.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds a member.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn member(&mut self, name: &str, data: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        self.tar.append_data(&mut header, name, data)?;
        self.bytes = self.tar.get_mut().stream_position()?;
        Ok(())
    }

    /// Takes back what came after the shard had so many bytes.
    ///
    /// # Errors
    /// When the file cannot be cut.
    pub fn rewind(&mut self, bytes: u64) -> io::Result<()> {
        let file = self.tar.get_mut();
        file.set_len(bytes)?;
        file.seek(SeekFrom::Start(bytes))?;
        self.bytes = bytes;
        Ok(())
    }

    /// Makes it whole and sees that it is on the disk, then gives it its name, which is returned.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn finish(self) -> io::Result<String> {
        let mut file = self.tar.into_inner()?;
        file.flush()?;
        file.sync_all()?;
        let partial = self.folder.join(partial(&self.name));
        fs::rename(partial, self.folder.join(&self.name))?;
        sync(&self.folder)?;
        Ok(self.name)
    }
}

/// What a shard is called until it is whole.
fn partial(name: &str) -> String {
    format!(".{name}.partial")
}

/// The number in a shard's name, whole or not.
pub fn number(name: &str) -> Option<usize> {
    let name = name.strip_prefix('.').unwrap_or(name);
    let name = name.strip_suffix(".partial").unwrap_or(name);
    (name.strip_prefix("shard-")?.strip_suffix(".tar")?).parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
        let mut tar = tar::Archive::new(File::open(path).unwrap());
        let read = |entry: io::Result<tar::Entry<'_, File>>| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().to_str().unwrap().to_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        };
        tar.entries().unwrap().map(read).collect()
    }

    #[test]
    fn what_was_taken_back_is_not_in_it() {
        let home = tempfile::tempdir().unwrap();
        let mut shard = Shard::begin(home.path(), 7).unwrap();
        shard.member("a.json", b"first").unwrap();
        let bytes = shard.bytes();
        shard.member("b.json", &[1; 5000]).unwrap();
        shard.rewind(bytes).unwrap();
        shard.member("c.json", b"last").unwrap();
        assert!(!home.path().join("shard-00007.tar").exists());
        let name = shard.finish().unwrap();
        assert_eq!(name, "shard-00007.tar");
        let wanted = [("a.json", "first"), ("c.json", "last")]
            .map(|(name, data)| (name.to_owned(), data.as_bytes().to_vec()));
        assert_eq!(members(&home.path().join(&name)), wanted);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_have_numbers() {
        assert_eq!(number("shard-00012.tar"), Some(12));
        assert_eq!(number(".shard-00012.tar.partial"), Some(12));
        assert_eq!(number("set.json"), None);
        assert_eq!(number("shard-00-00001.tar"), None);
    }
}
