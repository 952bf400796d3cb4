//! Picture to normalised tensor.

use std::fmt;

use sonoscope_models::FrameContract;

use crate::{Picture, Resize};

/// Makes the tensor that a contract asks for of pictures of any size.
///
/// The whole picture is resized, its aspect not kept; or, where the contract says how long its
/// shorter side is to be, its aspect is kept and the middle cut out. Then each channel is divided
/// by 255, the contract's mean is subtracted and the rest divided by its standard deviation; red,
/// green and blue end up in planes of their own.
///
/// ```
/// use sonoscope_models::FrameContract;
/// use sonoscope_operators::{FrameTensor, Picture};
///
/// let mut frame = FrameTensor::new(&FrameContract {
///     width: 224,
///     height: 224,
///     shorter_side: None,
///     antialias: true,
///     mean: [0.485, 0.456, 0.406],
///     std: [0.229, 0.224, 0.225],
///     clip: None,
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
    shorter_side: Option<usize>,
    resize: Resize,
    resized: Vec<u8>,
    normalise: Normalise,
}

impl FrameTensor {
    /// Prepares for a contract.
    pub fn new(contract: &FrameContract) -> Self {
        Self {
            width: contract.width,
            height: contract.height,
            shorter_side: contract.shorter_side,
            resize: Resize::new(contract.antialias),
            resized: vec![0; contract.width * contract.height * 3],
            normalise: Normalise::new(contract),
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
        self.resize(picture);
        let planes = out.chunks_exact_mut(self.width * self.height);
        for (channel, plane) in planes.enumerate() {
            self.normalise.plane(channel, &self.resized, plane);
        }
    }

    /// The picture as [`compute`](Self::compute) resizes it, before it is normalised:
    /// `[height, width, 3]`.
    ///
    /// # Panics
    /// If the picture is empty or does not hold the pixels that it says.
    pub fn resize(&mut self, picture: &Picture) -> &[u8] {
        let size = [self.width, self.height];
        match self.shorter_side {
            None => self.resize.rgb(picture, size, &mut self.resized),
            Some(pixels) => {
                let middle = middle(picture, pixels, size);
                self.resize
                    .rgb_part(picture, middle, size, &mut self.resized);
            }
        }
        &self.resized
    }

    /// A picture in another size, resized as [`compute`](Self::compute) does it.
    ///
    /// # Panics
    /// If the picture is empty or does not hold the pixels that it says.
    pub fn resize_rgb(&mut self, picture: &Picture, width: usize, height: usize) -> Vec<u8> {
        self.resize.picture(picture, width, height).rgb
    }
}

/// The middle of a picture, of the size `[width, height]` once its shorter side has `shorter_side`
/// pixels: left, top, width and height in pixels of the picture.
fn middle(picture: &Picture, shorter_side: usize, size: [usize; 2]) -> [f64; 4] {
    let sides = [picture.width, picture.height].map(f64::from);
    let scale = sides[0].min(sides[1]) / shorter_side as f64;
    // Rounding could carry it beyond the picture by a hair.
    let part = |axis: usize| sides[axis].min(size[axis] as f64 * scale);
    let before = |axis: usize| (sides[axis] - part(axis)) / 2.0;
    [before(0), before(1), part(0), part(1)]
}

/// What each value of each channel becomes.
#[derive(Clone)]
pub(crate) struct Normalise([[f32; 256]; 3]);

impl Normalise {
    pub fn new(contract: &FrameContract) -> Self {
        let normalised = |channel: usize, value: usize| {
            (value as f32 / 255.0 - contract.mean[channel]) / contract.std[channel]
        };
        Self(std::array::from_fn(|channel| {
            std::array::from_fn(|value| normalised(channel, value))
        }))
    }

    /// Writes one channel of packed RGB.
    pub fn plane(&self, channel: usize, rgb: &[u8], plane: &mut [f32]) {
        let (pixels, _) = rgb.as_chunks::<3>();
        let table = &self.0[channel];
        for (out, pixel) in plane.iter_mut().zip(pixels) {
            *out = table[usize::from(pixel[channel])];
        }
    }
}

impl fmt::Debug for FrameTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameTensor({}x{})", self.width, self.height)
    }
}
