//! Guesses that do not look at the picture: the same for all, chosen on clips of which the truth
//! may be seen, and told of others.

use crate::eval::metrics::overlap::Box4;

/// Points across and down that are tried.
const POINTS: usize = 28;

/// Middles and sides of boxes that are tried: this many across and down.
const PLACES: usize = 20;

/// The point that lies in most boxes; nothing without a box.
pub fn best_point(boxes: &[Box4]) -> Option<(f32, f32)> {
    let place = |step: usize| (step as f32 + 0.5) / POINTS as f32;
    let hits = |(x, y): (f32, f32)| boxes.iter().filter(|bounds| bounds.holds(x, y)).count();
    (0..POINTS * POINTS)
        .filter(|_| !boxes.is_empty())
        .map(|point| (place(point % POINTS), place(point / POINTS)))
        .max_by_key(|point| hits(*point))
}

/// A box in the middle of the picture, as wide and as high as the median of boxes.
pub fn centre_box(boxes: &[Box4]) -> Option<Box4> {
    let median = |side: usize| {
        let mut sides: Vec<f32> = boxes.iter().map(|bounds| bounds.sides()[side]).collect();
        sides.sort_by(f32::total_cmp);
        sides.get(sides.len() / 2).copied()
    };
    Some(Box4::around(0.5, 0.5, median(0)?, median(1)?))
}

/// The box with the largest mean overlap with all boxes: the best middle for the usual sides, then
/// the best sides for that middle, and so on until nothing gets better.
pub fn best_box(boxes: &[Box4]) -> Option<Box4> {
    let usual = centre_box(boxes)?.sides();
    let worth = |[x, y, width, height]: [f32; 4]| {
        let guess = Box4::around(x, y, width, height);
        boxes.iter().map(|bounds| bounds.iou(&guess)).sum::<f32>()
    };
    let mut best = [0.5, 0.5, usual[0], usual[1]];
    loop {
        let before = worth(best);
        for fixed_middle in [false, true] {
            for step in 0..PLACES * PLACES {
                let place = |step: usize| (step + 1) as f32 / PLACES as f32;
                let (across, down) = (place(step % PLACES), place(step / PLACES));
                let [x, y, width, height] = best;
                let tried = match fixed_middle {
                    true => [x, y, across, down],
                    false => [across, down, width, height],
                };
                if worth(tried) > worth(best) {
                    best = tried;
                }
            }
        }
        if worth(best) <= before {
            let [x, y, width, height] = best;
            return Some(Box4::around(x, y, width, height));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_found() {
        let left = Box4([0.1, 0.2, 0.3, 0.6]);
        let boxes = [left, left, Box4([0.7, 0.7, 0.9, 0.9])];
        let (x, y) = best_point(&boxes).unwrap();
        assert!(left.holds(x, y));
        let best = best_box(&boxes).unwrap();
        assert!(best.iou(&left) > 0.9, "{best:?}");
        let sides = centre_box(&boxes).unwrap().sides();
        assert!((sides[0] - 0.2).abs() < 1e-6 && (sides[1] - 0.4).abs() < 1e-6);
    }

    #[test]
    fn of_nothing_there_is_no_best() {
        assert_eq!(best_point(&[]), None);
        assert_eq!((best_box(&[]), centre_box(&[])), (None, None));
    }
}
