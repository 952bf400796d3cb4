//! Tar shards of NumPy arrays.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::clip::{Clip, FRAME_SIZE};
use crate::sources::SourceSpec;

/// Clips in a shard.
const SHARD_CLIPS: usize = 256;

/// The shards that one thread writes: `shard-THREAD-NUMBER.tar`, under another name until whole.
pub struct Shards {
    folder: PathBuf,
    thread: usize,
    number: usize,
    open: Option<Shard>,
}

struct Shard {
    tar: tar::Builder<BufWriter<File>>,
    clips: usize,
    partial: PathBuf,
    path: PathBuf,
}

impl Shards {
    /// Into this folder.
    pub fn new(folder: &Path, thread: usize) -> Self {
        Self {
            folder: folder.into(),
            thread,
            number: 0,
            open: None,
        }
    }

    /// Adds a clip.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, clip: &Clip, spec: &SourceSpec) -> io::Result<()> {
        let mut shard = match self.open.take() {
            Some(shard) => shard,
            None => self.begin()?,
        };
        let pairs = clip.segments.len();
        let [bins, frames] = clip.spectrogram_shape;
        let shape = [pairs, FRAME_SIZE, FRAME_SIZE, 3];
        shard.member(spec, "frames.npy", &npy("|u1", &shape, &clip.frames))?;
        let array = npy("<f2", &[pairs, bins, frames], &clip.spectrograms);
        shard.member(spec, "spectrograms.npy", &array)?;
        let about = json!({
            "source": spec.id,
            "segments": clip.segments,
            "truth": truth(&spec.path),
        });
        shard.member(spec, "json", about.to_string().as_bytes())?;
        shard.clips += 1;
        if shard.clips < SHARD_CLIPS {
            self.open = Some(shard);
            return Ok(());
        }
        shard.finish()
    }

    /// Ends the last shard.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<()> {
        self.open.map_or(Ok(()), Shard::finish)
    }

    fn begin(&mut self) -> io::Result<Shard> {
        let name = format!("shard-{:02}-{:05}.tar", self.thread, self.number);
        self.number += 1;
        let path = self.folder.join(&name);
        let partial = self.folder.join(format!(".{name}.partial"));
        Ok(Shard {
            tar: tar::Builder::new(BufWriter::new(File::create(&partial)?)),
            clips: 0,
            partial,
            path,
        })
    }
}

impl Shard {
    fn member(&mut self, spec: &SourceSpec, name: &str, data: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        let path = format!("{}.{name}", spec.id);
        self.tar.append_data(&mut header, path, data)
    }

    fn finish(self) -> io::Result<()> {
        self.tar.into_inner()?.flush()?;
        fs::rename(self.partial, self.path)
    }
}

/// The truth that lies beside a clip of the synthetic world; null beside others.
fn truth(path: &Path) -> Value {
    fs::read(path.with_extension("json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or(Value::Null)
}

/// An array in NumPy's format 1.0: magic, version, padded header, data in C order.
fn npy(dtype: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let shape: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header =
        format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({shape}), }}");
    let padded = (10 + header.len() + 1).next_multiple_of(64);
    header += &" ".repeat(padded - 10 - header.len() - 1);
    header.push('\n');
    let mut array = b"\x93NUMPY\x01\x00".to_vec();
    array.extend_from_slice(&(header.len() as u16).to_le_bytes());
    array.extend_from_slice(header.as_bytes());
    array.extend_from_slice(data);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_has_an_aligned_header() {
        let array = npy("|u1", &[2, 3], &[1, 2, 3, 4, 5, 6]);
        assert_eq!(&array[..8], b"\x93NUMPY\x01\x00");
        let header_bytes = usize::from(u16::from_le_bytes([array[8], array[9]]));
        assert_eq!((10 + header_bytes) % 64, 0);
        let header = std::str::from_utf8(&array[10..10 + header_bytes]).unwrap();
        assert!(
            header.starts_with("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, ), }")
        );
        assert!(header.ends_with('\n'));
        assert_eq!(&array[10 + header_bytes..], [1, 2, 3, 4, 5, 6]);
    }
}
