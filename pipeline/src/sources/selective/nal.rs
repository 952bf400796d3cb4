//! The units that H.264 and H.265 streams consist of, and what the first bytes of each say.

/// How units follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Each behind its length, in so many bytes (`avc`, `hvc1`, `hev1`).
    Lengths(usize),
    /// Each behind a start code (`byte-stream`).
    StartCodes,
}

impl Form {
    /// The units of an access unit, without what separates them. Ends early where a length
    /// reaches beyond the end.
    pub fn units(self, access_unit: &[u8]) -> Units<'_> {
        let rest = match self {
            Self::Lengths(_) => access_unit,
            Self::StartCodes => behind_start_code(access_unit),
        };
        Units { form: self, rest }
    }
}

/// The units of an access unit, one by one.
#[derive(Clone, Debug)]
pub struct Units<'a> {
    form: Form,
    rest: &'a [u8],
}

impl<'a> Iterator for Units<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        match self.form {
            Form::Lengths(bytes) => {
                let (length, rest) = self.rest.split_at_checked(bytes)?;
                let length = length.iter().fold(0, |sum, &b| sum << 8 | usize::from(b));
                let (unit, rest) = rest.split_at_checked(length)?;
                self.rest = rest;
                Some(unit)
            }
            Form::StartCodes => {
                if self.rest.is_empty() {
                    return None;
                }
                let end = start_code(self.rest).unwrap_or(self.rest.len());
                let (unit, rest) = self.rest.split_at(end);
                self.rest = behind_start_code(rest);
                Some(unit)
            }
        }
    }
}

/// Where the next start code begins.
fn start_code(data: &[u8]) -> Option<usize> {
    data.windows(3).position(|bytes| bytes == [0, 0, 1])
}

fn behind_start_code(data: &[u8]) -> &[u8] {
    start_code(data).map_or(&[], |at| &data[at + 3..])
}

/// What H.264 says of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Avc {
    /// A slice of an IDR picture.
    Idr,
    /// A slice, of a picture to which others refer or not.
    Slice {
        /// Whether others may.
        is_reference: bool,
    },
    /// A sequence parameter set.
    Sequence,
    /// Another parameter set.
    Parameters,
    /// Anything else.
    Other,
}

impl Avc {
    /// By `nal_unit_type` and `nal_ref_idc` (H.264, 7.3.1).
    pub fn of(unit: &[u8]) -> Self {
        match unit.first().map(|byte| (byte & 0x1f, byte >> 5 & 3)) {
            Some((5, _)) => Self::Idr,
            Some((1..=4, idc)) => Self::Slice {
                is_reference: idc != 0,
            },
            Some((7, _)) => Self::Sequence,
            Some((8 | 13 | 15, _)) => Self::Parameters,
            _ => Self::Other,
        }
    }
}

/// What H.265 says of a unit of the base layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hevc {
    /// A slice of an IDR picture.
    Idr,
    /// A slice of a picture that cuts the stream (BLA).
    Broken,
    /// A slice, of a picture to which others of the same layer in time refer or not.
    Slice {
        /// Whether others may.
        is_reference: bool,
        /// Its layer in time.
        layer: u8,
    },
    /// A sequence parameter set of a stream of so many layers in time above the first.
    Sequence {
        /// The highest layer.
        highest_layer: u8,
    },
    /// Another parameter set.
    Parameters,
    /// Anything else.
    Other,
}

impl Hevc {
    /// By `nal_unit_type` and `nuh_temporal_id_plus1` (H.265, 7.3.1.2, 7.4.2.2), and the
    /// `sps_max_sub_layers_minus1` of sequence parameter sets (7.3.2.2).
    pub fn of(unit: &[u8]) -> Self {
        let &[first, second, ..] = unit else {
            return Self::Other;
        };
        let kind = first >> 1 & 0x3f;
        let nuh_layer = (first & 1) << 5 | second >> 3;
        if nuh_layer != 0 {
            return Self::Other;
        }
        match kind {
            0..=15 => Self::Slice {
                is_reference: kind % 2 == 1,
                layer: (second & 7).saturating_sub(1),
            },
            16..=18 => Self::Broken,
            19 | 20 => Self::Idr,
            21..=31 => Self::Slice {
                is_reference: true,
                layer: 0,
            },
            33 => unit.get(2).map_or(Self::Other, |byte| Self::Sequence {
                highest_layer: byte >> 1 & 7,
            }),
            32 | 34 => Self::Parameters,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_the_same_units() {
        let lengths = [0, 2, 9, 8, 0, 1, 7, 0, 3, 0, 0, 2];
        let codes = [0, 0, 0, 1, 9, 8, 0, 0, 1, 7, 0, 0, 1, 0, 0, 2];
        let units = [&[9, 8][..], &[7], &[0, 0, 2]];
        assert!(Form::Lengths(2).units(&lengths).eq(units));
        assert!(Form::StartCodes.units(&codes).eq(units));
    }

    #[test]
    fn a_length_beyond_the_end_ends_it() {
        let cut = [0, 1, 7, 0, 9, 1];
        assert!(Form::Lengths(2).units(&cut).eq([&[7][..]]));
        assert_eq!(Form::Lengths(4).units(&[0]).count(), 0);
        assert_eq!(Form::StartCodes.units(&[5, 0, 0]).count(), 0);
    }

    #[test]
    fn kinds_of_units() {
        assert_eq!(Avc::of(&[0x65]), Avc::Idr);
        let slice = |is_reference| Avc::Slice { is_reference };
        assert_eq!(Avc::of(&[0x01]), slice(false));
        assert_eq!(Avc::of(&[0x41]), slice(true));
        assert_eq!(Avc::of(&[0x67]), Avc::Sequence);
        assert_eq!(Avc::of(&[0x68]), Avc::Parameters);
        assert_eq!(Avc::of(&[0x06]), Avc::Other);
        let slice = |is_reference, layer| Hevc::Slice {
            is_reference,
            layer,
        };
        assert_eq!(Hevc::of(&[0x26, 1]), Hevc::Idr);
        assert_eq!(Hevc::of(&[0x2a, 1]), slice(true, 0), "CRA");
        assert_eq!(Hevc::of(&[0x00, 1]), slice(false, 0), "TRAIL_N");
        assert_eq!(Hevc::of(&[0x10, 2]), slice(false, 1), "RASL_N");
        assert_eq!(Hevc::of(&[0x02, 1]), slice(true, 0), "TRAIL_R");
        let highest_layer = 2;
        assert_eq!(Hevc::of(&[0x42, 1, 5]), Hevc::Sequence { highest_layer });
        assert_eq!(Hevc::of(&[0x26, 9]), Hevc::Other, "of another view");
    }
}
