//! The little of ONNX that is read without ONNX Runtime: a model's metadata, straight from the
//! protobuf. So `inspect` needs no library, and a file is known before it is run.

use thiserror::Error;

use crate::protobuf::Reader;

/// `ModelProto.metadata_props`, repeated `StringStringEntryProto`.
const METADATA_PROPS: u64 = 14;
/// `StringStringEntryProto.key` and `.value`.
const KEY: u64 = 1;
const VALUE: u64 = 2;

/// Why bytes are no ONNX model.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotOnnx {
    /// It begins well, then stops.
    #[error("it is cut off: byte {at} of it is missing")]
    Truncated {
        /// How many bytes there are.
        at: usize,
    },
    /// Not a protobuf message, so not an ONNX file.
    #[error("it is not an ONNX model: byte {at} makes no sense")]
    Malformed {
        /// Where sense ends.
        at: usize,
    },
}

/// The value of a key in a model's metadata.
pub(crate) fn metadata(model: &[u8], key: &str) -> Result<Option<String>, NotOnnx> {
    if model.is_empty() {
        return Err(NotOnnx::Truncated { at: 0 });
    }
    let mut reader = Reader::new(model);
    let mut found = None;
    // To the end, even when it is found: a file that is cut off is to be called so.
    while let Some(field) = reader.field()? {
        if field.number == METADATA_PROPS
            && let Some(value) = entry(field.bytes(), key)?
        {
            found = Some(value);
        }
    }
    Ok(found)
}

/// The value of an entry of metadata, if its key is this one.
fn entry(message: &[u8], wanted: &str) -> Result<Option<String>, NotOnnx> {
    let mut reader = Reader::new(message);
    let (mut key, mut value) = (&[][..], &[][..]);
    while let Some(field) = reader.field()? {
        match field.number {
            KEY => key = field.bytes(),
            VALUE => value = field.bytes(),
            _ => {}
        }
    }
    Ok((key == wanted.as_bytes()).then(|| String::from_utf8_lossy(value).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ir_version: 8`, then metadata `k: v`.
    const MODEL: &[u8] = &[0x08, 8, 0x72, 6, 0x0a, 1, b'k', 0x12, 1, b'v'];

    #[test]
    fn finds_a_key_and_only_that() {
        assert_eq!(metadata(MODEL, "k"), Ok(Some("v".into())));
        assert_eq!(metadata(MODEL, "other"), Ok(None));
    }

    #[test]
    fn says_where_a_file_is_cut_off() {
        for length in [0, 1, 3, 5, MODEL.len() - 1] {
            let cut = metadata(&MODEL[..length], "k");
            assert_eq!(cut, Err(NotOnnx::Truncated { at: length }), "at {length}");
        }
    }

    #[test]
    fn text_is_no_model() {
        let text = metadata(b"<!DOCTYPE html>", "k");
        assert_eq!(text, Err(NotOnnx::Malformed { at: 0 }));
    }
}
