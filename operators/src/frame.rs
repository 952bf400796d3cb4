//! Picture to normalised tensor.

use std::fmt;

use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use sonoscope_models::FrameContract;

use crate::Picture;

/// Makes the tensor that a contract asks for of pictures of any size.
///
/// The whole picture is resized, its aspect not kept; then each channel is divided by 255, the
/// contract's mean is subtracted and the rest divided by its standard deviation; red, green and
/// blue end up in planes of their own.
///
/// ```
/// use sonoscope_models::FrameContract;
/// use sonoscope_operators::{FrameTensor, Picture};
///
/// let mut frame = FrameTensor::new(&FrameContract {
///     width: 224,
///     height: 224,
///     antialias: true,
///     mean: [0.485, 0.456, 0.406],
///     std: [0.229, 0.224, 0.225],
/// });
/// let white = Picture { width: 640, height: 360, rgb: vec![255; 640 * 360 * 3] };
/// let mut tensor = vec![0.0; frame.len()];
/// frame.compute(&white, &mut tensor);
/// assert_eq!(tensor.len(), 3 * 224 * 224);
/// assert!((tensor[0] - (1.0 - 0.485) / 0.229).abs() < 1e-5); // red, top left
/// ```
#[derive(Clone)]
pub struct FrameTensor {
    width: usize,
    height: usize,
    options: ResizeOptions,
    resizer: Resizer,
    resized: Vec<u8>,
    /// What each value of each channel becomes.
    normalised: [[f32; 256]; 3],
}

impl FrameTensor {
    /// Prepares for a contract.
    pub fn new(contract: &FrameContract) -> Self {
        let algorithm = if contract.antialias {
            ResizeAlg::Convolution(FilterType::Bilinear)
        } else {
            ResizeAlg::Interpolation(FilterType::Bilinear)
        };
        let normalised = |channel: usize, value: usize| {
            (value as f32 / 255.0 - contract.mean[channel]) / contract.std[channel]
        };
        Self {
            width: contract.width,
            height: contract.height,
            options: ResizeOptions::new().resize_alg(algorithm),
            resizer: Resizer::new(),
            resized: vec![0; contract.width * contract.height * 3],
            normalised: std::array::from_fn(|channel| {
                std::array::from_fn(|value| normalised(channel, value))
            }),
        }
    }

    /// How many numbers a tensor has: `3 * height * width`.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a tensor without pixels is no use"
    )]
    pub fn len(&self) -> usize {
        self.resized.len()
    }

    /// Writes the tensor of a picture, `[3, height, width]`.
    ///
    /// # Panics
    /// If the picture is empty or does not hold the pixels that it says, or if `out` is not
    /// [`len`](Self::len) long.
    pub fn compute(&mut self, picture: &Picture, out: &mut [f32]) {
        assert_eq!(out.len(), self.len(), "length of the tensor");
        let (width, height) = (self.width, self.height);
        resize(
            &mut self.resizer,
            &self.options,
            picture,
            [width, height],
            &mut self.resized,
        );
        let (pixels, _) = self.resized.as_chunks::<3>();
        let planes = out.chunks_exact_mut(width * height);
        for (channel, (plane, table)) in planes.zip(&self.normalised).enumerate() {
            for (out, pixel) in plane.iter_mut().zip(pixels) {
                *out = table[usize::from(pixel[channel])];
            }
        }
    }

    /// A picture in another size, resized as [`compute`](Self::compute) does it.
    ///
    /// # Panics
    /// If the picture is empty or does not hold the pixels that it says.
    pub fn resize_rgb(&mut self, picture: &Picture, width: usize, height: usize) -> Vec<u8> {
        let mut resized = vec![0; width * height * 3];
        resize(
            &mut self.resizer,
            &self.options,
            picture,
            [width, height],
            &mut resized,
        );
        resized
    }
}

impl fmt::Debug for FrameTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameTensor({}x{})", self.width, self.height)
    }
}

fn resize(
    resizer: &mut Resizer,
    options: &ResizeOptions,
    picture: &Picture,
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
        .expect("the callers' buffers have this very length");
    resizer
        .resize_typed(&from, &mut to, options)
        .expect("nothing is cropped, which leaves nothing to fail");
}
