//! What a file is known by: whether it is still what it was.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    time::UNIX_EPOCH,
};

use sha2::{Digest, Sha256};

use crate::weights::hashes::hex;

/// Bytes that are read at the head, in the middle and at the tail of a file.
const BLOCK_BYTES: u64 = 64 << 10;

/// What is known of a file without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// How long it is.
    pub size_bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub mtime_ns: i64,
}

/// What a file is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its length and time.
    pub stamp: Stamp,
    /// SHA-256 over its head, middle and tail, in hexadecimal.
    pub sha256: String,
}

impl Stamp {
    /// Of what lies at a path; nothing of what is no file, such as a FIFO, which must not be
    /// opened.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        metadata.is_file().then(|| Self::new(&metadata))
    }

    fn new(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let mtime_ns = since.and_then(|since| i64::try_from(since.as_nanos()).ok());
        Self {
            size_bytes: metadata.len(),
            mtime_ns: mtime_ns.unwrap_or(0),
        }
    }
}

impl Identity {
    /// Of a file; nothing where there is none that can be read.
    pub fn of(path: &Path) -> Option<Self> {
        let stamp = Stamp::of(path)?;
        let sha256 = digest(path, stamp.size_bytes).ok()?;
        Some(Self { stamp, sha256 })
    }

    /// Whether the file at a path is still this one: the same length and time, or, where it was
    /// copied or touched, the same length and content.
    pub fn is_still_at(&self, path: &Path) -> bool {
        match Stamp::of(path) {
            Some(stamp) if stamp == self.stamp => true,
            Some(stamp) if stamp.size_bytes == self.stamp.size_bytes => {
                digest(path, stamp.size_bytes).is_ok_and(|sha256| sha256 == self.sha256)
            }
            _ => false,
        }
    }
}

/// SHA-256 over length, head, middle and tail: of a short file, over all of it.
fn digest(path: &Path, size_bytes: u64) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    hasher.update(size_bytes.to_le_bytes());
    let last = size_bytes.saturating_sub(BLOCK_BYTES);
    let mut block = Vec::new();
    for start in [0, last / 2, last] {
        file.seek(SeekFrom::Start(start))?;
        block.clear();
        (&mut file).take(BLOCK_BYTES).read_to_end(&mut block)?;
        hasher.update(&block);
    }
    Ok(hex(&hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    fn touch(path: &Path, seconds: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(time).unwrap();
    }

    #[test]
    fn a_file_is_known_by_its_length_time_and_content() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("a.bin");
        let size = 5 * BLOCK_BYTES as usize;
        for at in [0, size / 2, size - 1] {
            let mut bytes = vec![7u8; size];
            fs::write(&path, &bytes).unwrap();
            touch(&path, 100);
            let identity = Identity::of(&path).unwrap();
            assert!(identity.is_still_at(&path));
            touch(&path, 200);
            assert!(identity.is_still_at(&path), "touched, not changed");
            bytes[at] = 8;
            fs::write(&path, &bytes).unwrap();
            touch(&path, 300);
            assert!(!identity.is_still_at(&path), "another byte {at}");
            fs::write(&path, [&bytes[..], b"more"].concat()).unwrap();
            assert!(!identity.is_still_at(&path), "longer");
        }
    }

    #[test]
    fn what_is_no_file_has_no_identity_and_is_not_opened() {
        let home = tempfile::tempdir().unwrap();
        let fifo = home.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let paths = [
            fifo,
            home.path().into(),
            "/dev/zero".into(),
            "/no/such".into(),
        ];
        for path in paths {
            assert_eq!(Identity::of(&path), None, "{path:?}");
        }
    }

    #[test]
    fn an_enormous_file_is_not_read_whole() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("sparse");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let identity = Identity::of(&path).unwrap();
        assert_eq!(identity.stamp.size_bytes, 1 << 40);
        assert!(identity.is_still_at(&path));
    }
}
