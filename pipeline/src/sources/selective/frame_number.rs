//! Whether a reference is missing from an H.264 stream: pictures count their references.

/// Of a slice header, so much is read.
const HEADER_BYTES: usize = 32;

/// What is read of a sequence parameter set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sequence {
    /// Bits of `frame_num`.
    bits: u32,
    has_separate_planes: bool,
}

/// Follows the `frame_num` of a stream of frames: each is one more than that of the reference
/// before it (H.264, 7.4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameNumbers {
    sequence: Option<Sequence>,
    /// Parameter sets differ, and it is not known which one holds.
    is_ambiguous: bool,
    last_reference: Option<u32>,
}

impl FrameNumbers {
    /// The parameter sets of a header (ISO 14496-15, 5.3.3.1).
    pub fn of_header(header: &[u8]) -> Self {
        let mut numbers = Self::default();
        let count = header.get(5).map_or(0, |byte| byte & 0x1f);
        let sets = super::nal::Form::Lengths(2).units(header.get(6..).unwrap_or_default());
        for set in sets.take(usize::from(count)) {
            numbers.note_sequence(set);
        }
        numbers
    }

    /// A sequence parameter set came.
    pub fn note_sequence(&mut self, unit: &[u8]) {
        let sequence = sequence(&mut Bits::new(unit));
        self.is_ambiguous |=
            sequence.is_none() || self.sequence.is_some() && self.sequence != sequence;
        self.sequence = sequence;
    }

    /// The first slice of the next picture came: whether a reference before it is missing.
    pub fn is_broken_at(&mut self, unit: &[u8], is_key: bool, is_reference: bool) -> bool {
        let Some(sequence) = self.sequence.filter(|_| !self.is_ambiguous) else {
            return false;
        };
        let unit = &unit[..unit.len().min(HEADER_BYTES)];
        let Some(number) = frame_number(&mut Bits::new(unit), sequence) else {
            return true;
        };
        let modulo = 1 << sequence.bits;
        let is_next = |last| number == (last + 1) % modulo;
        let is_broken = !is_key && !self.last_reference.is_some_and(is_next);
        if is_reference {
            self.last_reference = Some(number);
        }
        is_broken
    }
}

/// Reads a sequence parameter set up to `log2_max_frame_num_minus4` (7.3.2.1.1).
fn sequence(bits: &mut Bits) -> Option<Sequence> {
    let profile = bits.take(8)?;
    bits.take(16)?;
    bits.golomb()?;
    let mut has_separate_planes = false;
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(&profile) {
        let chroma = bits.golomb()?;
        has_separate_planes = chroma == 3 && bits.take(1)? == 1;
        bits.golomb()?;
        bits.golomb()?;
        bits.take(1)?;
        if bits.take(1)? == 1 {
            let lists = if chroma == 3 { 12 } else { 8 };
            for list in 0..lists {
                if bits.take(1)? == 1 {
                    skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    Some(Sequence {
        bits: bits.golomb().filter(|&bits| bits <= 12)? + 4,
        has_separate_planes,
    })
}

/// 7.3.2.1.1.1: the list ends where the next scale would be 0.
fn skip_scaling_list(bits: &mut Bits, length: usize) -> Option<()> {
    let (mut last, mut next) = (8i64, 8i64);
    for _ in 0..length {
        if next != 0 {
            let code = i64::from(bits.golomb()?);
            let delta = if code % 2 == 1 {
                (code + 1) / 2
            } else {
                -code / 2
            };
            next = (last + delta).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

/// Reads a slice header up to `frame_num` (7.3.3).
fn frame_number(bits: &mut Bits, sequence: Sequence) -> Option<u32> {
    for _ in ["first_mb_in_slice", "slice_type", "pic_parameter_set_id"] {
        bits.golomb()?;
    }
    if sequence.has_separate_planes {
        bits.take(2)?;
    }
    bits.take(sequence.bits)
}

/// The bits of a unit behind its first byte, without those that keep start codes out.
struct Bits {
    bytes: Vec<u8>,
    at: usize,
}

impl Bits {
    fn new(unit: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(unit.len());
        let mut zeros = 0;
        for &byte in unit.iter().skip(1) {
            if zeros >= 2 && byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            bytes.push(byte);
        }
        Self { bytes, at: 0 }
    }

    /// The next bits, up to 32 of them.
    fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |number, _| {
            let byte = self.bytes.get(self.at / 8)?;
            let bit = byte >> (7 - self.at % 8) & 1;
            self.at += 1;
            Some(number << 1 | u32::from(bit))
        })
    }

    /// An Exp-Golomb code (9.1).
    fn golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
        }
        let rest = self.take(zeros).filter(|_| zeros < 32)?;
        Some((1 << zeros) - 1 + rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit of these bits, behind its first byte.
    fn unit(bits: &str) -> Vec<u8> {
        let bits: Vec<_> = bits.bytes().filter(u8::is_ascii_digit).collect();
        let byte = |bits: &[u8]| {
            let value = bits.iter().fold(0, |sum, bit| sum << 1 | (bit - b'0'));
            value << (8 - bits.len())
        };
        std::iter::once(0x67)
            .chain(bits.chunks(8).map(byte))
            .collect()
    }

    /// A slice of the picture of this number, written in 4 bits.
    fn slice(number: u32) -> Vec<u8> {
        unit(&format!("1 011 1 {number:04b} 1"))
    }

    #[test]
    fn a_missing_reference_is_noticed() {
        let mut numbers = FrameNumbers::default();
        // Baseline: profile, flags, level; set 0, 4 bits.
        numbers.note_sequence(&unit("01000010 00000000 00011110 1 1 1"));
        let mut broken = |number, is_key, is_reference| {
            numbers.is_broken_at(&slice(number), is_key, is_reference)
        };
        assert!(broken(5, false, true), "there is none before it");
        assert!(!broken(0, true, true));
        assert!(!broken(1, false, true));
        assert!(!broken(2, false, false));
        assert!(!broken(2, false, false));
        assert!(!broken(2, false, true));
        assert!(broken(4, false, true));
        assert!(!broken(5, false, true));
        let wraps = (6..=16).map(|number| broken(number % 16, false, true));
        assert!(wraps.collect::<Vec<_>>().iter().all(|&broken| !broken));
    }

    #[test]
    fn what_high_profiles_say_besides() {
        // Separate planes, and one scaling list that ends at once.
        let high = "11110100 00000000 00011110 1 00100 1 1 1 0 1 1 000010001";
        let lists = "0".repeat(11);
        let sequence = sequence(&mut Bits::new(&unit(&format!("{high} {lists} 010"))));
        let expected = Sequence {
            bits: 5,
            has_separate_planes: true,
        };
        assert_eq!(sequence, Some(expected));
    }

    #[test]
    fn codes() {
        let mut bits = Bits::new(&unit("1 010 011 00100 00111 1111"));
        let codes: Vec<_> = (0..5).filter_map(|_| bits.golomb()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 6]);
        assert_eq!(Bits::new(&[9, 0, 0, 3, 1]).take(24), Some(1));
        assert_eq!(Bits::new(&[9, 0, 0]).golomb(), None);
    }
}
