//! How records stand in a file: one after the other, each with its length and a checksum.

use std::io;

/// Bytes before a record: its length and its CRC-32, both little-endian.
const HEAD_BYTES: usize = 8;

/// Puts a record behind others.
///
/// # Errors
/// When it is too large to have its length written down.
pub fn append(record: &[u8], to: &mut Vec<u8>) -> io::Result<()> {
    let length = u32::try_from(record.len()).map_err(|_| {
        let message = format!("a record has {} bytes", record.len());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })?;
    to.extend(length.to_le_bytes());
    to.extend(crc32fast::hash(record).to_le_bytes());
    to.extend(record);
    Ok(())
}

/// The record that bytes begin with, and how many bytes it takes. Nothing if they begin with no
/// whole one, as where a machine lost its power.
pub fn first_of(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let word = |at: usize| -> Option<u32> {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(word))
    };
    let end = HEAD_BYTES.checked_add(word(0)? as usize)?;
    let content = bytes.get(HEAD_BYTES..end)?;
    (crc32fast::hash(content) == word(4)?).then_some((content, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_torn_or_bent_is_no_record() {
        let mut bytes = Vec::new();
        append(b"a record", &mut bytes).unwrap();
        assert_eq!(first_of(&bytes), Some((&b"a record"[..], bytes.len())));
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
