//! Sprites: an object painted once per pose, then laid into many frames.

use super::{
    canvas::{Canvas, REACH},
    geometry::{Point, at},
    paint::{Light, Palette},
};

/// A way to paint an object in a pose, 0 (at rest) to 1.
pub(crate) type Look = fn(&mut Canvas, f32);

/// Poses painted of an object.
const POSES: usize = 8;

/// A picture with transparency, square, its middle the object's middle.
pub(crate) struct Sprite {
    side: usize,
    /// Red, green, blue times coverage, then coverage.
    pixels: Vec<[u8; 4]>,
    /// The outermost points of each row of the object, from the middle and in sprite pixels.
    rim: Vec<Point>,
}

/// All poses of one object.
pub(crate) struct Poses {
    /// At rest, then further and further from it.
    sprites: Vec<Sprite>,
    /// Whether pose 1 is pose 0 again.
    cyclic: bool,
}

impl Poses {
    /// Paints an object that is `size_px` across, in every pose.
    pub(crate) fn paint(
        look: Look,
        cyclic: bool,
        size_px: f32,
        palette: Palette,
        light: Light,
    ) -> Self {
        let side = (size_px * REACH).ceil() as usize + 2;
        let last = if cyclic { POSES } else { POSES - 1 };
        let paint_pose = |index: usize| {
            let mut canvas = Canvas::new(side, palette, light);
            look(&mut canvas, index as f32 / last as f32);
            Sprite::new(canvas, light)
        };
        Self {
            sprites: (0..POSES).map(paint_pose).collect(),
            cyclic,
        }
    }

    /// The sprite nearest to a pose.
    pub(crate) fn nearest(&self, pose: f32) -> &Sprite {
        let count = self.sprites.len();
        if self.cyclic {
            &self.sprites[(pose * count as f32).round() as usize % count]
        } else {
            &self.sprites[(pose.clamp(0.0, 1.0) * (count - 1) as f32).round() as usize]
        }
    }
}

impl Sprite {
    fn new(canvas: Canvas, light: Light) -> Self {
        let (side, mut pixels) = canvas.into_lit();
        let rim = rim_of(side, &pixels);
        cast_shadow(side, &mut pixels, light);
        let bytes = |pixel: [f32; 4]| pixel.map(|c| (c * 255.0 + 0.5) as u8);
        Self {
            side,
            pixels: pixels.into_iter().map(bytes).collect(),
            rim,
        }
    }

    /// Pixels on a side.
    pub(crate) fn side(&self) -> usize {
        self.side
    }

    /// The two by two pixels from this column and row on; none beyond the last.
    pub(crate) fn square(&self, column: usize, row: usize) -> Option<[[[u8; 4]; 2]; 2]> {
        let start = row * self.side + column;
        let pair = |start: usize| self.pixels.get(start..)?.first_chunk::<2>().copied();
        Some([pair(start)?, pair(start + self.side)?])
    }

    /// Outermost points of the object, without its shadow.
    pub(crate) fn rim(&self) -> &[Point] {
        &self.rim
    }
}

/// Leftmost and rightmost covered edge of each row, at its upper and lower border.
fn rim_of(side: usize, pixels: &[[f32; 4]]) -> Vec<Point> {
    let middle = side as f32 / 2.0;
    let mut rim = Vec::new();
    for (row, line) in pixels.chunks_exact(side).enumerate() {
        let covered = |pixel: &[f32; 4]| pixel[3] > 0.5;
        let (Some(left), Some(right)) = (
            line.iter().position(covered),
            line.iter().rposition(covered),
        ) else {
            continue;
        };
        for y in [row as f32, row as f32 + 1.0] {
            rim.push(at(left as f32 - middle, y - middle));
            rim.push(at(right as f32 + 1.0 - middle, y - middle));
        }
    }
    rim
}

/// Lays a soft shadow behind the object, away from the light.
fn cast_shadow(side: usize, pixels: &mut [[f32; 4]], light: Light) {
    let reach = side as f32 * 0.035;
    let (shift_x, shift_y) = (-light.from.0 * reach, -light.from.1 * reach);
    let blur = (side / 40).max(1);
    let coverage: Vec<f32> = pixels.iter().map(|pixel| pixel[3]).collect();
    let across = blurred(side, &coverage, blur, 1);
    let shadow = blurred(side, &across, blur, side);
    for (index, pixel) in pixels.iter_mut().enumerate() {
        let column = (index % side) as f32 - shift_x;
        let row = (index / side) as f32 - shift_y;
        if column < 0.0 || row < 0.0 || column as usize >= side || row as usize >= side {
            continue;
        }
        let depth = 0.5 * shadow[row as usize * side + column as usize];
        pixel[3] += (1.0 - pixel[3]) * depth;
    }
}

/// A running mean along rows (`step` 1) or columns (`step` = `side`).
fn blurred(side: usize, values: &[f32], radius: usize, step: usize) -> Vec<f32> {
    let line_step = if step == 1 { side } else { 1 };
    let mut out = vec![0.0; values.len()];
    for line in 0..side {
        let value = |i: usize| values[line * line_step + i * step];
        for i in radius..side - radius {
            let sum: f32 = (i - radius..=i + radius).map(value).sum();
            out[line * line_step + i * step] = sum / (2 * radius + 1) as f32;
        }
    }
    out
}
