//! What a segment becomes in a training set, whatever kind of set it is.

use serde_json::{Map, Value};
use sonoscope_operators::{Segment, Status};

/// Some seconds of one source, as they lie in a shard: members of one name.
#[derive(Debug, Default)]
pub struct Sample {
    /// What is in it.
    pub counts: Counts,
    /// Arrays, each with what stands behind the name: `frames.npy`.
    pub members: Vec<(&'static str, Vec<u8>)>,
    /// What its JSON says besides what is known of the source.
    pub about: Map<String, Value>,
}

/// How many seconds, and how many of them teach little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Seconds with picture and sound.
    pub pairs: usize,
    /// Of these, those in which the sound is silent.
    pub silent: usize,
    /// And those with the picture of the second before.
    pub frozen: usize,
}

impl Counts {
    /// One more pair.
    pub fn count(&mut self, segment: &Segment) {
        self.pairs += 1;
        self.silent += usize::from(segment.audio == Status::Silent);
        self.frozen += usize::from(segment.video == Status::Frozen);
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.pairs += other.pairs;
        self.silent += other.silent;
        self.frozen += other.frozen;
    }
}

/// Turns the segments of one source after the other into samples.
pub trait Maker {
    /// Takes the next segment, whole or not; `samples` gets what is full by it.
    fn add(&mut self, segment: &Segment, samples: &mut Vec<Sample>);

    /// The source has ended: `samples` gets what is left of it. What comes next is another source.
    fn end(&mut self, samples: &mut Vec<Sample>);
}

/// An array in NumPy's format 1.0: magic, version, padded header, data in C order.
pub fn npy(dtype: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
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
