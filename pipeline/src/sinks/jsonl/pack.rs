//! Lines, packed: frames of Zstandard or members of gzip, one after the other, which all readers
//! of such files take for one.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
};

use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};

/// As how lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    #[default]
    Plain,
    /// As gzip has them.
    Gzip,
    /// As Zstandard has them.
    Zstd,
}

/// Zstandard's own default: the packing is not to be felt beside the networks.
const ZSTD_LEVEL: i32 = 3;

impl Packing {
    /// As an option says, or the end of a file's name.
    ///
    /// # Errors
    /// When the option is none.
    pub fn of(option: Option<&str>, path: &Path) -> Result<Self, String> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match (option, ending) {
            (Some("zstd"), _) | (None, Some("zst")) => Ok(Self::Zstd),
            (Some("gzip"), _) | (None, Some("gz")) => Ok(Self::Gzip),
            (Some("none"), _) | (None, _) => Ok(Self::Plain),
            (Some(other), _) => Err(format!("`{other}` is none of zstd, gzip, none")),
        }
    }

    /// Lines as they are to be written: whole in themselves, whatever comes behind them.
    ///
    /// # Errors
    /// When they cannot be packed; memory takes everything else.
    pub fn pack(self, lines: Vec<u8>) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain => Ok(lines),
            Self::Zstd => zstd::bulk::compress(&lines, ZSTD_LEVEL),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&lines)?;
                encoder.finish()
            }
        }
    }
}

/// What is in a file, however it is packed.
///
/// # Errors
/// When it cannot be read.
pub fn unpacked<'a>(file: impl Read + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut file = BufReader::new(file);
    let head = file.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::Decoder::with_buffer(file)?;
        return Ok(Box::new(BufReader::new(decoder)));
    }
    Ok(Box::new(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_piece_by_piece_is_read_as_one() {
        for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
            let pieces = ["one\ntwo\n", "three\n"].map(|piece| piece.as_bytes().to_vec());
            let packed = pieces.map(|piece| packing.pack(piece).unwrap()).concat();
            let mut text = String::new();
            unpacked(&packed[..])
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "one\ntwo\nthree\n", "{packing:?}");
        }
    }

    #[test]
    fn how_it_is_packed_is_said_or_seen_by_the_name() {
        let of = |option, name: &str| Packing::of(option, Path::new(name));
        assert_eq!(of(None, "rows.jsonl"), Ok(Packing::Plain));
        assert_eq!(of(None, "rows.jsonl.zst"), Ok(Packing::Zstd));
        assert_eq!(of(Some("gzip"), "rows.jsonl"), Ok(Packing::Gzip));
        assert!(of(Some("rar"), "rows.jsonl").is_err());
    }
}
