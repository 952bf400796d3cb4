//! Pictures to other sizes.

use std::fmt;

use fast_image_resize::{
    FilterType, ImageView, PixelTrait, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedCroppedImage, TypedImage, TypedImageRef},
    pixels::{U8, U8x2, U8x3},
};

use crate::Picture;

/// Resizes whole pictures, their aspect not kept, by a bilinear filter.
///
/// ```
/// use sonoscope_operators::{Picture, Resize};
///
/// let grey = Picture { width: 640, height: 360, rgb: vec![127; 640 * 360 * 3] };
/// let small = Resize::new(true).picture(&grey, 112, 112);
/// assert_eq!((small.width, small.height), (112, 112));
/// assert!(small.rgb.iter().all(|&value| value == 127));
/// ```
#[derive(Clone)]
pub struct Resize {
    options: ResizeOptions,
    resizer: Resizer,
}

/// How the bytes of a plane make pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaneKind {
    /// One byte is a pixel.
    Single,
    /// Two bytes are, such as U and V in turn.
    Pairs,
}

/// A plane of a picture: rows with space behind them.
#[derive(Clone, Copy, Debug)]
pub struct PlaneView<'a> {
    /// Its rows, `stride` bytes each.
    pub data: &'a [u8],
    /// Bytes from row to row.
    pub stride: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What a pixel is.
    pub kind: PlaneKind,
}

impl Resize {
    /// With a filter that widens when it shrinks a picture (as Pillow's does), or not.
    pub fn new(antialias: bool) -> Self {
        let algorithm = if antialias {
            ResizeAlg::Convolution(FilterType::Bilinear)
        } else {
            ResizeAlg::Interpolation(FilterType::Bilinear)
        };
        Self {
            options: ResizeOptions::new().resize_alg(algorithm),
            resizer: Resizer::new(),
        }
    }

    /// A picture in another size.
    ///
    /// # Panics
    /// If the picture is empty or does not hold the pixels that it says.
    pub fn picture(&mut self, picture: &Picture, width: usize, height: usize) -> Picture {
        let mut rgb = vec![0; width * height * 3];
        self.rgb(picture, [width, height], &mut rgb);
        Picture {
            width: width as u32,
            height: height as u32,
            rgb,
        }
    }

    /// Writes a picture in another size, packed RGB.
    ///
    /// # Panics
    /// If the picture is empty or does not hold the pixels that it says, or if `resized` is not
    /// `width * height * 3` long.
    pub fn rgb(&mut self, picture: &Picture, size: [usize; 2], resized: &mut [u8]) {
        let whole = [0.0, 0.0, picture.width.into(), picture.height.into()];
        self.rgb_part(picture, whole, size, resized);
    }

    /// Writes a part of a picture in another size, packed RGB: left, top, width and height in pixels
    /// of the picture. Where the filter reaches beyond the part it sees what is there, so this is the
    /// same as resizing the whole and cutting.
    ///
    /// # Panics
    /// As [`rgb`](Self::rgb), and if the part is none.
    pub fn rgb_part(
        &mut self,
        picture: &Picture,
        [left, top, across, down]: [f64; 4],
        [width, height]: [usize; 2],
        resized: &mut [u8],
    ) {
        let bytes = picture.width as usize * picture.height as usize * 3;
        assert!(
            bytes > 0 && picture.rgb.len() == bytes,
            "{picture:?} of {} bytes",
            picture.rgb.len()
        );
        // Typed images: of untyped ones the compiler would build every kind of pixel.
        let from = TypedImageRef::<U8x3>::from_buffer(picture.width, picture.height, &picture.rgb)
            .expect("the length has just been checked, and bytes need no alignment");
        let mut to = TypedImage::<U8x3>::from_buffer(width as u32, height as u32, resized)
            .expect("the caller's buffer has this very length");
        let options = self.options.crop(left, top, across, down);
        self.resizer
            .resize_typed(&from, &mut to, &options)
            .expect("the part lies in the picture, which leaves nothing to fail");
    }

    /// A plane in another size, without space behind its rows.
    ///
    /// # Panics
    /// If the plane is empty or does not hold the rows that it says.
    pub fn plane(&mut self, plane: PlaneView<'_>, width: usize, height: usize) -> Vec<u8> {
        match plane.kind {
            PlaneKind::Single => self.typed_plane::<U8>(plane, width, height),
            PlaneKind::Pairs => self.typed_plane::<U8x2>(plane, width, height),
        }
    }

    fn typed_plane<P: PixelTrait>(
        &mut self,
        plane: PlaneView<'_>,
        width: usize,
        height: usize,
    ) -> Vec<u8> {
        let (across, rows) = (plane.stride / P::size(), plane.height);
        let held = plane.data.get(..plane.stride * rows);
        let whole = held.filter(|data| !data.is_empty() && plane.width <= across);
        let data = whole.unwrap_or_else(|| panic!("{plane:?} does not hold its rows"));
        let padded = TypedImageRef::<P>::from_buffer(across as u32, rows as u32, data)
            .expect("the length has just been checked, and bytes need no alignment");
        // Through a view of the pixels alone, so that the filter never sees what is behind rows.
        let from = TypedCroppedImage::from_ref(&padded, 0, 0, plane.width as u32, rows as u32)
            .expect("rows are at least as long as their pixels");
        let mut resized = vec![0; width * height * P::size()];
        let mut to = TypedImage::<P>::from_buffer(width as u32, height as u32, &mut resized)
            .expect("the buffer was made with this very length");
        self.typed(&from, &mut to);
        resized
    }

    fn typed<P: PixelTrait>(
        &mut self,
        from: &impl ImageView<Pixel = P>,
        to: &mut TypedImage<'_, P>,
    ) {
        self.resizer
            .resize_typed(from, to, &self.options)
            .expect("nothing is cropped, which leaves nothing to fail");
    }
}

impl fmt::Debug for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resize({:?})", self.options.algorithm)
    }
}
