//! What stands in a spool: records one after the other, each with its length and a checksum.

use std::{borrow::Cow, io};

use serde::{Deserialize, Serialize};
use sonoscope_operators::{Row, SourceId};

use super::place::Part;

/// Bytes before a record: its length and its CRC-32, both little-endian.
const HEAD_BYTES: usize = 8;

/// Something that happened to the rows of the sink.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub enum Record<'a> {
    /// A row came.
    Row(Cow<'a, Row>),
    /// A part is complete, and about to be written: its rows are needed here no longer.
    Complete(Cow<'a, Part>),
    /// What there is of a part is about to be written, while more of its rows may follow.
    Begun(Cow<'a, Part>),
    /// The rows of a source hold no longer.
    Withdrawn(Cow<'a, SourceId>),
}

impl Record<'_> {
    /// Puts the record behind others.
    ///
    /// # Errors
    /// When it is too large to have its length written down.
    pub fn append(&self, to: &mut Vec<u8>) -> io::Result<()> {
        let invalid = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
        let bytes = postcard::to_stdvec(self).map_err(|e| invalid(e.to_string()))?;
        let length = u32::try_from(bytes.len())
            .map_err(|_| invalid(format!("a row has {} bytes", bytes.len())))?;
        to.extend(length.to_le_bytes());
        to.extend(crc32fast::hash(&bytes).to_le_bytes());
        to.extend(bytes);
        Ok(())
    }
}

/// The record that bytes begin with, and how many bytes it takes. Nothing if they begin with no
/// whole one, as where a machine lost its power.
pub fn first_of(bytes: &[u8]) -> Option<(Record<'static>, usize)> {
    let word = |at: usize| -> Option<u32> {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(word))
    };
    let end = HEAD_BYTES.checked_add(word(0)? as usize)?;
    let content = bytes.get(HEAD_BYTES..end)?;
    let is_whole = crc32fast::hash(content) == word(4)?;
    let record = is_whole.then(|| postcard::from_bytes(content).ok())??;
    Some((record, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_torn_or_bent_is_no_record() {
        let record = Record::Withdrawn(Cow::Owned(SourceId::slug("a")));
        let mut bytes = Vec::new();
        record.append(&mut bytes).unwrap();
        assert_eq!(first_of(&bytes), Some((record, bytes.len())));
        for end in 0..bytes.len() {
            assert_eq!(first_of(&bytes[..end]), None);
        }
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 0x40;
            assert_eq!(first_of(&bent), None, "byte {at}");
        }
    }
}
