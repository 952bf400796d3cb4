//! Heatmaps and scores painted over pictures.

use sonoscope_operators::Heatmap;

/// A picture that is painted on: rows of RGB, each `stride` bytes.
pub struct Canvas<'a> {
    /// Columns, in pixels.
    pub width: usize,
    /// Rows, in pixels.
    pub height: usize,
    /// Bytes from row to row.
    pub stride: usize,
    /// The pixels.
    pub rgb: &'a mut [u8],
}

/// From a whisper to a shout: dark violet, magenta, orange, pale yellow.
const COLOURS: [[f32; 3]; 5] = [
    [40.0, 11.0, 84.0],
    [137.0, 34.0, 106.0],
    [221.0, 81.0, 58.0],
    [249.0, 164.0, 49.0],
    [252.0, 255.0, 190.0],
];

/// How much of the picture the highest value covers.
const OPACITY: f32 = 0.7;

const CORRESPONDS: [u8; 3] = [72, 199, 116];
const DOUBTFUL: [u8; 3] = [214, 84, 69];
const GROOVE: [u8; 3] = [24, 24, 28];

impl Canvas<'_> {
    /// Blends a heatmap in: the higher a value, the brighter and the less transparent.
    pub fn heatmap(&mut self, map: &Heatmap) {
        let (width, height, stride) = (self.width, self.height, self.stride);
        stretch(map, width, height, |x, y, value| {
            blend(
                &mut self.rgb[y * stride + x * 3..][..3],
                value.clamp(0.0, 1.0),
            );
        });
    }

    /// Draws a bar along the lower edge, as long as the correspondence is high: green from
    /// one half on, red below.
    pub fn score_bar(&mut self, correspondence: Option<f32>) {
        let thickness = (self.height / 24).max(2).min(self.height);
        let length = correspondence.unwrap_or(0.0).clamp(0.0, 1.0) * self.width as f32;
        let colour = match correspondence {
            Some(c) if c >= sonoscope_operators::CORRESPONDS => CORRESPONDS,
            _ => DOUBTFUL,
        };
        for y in self.height - thickness..self.height {
            let pixels = &mut self.rgb[y * self.stride..][..self.width * 3];
            for (x, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                let lit = (x as f32) < length;
                pixel.copy_from_slice(if lit { &colour } else { &GROOVE });
            }
        }
    }
}

/// The values of a heatmap that is stretched over a picture of this size, row by row: between the
/// middles of its cells they change evenly. Empty for a map without cells.
pub fn stretched(map: &Heatmap, width: usize, height: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(width * height);
    stretch(map, width, height, |_, _, value| values.push(value));
    values
}

/// Hands out column, row and value of each pixel of a stretched heatmap.
fn stretch(map: &Heatmap, width: usize, height: usize, mut put: impl FnMut(usize, usize, f32)) {
    let rows = map.cells.len() / map.columns.max(1);
    if rows == 0 {
        return;
    }
    let across = taps(width, map.columns);
    for (y, (top, bottom, v)) in taps(height, rows).into_iter().enumerate() {
        let row = |r: usize| &map.cells[r * map.columns..(r + 1) * map.columns];
        let (top, bottom) = (row(top), row(bottom));
        for (x, &(left, right, h)) in across.iter().enumerate() {
            let upper = mix(top[left], top[right], h);
            let lower = mix(bottom[left], bottom[right], h);
            put(x, y, mix(upper, lower, v));
        }
    }
}

/// For each of `size` pixels the two of `cells` cells between whose middles it lies, and how far
/// it is from the first.
fn taps(size: usize, cells: usize) -> Vec<(usize, usize, f32)> {
    let cells_from_pixels = cells as f32 / size as f32;
    (0..size)
        .map(|pixel| {
            let cell = ((pixel as f32 + 0.5) * cells_from_pixels - 0.5).max(0.0);
            let first = (cell as usize).min(cells - 1);
            (first, (first + 1).min(cells - 1), cell - first as f32)
        })
        .collect()
}

fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

fn blend(pixel: &mut [u8], value: f32) {
    let place = value * (COLOURS.len() - 1) as f32;
    let first = (place as usize).min(COLOURS.len() - 2);
    let opacity = OPACITY * value;
    for (channel, (a, b)) in COLOURS[first].iter().zip(COLOURS[first + 1]).enumerate() {
        let colour = mix(*a, b, place - first as f32);
        pixel[channel] = mix(f32::from(pixel[channel]), colour, opacity).round() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(paint: impl Fn(&mut Canvas)) -> Vec<u8> {
        let mut rgb = vec![100; 28 * 28 * 3];
        let mut canvas = Canvas {
            width: 28,
            height: 28,
            stride: 28 * 3,
            rgb: &mut rgb,
        };
        paint(&mut canvas);
        rgb
    }

    #[test]
    fn only_where_the_map_is_high_does_the_picture_change() {
        let mut cells = vec![0.0; 14 * 14];
        cells[13] = 1.0; // Upper right.
        let map = Heatmap { columns: 14, cells };
        let rgb = painted(|canvas| canvas.heatmap(&map));
        assert_eq!(rgb[..3], [100, 100, 100], "upper left");
        assert!(rgb[27 * 3] > 200, "upper right is bright");
        assert_eq!(rgb[27 * 28 * 3..][..3], [100, 100, 100], "lower left");
    }

    #[test]
    fn the_bar_is_as_long_as_the_score() {
        let rgb = painted(|canvas| canvas.score_bar(Some(0.75)));
        let last_row = &rgb[27 * 28 * 3..];
        let green = last_row.chunks(3).filter(|p| **p == CORRESPONDS).count();
        assert_eq!(green, 21);
        let rgb = painted(|canvas| canvas.score_bar(Some(0.25)));
        let red = rgb[27 * 28 * 3..]
            .chunks(3)
            .filter(|p| **p == DOUBTFUL)
            .count();
        assert_eq!(red, 7);
    }
}
