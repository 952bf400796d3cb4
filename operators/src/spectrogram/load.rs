//! Frames of sound into lanes: cut, mean removed, weighted.

use super::lanes::{Cell, LANES, Row};
use crate::divisor::greatest_common_divisor;

/// Cuts frames out of a second of sound, [`LANES`] at a time.
#[derive(Clone, Debug)]
pub(super) struct Loader {
    /// Weights of a frame, padded with a zero to an even number.
    window: Vec<f64>,
    window_samples: usize,
    hop_samples: usize,
    frames: usize,
    /// The longest stretch of which both frames and hops are multiples: frames that overlap
    /// share the sums of these.
    block_samples: usize,
    block_sums: Vec<f64>,
    /// The frames as they come, sample by sample, padded as the window is.
    tile: Vec<[f32; LANES]>,
}

impl Loader {
    pub fn new(mut window: Vec<f64>, hop_samples: usize, frames: usize) -> Self {
        let window_samples = window.len();
        window.resize(window_samples.next_multiple_of(2), 0.0);
        Self {
            window_samples,
            hop_samples,
            frames,
            block_samples: greatest_common_divisor(window_samples, hop_samples),
            block_sums: Vec::new(),
            tile: vec![[0.0; LANES]; window.len()],
            window,
        }
    }

    /// Takes the sums that the means are made of.
    #[inline(always)]
    pub fn start(&mut self, samples: &[f32]) {
        self.block_sums.clear();
        for block in samples.chunks_exact(self.block_samples) {
            self.block_sums.push(sum(block));
        }
    }

    /// Writes the frames from `first` on as packed complex numbers: samples of even index are
    /// real parts, those of odd index imaginary parts. Behind the last frame it repeats itself.
    #[inline(always)]
    pub fn load(&mut self, samples: &[f32], first: usize, cells: &mut [Cell]) {
        let starts: [usize; LANES] =
            std::array::from_fn(|lane| (first + lane).min(self.frames - 1) * self.hop_samples);
        let frames = starts.map(|start| &samples[start..][..self.window_samples]);
        transpose(frames, &mut self.tile[..self.window_samples]);

        let means = starts.map(|start| self.mean(start));
        let (rows, _) = self.tile.as_chunks::<2>();
        let (weights, _) = self.window.as_chunks::<2>();
        let (filled, padding) = cells.split_at_mut(rows.len());
        for ((cell, row), weight) in filled.iter_mut().zip(rows).zip(weights) {
            cell.re = weighted(&row[0], &means, weight[0]);
            cell.im = weighted(&row[1], &means, weight[1]);
        }
        padding.fill(Cell::default());
    }

    #[inline(always)]
    fn mean(&self, start: usize) -> f64 {
        let blocks = self.window_samples / self.block_samples;
        let sums = &self.block_sums[start / self.block_samples..][..blocks];
        sums.iter().sum::<f64>() / self.window_samples as f64
    }
}

#[inline(always)]
fn weighted(row: &[f32; LANES], means: &[f64; LANES], weight: f64) -> Row {
    Row(std::array::from_fn(|lane| {
        (f64::from(row[lane]) - means[lane]) * weight
    }))
}

/// Written out lane by lane, since this is the form in which the compiler sees the shuffles.
#[inline(always)]
fn transpose(frames: [&[f32]; LANES], tile: &mut [[f32; LANES]]) {
    let [a, b, c, d, e, f, g, h] = frames.map(|frame| &frame[..tile.len()]);
    for (i, row) in tile.iter_mut().enumerate() {
        *row = [a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]];
    }
}

#[inline(always)]
fn sum(samples: &[f32]) -> f64 {
    let (rows, rest) = samples.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for row in rows {
        for (sum, sample) in sums.iter_mut().zip(row) {
            *sum += f64::from(*sample);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().copied().map(f64::from).sum::<f64>()
}
