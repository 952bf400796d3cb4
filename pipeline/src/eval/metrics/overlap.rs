//! Boxes, and how much of them a heatmap covers.

use sonoscope_operators::Heatmap;

use crate::paint::stretched;

/// A box as shares of the picture: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Box4(pub [f32; 4]);

/// Pixels across and down on which a heatmap is held against a box. Shares of the picture, not its
/// own pixels: intersection over union is the same however both are stretched.
const GRID: usize = 112;

impl Box4 {
    /// A box in pixels of a picture of this size.
    pub fn of_pixels([left, top, right, bottom]: [u32; 4], width: u32, height: u32) -> Self {
        let (width, height) = (width as f32, height as f32);
        Self([
            left as f32 / width,
            top as f32 / height,
            right as f32 / width,
            bottom as f32 / height,
        ])
    }

    /// A box of this middle and these sides, cut at the picture's borders.
    pub fn around(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self([
            (x - width / 2.0).max(0.0),
            (y - height / 2.0).max(0.0),
            (x + width / 2.0).min(1.0),
            (y + height / 2.0).min(1.0),
        ])
    }

    /// Whether a point lies in it; right and bottom border do not belong to it.
    pub fn holds(&self, x: f32, y: f32) -> bool {
        let [left, top, right, bottom] = self.0;
        (left..right).contains(&x) && (top..bottom).contains(&y)
    }

    /// Width and height.
    pub fn sides(&self) -> [f32; 2] {
        let [left, top, right, bottom] = self.0;
        [(right - left).max(0.0), (bottom - top).max(0.0)]
    }

    /// Its share of the picture.
    pub fn area(&self) -> f32 {
        let [width, height] = self.sides();
        width * height
    }

    /// Intersection over union with another box.
    pub fn iou(&self, other: &Self) -> f32 {
        let ([l, t, r, b], [ol, ot, or, ob]) = (self.0, other.0);
        let both = Self([l.max(ol), t.max(ot), r.min(or), b.min(ob)]).area();
        both / (self.area() + other.area() - both)
    }
}

/// Intersection over union of a box and the places where a heatmap, stretched over the picture,
/// reaches a threshold: for each of `thresholds`, which go upwards.
pub fn ious(map: &Heatmap, bounds: &Box4, thresholds: &[f32]) -> Vec<f32> {
    // How many pixels reach exactly so many thresholds, in the box and beside it.
    let mut inside = vec![0u32; thresholds.len() + 1];
    let mut beside = inside.clone();
    for (pixel, value) in stretched(map, GRID, GRID).into_iter().enumerate() {
        let middle = |place: usize| (place as f32 + 0.5) / GRID as f32;
        let reached = thresholds.partition_point(|threshold| *threshold <= value);
        if bounds.holds(middle(pixel % GRID), middle(pixel / GRID)) {
            inside[reached] += 1;
        } else {
            beside[reached] += 1;
        }
    }
    let box_pixels: u32 = inside.iter().sum();
    (1..=thresholds.len())
        .map(|reached| {
            let both: u32 = inside[reached..].iter().sum();
            let only_map: u32 = beside[reached..].iter().sum();
            both as f32 / (box_pixels + only_map).max(1) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::dice::{Purpose, dice};
    use rand::RngExt;

    #[test]
    fn boxes_by_hand() {
        let left = Box4::of_pixels([0, 0, 160, 240], 320, 240);
        let lower = Box4::of_pixels([0, 120, 320, 240], 320, 240);
        assert_eq!(left.area(), 0.5);
        assert!((left.iou(&lower) - 1.0 / 3.0).abs() < 1e-6);
        assert_eq!(left.iou(&left), 1.0);
        assert_eq!(left.iou(&Box4([0.6, 0.0, 0.9, 1.0])), 0.0);
        assert!(left.holds(0.0, 0.0) && !left.holds(0.5, 0.0));
        assert_eq!(Box4::around(0.1, 0.5, 0.4, 0.5).0, [0.0, 0.25, 0.3, 0.75]);
    }

    #[test]
    fn a_flat_map_covers_all_or_nothing() {
        let map = Heatmap {
            columns: 2,
            cells: vec![0.5; 4],
        };
        let quarter = Box4([0.0, 0.0, 0.5, 0.5]);
        assert_eq!(ious(&map, &quarter, &[0.4, 0.5, 0.6]), [0.25, 0.25, 0.0]);
    }

    #[test]
    fn as_counted_pixel_by_pixel() {
        let mut dice = dice(3, Purpose::Negatives);
        let map = Heatmap {
            columns: 14,
            cells: (0..196).map(|_| dice.random()).collect(),
        };
        let bounds = Box4([0.21, 0.4, 0.63, 0.95]);
        let thresholds = [0.2, 0.45, 0.5, 0.9];
        let values = stretched(&map, GRID, GRID);
        for (threshold, iou) in thresholds.iter().zip(ious(&map, &bounds, &thresholds)) {
            let (mut both, mut either) = (0, 0);
            for (pixel, value) in values.iter().enumerate() {
                let x = (pixel % GRID) as f32 + 0.5;
                let y = (pixel / GRID) as f32 + 0.5;
                let hot = value >= threshold;
                let inside = bounds.holds(x / GRID as f32, y / GRID as f32);
                both += i32::from(hot && inside);
                either += i32::from(hot || inside);
            }
            assert_eq!(iou, both as f32 / either as f32);
        }
    }
}
