//! The pictures of a window to normalised tensor.

use sonoscope_models::{FrameContract, WINDOW_SECONDS};

use crate::{Window, frame::Normalise};

/// Makes the tensor that a contract asks for of the pictures of a window: of the grid positions
/// of its five seconds those in the middle, each picture normalised as
/// [`FrameTensor`](crate::FrameTensor) has it.
///
/// ```
/// # use std::sync::Arc;
/// use sonoscope_models::{ClipContract, FrameContract};
/// use sonoscope_operators::{ClipTensor, Grid, Picture, Window, WindowSecond};
///
/// let contract = FrameContract {
///     width: 112,
///     height: 112,
///     shorter_side: None,
///     antialias: true,
///     mean: [0.5; 3],
///     std: [0.5; 3],
///     clip: Some(ClipContract { frames: 2, rate_hz: 2 }),
/// };
/// let clip = ClipTensor::new(&contract);
/// let grid = |shade: u8| {
///     let rgb = vec![shade; 112 * 112 * 3];
///     let picture = Arc::new(Picture { width: 112, height: 112, rgb });
///     Arc::new(Grid { pictures: vec![picture; 2], permit: None })
/// };
/// let samples = vec![0.0; 48_000].into();
/// let seconds = [0, 0, 255, 0, 0].map(|shade| {
///     WindowSecond { samples: Arc::clone(&samples), grid: grid(shade) }
/// });
/// let mut tensor = vec![0.0; clip.len()];
/// clip.compute(&Window { seconds }, &mut tensor);
/// assert_eq!(tensor, vec![1.0; 3 * 2 * 112 * 112]); // white: only the middle second
/// ```
#[derive(Clone)]
pub struct ClipTensor {
    frames: usize,
    rate_hz: usize,
    first: usize,
    width: usize,
    height: usize,
    normalise: Normalise,
}

impl ClipTensor {
    /// Prepares for a contract.
    ///
    /// # Panics
    /// If it has no clip, or one that is longer than five seconds.
    pub fn new(frame: &FrameContract) -> Self {
        let clip = frame
            .clip
            .expect("the contract of a network with windows has a clip");
        let around = (WINDOW_SECONDS * clip.rate_hz).checked_sub(clip.frames);
        Self {
            frames: clip.frames,
            rate_hz: clip.rate_hz,
            first: around.expect("a contract's clip fits into five seconds") / 2,
            width: frame.width,
            height: frame.height,
            normalise: Normalise::new(frame),
        }
    }

    /// How many numbers a tensor has: `3 * frames * height * width`.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a tensor without pixels is no use"
    )]
    pub fn len(&self) -> usize {
        3 * self.frames * self.width * self.height
    }

    /// Writes the tensor of a window, `[3, frames, height, width]`.
    ///
    /// # Panics
    /// If a second of the window has another number of pictures than the contract says, or they
    /// another size, or if `out` is not [`len`](Self::len) long.
    pub fn compute(&self, window: &Window, out: &mut [f32]) {
        assert_eq!(out.len(), self.len(), "length of the tensor");
        let (rate_hz, frames) = (self.rate_hz, self.frames);
        let pixels = self.width * self.height;
        for frame in 0..frames {
            let position = self.first + frame;
            let (second, place) = (position / rate_hz, position % rate_hz);
            let pictures = &window.seconds[second].grid.pictures;
            assert_eq!(pictures.len(), rate_hz, "pictures of a second");
            let rgb = &pictures[place].rgb;
            assert_eq!(rgb.len(), pixels * 3, "size of a picture");
            for channel in 0..3 {
                let plane = &mut out[(channel * frames + frame) * pixels..][..pixels];
                self.normalise.plane(channel, rgb, plane);
            }
        }
    }
}
