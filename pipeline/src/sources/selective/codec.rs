//! What is known of a codec before decoding: which pictures others may refer to.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use gstreamer as gst;

use super::{
    frame_number::FrameNumbers,
    nal::{Avc, Form, Hevc},
    select::Role,
};

/// No picture of H.264 or H.265 comes behind more than this many that are shown after it.
const MOST_REORDERED: usize = 16;

/// How an access unit is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codec {
    /// H.264, frames only.
    Avc {
        /// How its units follow each other.
        form: Form,
        /// By which missing references are noticed.
        numbers: FrameNumbers,
    },
    /// H.265, frames only.
    Hevc {
        /// How its units follow each other.
        form: Form,
        /// The highest layer in time, where it is known.
        highest_layer: Option<u8>,
    },
    /// VP8.
    Vp8,
    /// VP9, in superframes.
    Vp9,
    /// Every picture for itself.
    Intra,
}

/// What an access unit is to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What refers to it.
    pub role: Role,
    /// A mark of the parameter sets in it, if there are any.
    pub parameters: Option<u64>,
    /// Whether something that it may refer to is missing.
    pub is_broken: bool,
}

impl Codec {
    /// The codec of a stream; `None` for those of which everything is decoded.
    pub fn of(caps: &gst::CapsRef) -> Option<Self> {
        let caps = caps.structure(0)?;
        match caps.name().as_str() {
            "video/x-h264" if is_of_frames(caps) => match caps.get::<&str>("stream-format") {
                Ok("byte-stream") => Some(Self::avc(Form::StartCodes, &[])),
                Ok("avc" | "avc3") => {
                    let header = data(caps)?;
                    let form = Form::Lengths(length_bytes(&header, 4)?);
                    Some(Self::avc(form, &header))
                }
                _ => None,
            },
            "video/x-h265" if is_of_frames(caps) => match caps.get::<&str>("stream-format") {
                Ok("byte-stream") => Some(Self::hevc(Form::StartCodes, &[])),
                Ok("hvc1" | "hev1") => {
                    let header = data(caps)?;
                    let form = Form::Lengths(length_bytes(&header, 21)?);
                    Some(Self::hevc(form, &header))
                }
                _ => None,
            },
            "video/x-vp8" => Some(Self::Vp8),
            "video/x-vp9" if caps.get::<&str>("alignment").ok() != Some("frame") => Some(Self::Vp9),
            "image/jpeg" | "image/png" | "video/x-prores" | "video/x-dnxhd" => Some(Self::Intra),
            _ => None,
        }
    }

    fn avc(form: Form, header: &[u8]) -> Self {
        let numbers = FrameNumbers::of_header(header);
        Self::Avc { form, numbers }
    }

    fn hevc(form: Form, header: &[u8]) -> Self {
        let mut highest_layer = None;
        for unit in hevc_parameters(header) {
            note_layers(&mut highest_layer, unit);
        }
        Self::Hevc {
            form,
            highest_layer,
        }
    }

    /// How many access units shown later may come before one.
    pub fn most_reordered(&self) -> usize {
        match self {
            Self::Avc { .. } | Self::Hevc { .. } => MOST_REORDERED,
            Self::Vp8 | Self::Vp9 | Self::Intra => 0,
        }
    }

    /// What an access unit is to others; `None` where that cannot be told.
    pub fn read(&mut self, access_unit: &[u8]) -> Option<Reading> {
        let is_key = match self {
            Self::Avc { form, numbers } => return read_avc(*form, numbers, access_unit),
            Self::Hevc {
                form,
                highest_layer,
            } => return read_hevc(*form, highest_layer, access_unit),
            // `frame_type`, the lowest bit (RFC 6386, 9.1).
            Self::Vp8 => access_unit.first()? & 1 == 0,
            Self::Vp9 => is_vp9_key(*access_unit.first()?),
            Self::Intra => true,
        };
        let role = if is_key { Role::Key } else { Role::Reference };
        Some(Reading {
            role,
            parameters: None,
            is_broken: false,
        })
    }
}

/// Whether every access unit is a frame: of fields, two make a picture.
fn is_of_frames(caps: &gst::StructureRef) -> bool {
    let says = |field, expected| {
        caps.get::<&str>(field)
            .map_or(true, |said| said == expected)
    };
    says("alignment", "au")
        && says("coded-picture-structure", "frame")
        && says("interlace-mode", "progressive")
}

fn data(caps: &gst::StructureRef) -> Option<Vec<u8>> {
    let buffer = caps.get::<gst::Buffer>("codec_data").ok()?;
    let map = buffer.map_readable().ok()?;
    Some(map.to_vec())
}

/// In how many bytes a unit's length is written: told by two bits of the header.
fn length_bytes(header: &[u8], at: usize) -> Option<usize> {
    header.get(at).map(|byte| usize::from(byte & 3) + 1)
}

/// The parameter sets in the header of H.265 (ISO 14496-15, 8.3.3.1).
fn hevc_parameters(header: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = header.get(23..).unwrap_or_default();
    let mut of_kind = 0;
    std::iter::from_fn(move || {
        while of_kind == 0 {
            let [_, high, low, behind @ ..] = rest else {
                return None;
            };
            of_kind = u16::from_be_bytes([*high, *low]);
            rest = behind;
        }
        of_kind -= 1;
        let mut units = Form::Lengths(2).units(rest);
        let unit = units.next()?;
        rest = rest.get(2 + unit.len()..)?;
        Some(unit)
    })
}

fn note_layers(highest: &mut Option<u8>, unit: &[u8]) {
    if let Hevc::Sequence { highest_layer } = Hevc::of(unit) {
        *highest = (*highest).max(Some(highest_layer));
    }
}

fn read_avc(form: Form, numbers: &mut FrameNumbers, access_unit: &[u8]) -> Option<Reading> {
    let mut role = None;
    let mut first_slice = None;
    let mut parameters = Parameters::default();
    for unit in form.units(access_unit) {
        let kind = Avc::of(unit);
        match kind {
            Avc::Idr => role = Some(Role::Key),
            Avc::Slice { is_reference } => role = role.max(Some(Role::of_slice(is_reference))),
            Avc::Sequence => numbers.note_sequence(unit),
            Avc::Parameters | Avc::Other => {}
        }
        match kind {
            Avc::Idr | Avc::Slice { .. } => {
                first_slice.get_or_insert(unit);
            }
            Avc::Sequence | Avc::Parameters => parameters.add(unit),
            Avc::Other => {}
        }
    }
    let (role, first_slice) = role.zip(first_slice)?;
    let (is_key, is_reference) = (role == Role::Key, role != Role::Disposable);
    Some(Reading {
        is_broken: numbers.is_broken_at(first_slice, is_key, is_reference),
        ..parameters.with(role)
    })
}

fn read_hevc(form: Form, highest: &mut Option<u8>, access_unit: &[u8]) -> Option<Reading> {
    let mut role = None;
    let mut parameters = Parameters::default();
    for unit in form.units(access_unit) {
        note_layers(highest, unit);
        match Hevc::of(unit) {
            Hevc::Idr => role = Some(Role::Key),
            // Pictures that follow may refer to what is not there, and then are not shown.
            Hevc::Broken => return None,
            Hevc::Slice {
                is_reference,
                layer,
            } => {
                let is_reference = is_reference || Some(layer) != *highest;
                role = role.max(Some(Role::of_slice(is_reference)));
            }
            Hevc::Sequence { .. } | Hevc::Parameters => parameters.add(unit),
            Hevc::Other => {}
        }
    }
    Some(parameters.with(role?))
}

/// Whether a VP9 frame that begins with this byte is a key frame: behind the frame marker, two
/// bits of profile (and a reserved one for profile 3) and `show_existing_frame`.
fn is_vp9_key(first: u8) -> bool {
    let (profile, flags) = (first >> 4 & 3, first & 0x0f);
    match profile {
        3 => flags & 0b0110 == 0,
        _ => flags & 0b1100 == 0,
    }
}

/// The parameter sets of an access unit.
#[derive(Default)]
struct Parameters(Option<DefaultHasher>);

impl Parameters {
    fn add(&mut self, unit: &[u8]) {
        unit.hash(self.0.get_or_insert_default());
    }

    fn with(self, role: Role) -> Reading {
        Reading {
            role,
            parameters: self.0.map(|hasher| hasher.finish()),
            is_broken: false,
        }
    }
}

impl Role {
    fn of_slice(is_reference: bool) -> Self {
        match is_reference {
            true => Self::Reference,
            false => Self::Disposable,
        }
    }
}
