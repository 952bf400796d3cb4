//! Pictures made small enough to stand in a page.

use std::io;

use sonoscope_models::FrameContract;
use sonoscope_operators::{FrameTensor, Picture};

use crate::heatmaps::encode_png;

/// Bits of a colour that are kept: noise that nobody sees is most of a picture's bytes.
const KEPT_BITS: u8 = 0b1111_1000;

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
        let small = shrink.to(&wide, 224);
        assert_eq!((small.width, small.height), (224, 126));
        let tiny = Picture {
            width: 3,
            height: 2,
            rgb: vec![9; 18],
        };
        let tiny = shrink.to(&tiny, 224);
        assert_eq!((tiny.width, tiny.height), (3, 2));
    }
}
