//! A file that grows, and can be cut back to where it was.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, Write},
    path::{Path, PathBuf},
};

/// The file.
pub struct Growing {
    file: File,
    whole_bytes: u64,
    /// The folder, while it is not sure that the file's name outlasts a crash.
    new_in: Option<PathBuf>,
}

impl Growing {
    /// Begun anew, whatever was there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)?;
        Ok(Self {
            file: File::create(path)?,
            whole_bytes: 0,
            // The folder of a bare name is the present one.
            new_in: Some(Path::new(".").join(folder)),
        })
    }

    /// As it was when it had so many bytes.
    ///
    /// # Errors
    /// When it has fewer.
    pub fn at(path: &Path, whole_bytes: u64) -> io::Result<Self> {
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
        Ok(Self {
            file,
            whole_bytes,
            new_in: None,
        })
    }

    /// How long it is.
    pub fn bytes(&self) -> u64 {
        self.whole_bytes
    }

    /// Writes all of it or nothing: where the disk is full, the file ends with what went in whole.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.flush());
        match written {
            Ok(()) => {
                self.whole_bytes += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                // A device such as /dev/full has no length to cut: the error tells enough.
                let _ = self.file.set_len(self.whole_bytes);
                let _ = self.file.seek(io::SeekFrom::Start(self.whole_bytes));
                Err(error)
            }
        }
    }

    /// Makes it outlast a loss of power.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        match self.new_in.take() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}
