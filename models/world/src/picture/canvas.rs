//! The canvas on which one object is painted, in coordinates that are its own: the object fills
//! about -1 to 1, whatever its size in the picture.

use super::{
    geometry::{Point, at},
    paint::{Ink, Light, Palette, Rgb, mix},
};

/// How far the canvas reaches from the middle: there is a margin for what sticks out.
pub(crate) const REACH: f32 = 1.25;

/// Thickness of the line around a part.
const OUTLINE: f32 = 0.05;

/// A square canvas. Parts painted later cover those painted before.
pub(crate) struct Canvas {
    side: usize,
    palette: Palette,
    light: Light,
    /// Red, green, blue times coverage, then coverage.
    pixels: Vec<[f32; 4]>,
}

impl Canvas {
    /// A canvas of `side` pixels a side, with nothing on it.
    pub(crate) fn new(side: usize, palette: Palette, light: Light) -> Self {
        Self {
            side,
            palette,
            light,
            pixels: vec![[0.0; 4]; side * side],
        }
    }

    /// Paints a part with body: rounded by light and shade, with a dark line around it.
    pub(crate) fn part(&mut self, ink: Ink, shape: impl Fn(Point) -> f32) {
        self.textured_part(shape, |_| ink);
    }

    /// Paints a part whose ink differs from point to point.
    pub(crate) fn textured_part(
        &mut self,
        shape: impl Fn(Point) -> f32,
        texture: impl Fn(Point) -> Ink,
    ) {
        let (palette, from) = (self.palette, self.light.from);
        self.cover(|p, pixel| {
            let distance = shape(p);
            let coverage = (0.5 - distance / pixel).clamp(0.0, 1.0);
            if coverage == 0.0 {
                return None;
            }
            let depth = (-distance / 0.3).min(1.0);
            let side_lit = 0.16 * (p.x * from.0 + p.y * from.1);
            let shading = 0.86 + 0.18 * depth + side_lit;
            let line = (0.5 + (distance + OUTLINE) / pixel).clamp(0.0, 1.0);
            let body = palette.rgb(texture(p)).map(|c| c * shading);
            Some((mix(body, palette.rgb(Ink::Dark), line * 0.9), coverage))
        });
    }

    /// Paints a flat mark: a detail without a line around it.
    pub(crate) fn mark(&mut self, ink: Ink, shape: impl Fn(Point) -> f32) {
        let colour = self.palette.rgb(ink);
        self.cover(|p, pixel| {
            let coverage = (0.5 - shape(p) / pixel).clamp(0.0, 1.0);
            (coverage > 0.0).then_some((colour, coverage))
        });
    }

    /// Side in pixels, and the pixels in linear order: red, green, blue times coverage, coverage.
    pub(crate) fn into_lit(self) -> (usize, Vec<[f32; 4]>) {
        let light = self.light;
        let lit = |[r, g, b, a]: [f32; 4]| {
            if a == 0.0 {
                return [0.0; 4];
            }
            let [r, g, b] = light.on([r / a, g / a, b / a]);
            [r * a, g * a, b * a, a]
        };
        (self.side, self.pixels.into_iter().map(lit).collect())
    }

    /// Lays what `brush` gives for each point (and the size of a pixel) over what is there.
    fn cover(&mut self, brush: impl Fn(Point, f32) -> Option<(Rgb, f32)>) {
        let pixel = 2.0 * REACH / self.side as f32;
        for (row, line) in self.pixels.chunks_exact_mut(self.side).enumerate() {
            let y = (row as f32 + 0.5) * pixel - REACH;
            for (column, under) in line.iter_mut().enumerate() {
                let x = (column as f32 + 0.5) * pixel - REACH;
                if let Some(([r, g, b], a)) = brush(at(x, y), pixel) {
                    let keep = 1.0 - a;
                    *under = [
                        under[0] * keep + r * a,
                        under[1] * keep + g * a,
                        under[2] * keep + b * a,
                        under[3] * keep + a,
                    ];
                }
            }
        }
    }
}
