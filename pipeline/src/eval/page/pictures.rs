//! The pictures of the examples: read once more, and shrunk.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use sonoscope_models::FrameContract;
use sonoscope_operators::{Event, FrameTensor, Picture, Slicer, slice::DEFAULT_SILENCE_DBFS};

use super::super::evidence::Evidence;
use crate::{
    agenda::{Agenda, Opening},
    fault::Fault,
    heatmaps::encode_png,
    sources::{self, SecondRange, SourceSpec, Stop},
};

/// Columns of a picture on the page, at most.
const WIDTH: u32 = 224;

/// Columns of a small one.
const SMALL_WIDTH: u32 = 132;

/// Bits of a colour that are kept: noise that nobody sees is most of a picture's bytes.
const KEPT_BITS: u8 = 0b1111_1000;

/// A second of a clip: the clip's place in the evidence, and which second.
pub type Shot = (usize, i64);

/// Shrunk pictures.
#[derive(Default)]
pub struct Pictures(BTreeMap<Shot, Picture>);

impl Pictures {
    /// Reads the pictures that are wanted, one recording after another. A recording that cannot be
    /// read any more has none.
    ///
    /// # Errors
    /// When the evaluation is stopped.
    pub fn fetch(evidence: &Evidence, wanted: &BTreeSet<Shot>, stop: &Stop) -> Result<Self, Fault> {
        let mut clips: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
        for (clip, second) in wanted {
            clips.entry(*clip).or_default().push(*second);
        }
        let specs: Vec<SourceSpec> = (clips.iter())
            .map(|(clip, seconds)| SourceSpec {
                range: SecondRange {
                    from: seconds[0],
                    to: seconds[seconds.len() - 1] + 1,
                },
                ordinal: *clip as u32,
                ..evidence.clips[*clip].spec.clone()
            })
            .collect();
        let agenda = Agenda::new(specs, stop.clone(), |_| ());
        let (inlet, inbox) = sources::inbox(|| ());
        let mut pictures = Self::default();
        let mut shrink = Shrink::new();
        while agenda.open_next(&inlet) == Opening::Opened {
            pictures.read(&inbox, wanted, &mut shrink);
        }
        match stop.is_raised() {
            true => Err(Fault::environment("stopped before its end")),
            false => Ok(pictures),
        }
    }

    /// All that is wanted of the one source that is open.
    fn read(&mut self, inbox: &sources::Inbox, wanted: &BTreeSet<Shot>, shrink: &mut Shrink) {
        let mut slicer = Slicer::new(DEFAULT_SILENCE_DBFS);
        for arrival in inbox {
            let clip = arrival.ordinal as usize;
            let closed = matches!(arrival.event, Event::Closed | Event::Cut);
            slicer.push(arrival.event);
            for segment in &mut slicer {
                let shot = (clip, segment.index);
                if let Some(frame) = segment.frame.filter(|_| wanted.contains(&shot)) {
                    self.0.insert(shot, shrink.to(&frame.picture, WIDTH));
                }
            }
            if closed {
                return;
            }
        }
    }

    /// The picture of a second, if it could be read.
    pub fn get(&self, shot: Shot) -> Option<&Picture> {
        self.0.get(&shot)
    }

    /// The same, smaller.
    pub fn small(&self, shot: Shot) -> Option<Picture> {
        Some(Shrink::new().to(self.get(shot)?, SMALL_WIDTH))
    }
}

/// Makes pictures small, keeping their shape.
pub struct Shrink {
    resizer: FrameTensor,
}

impl Shrink {
    /// Ready for any picture.
    pub fn new() -> Self {
        Self {
            resizer: FrameTensor::new(&FrameContract {
                width: 1,
                height: 1,
                shorter_side: None,
                antialias: true,
                mean: [0.0; 3],
                std: [1.0; 3],
                clip: None,
            }),
        }
    }

    /// A picture of at most so many columns.
    pub fn to(&mut self, picture: &Picture, columns: u32) -> Picture {
        let width = picture.width.min(columns);
        let height = (u64::from(picture.height) * u64::from(width))
            .div_ceil(u64::from(picture.width.max(1)))
            .max(1) as u32;
        Picture {
            width,
            height,
            rgb: (self.resizer).resize_rgb(picture, width as usize, height as usize),
        }
    }
}

/// A picture as a URL that holds all of it.
///
/// # Errors
/// When it cannot be encoded.
pub fn data_url(picture: &Picture) -> io::Result<String> {
    let mut png = Vec::new();
    let mut picture = picture.clone();
    for value in &mut picture.rgb {
        // Moved to the middle of the values that become one.
        *value = *value & KEPT_BITS | !KEPT_BITS >> 1;
    }
    encode_png(&mut png, &picture, png::Compression::High)?;
    Ok(format!("data:image/png;base64,{}", base64(&png)))
}

/// Bytes in the letters of RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for letter in 0..4 {
            let letter_of = |bits: u32| char::from(LETTERS[bits as usize & 63]);
            text.push(match letter <= three.len() {
                true => letter_of(bits >> (18 - 6 * letter)),
                false => '=',
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_the_standard() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[255, 254, 253]), "//79");
    }

    #[test]
    fn pictures_keep_their_shape() {
        let mut shrink = Shrink::new();
        let wide = Picture {
            width: 1280,
            height: 720,
            rgb: vec![9; 1280 * 720 * 3],
        };
        let small = shrink.to(&wide, WIDTH);
        assert_eq!((small.width, small.height), (224, 126));
        let tiny = Picture {
            width: 3,
            height: 2,
            rgb: vec![9; 18],
        };
        let tiny = shrink.to(&tiny, WIDTH);
        assert_eq!((tiny.width, tiny.height), (3, 2));
    }
}
