//! What identifies a file: the id that git gives its content, and its SHA-256.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sha1::{Digest as _, Sha1};
use sha2::Sha256;

const BUFFER_BYTES: usize = 1 << 16;

/// Of a file's content, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// SHA-1 of `blob SIZE\0` and the content, as `git hash-object` prints it.
    pub blob_id: String,
    /// SHA-256 of the content.
    pub sha256: String,
}

impl Hashes {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or changes its length while it is.
    pub fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let size_bytes = file.metadata()?.len();
        let mut blob = Sha1::new();
        blob.update(format!("blob {size_bytes}\0"));
        let mut content = Sha256::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut read_bytes = 0;
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            blob.update(&buffer[..count]);
            content.update(&buffer[..count]);
            read_bytes += count as u64;
        }
        if read_bytes != size_bytes {
            return Err(io::Error::other("it changed while it was read"));
        }
        Ok(Self {
            blob_id: hex(&blob.finalize()),
            sha256: hex(&content.finalize()),
        })
    }
}

/// Bytes as people write them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Held to what `git hash-object` and `sha256sum` print.
    #[test]
    fn are_those_of_git_and_sha256sum() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        std::fs::write(&path, "what is up, doc?").unwrap();
        let hashes = Hashes::of(&path).unwrap();
        assert_eq!(hashes.blob_id, "bd9dbf5aae1a3862dd1526723246b20206e5fc37");
        std::fs::write(&path, "").unwrap();
        let hashes = Hashes::of(&path).unwrap();
        assert_eq!(hashes.blob_id, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(
            hashes.sha256,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
