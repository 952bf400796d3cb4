//! From overlaps to the figures of a table.

use serde::Serialize;

/// From how much overlap on a place counts as found.
pub const FOUND: f32 = 0.5;

/// Steps of the success curve between 0 and 1.
const STEPS: usize = 100;

/// How well places are found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Success {
    /// Mean intersection over union.
    pub mean_iou: f64,
    /// Share of seconds with an intersection over union of at least 0.5.
    pub success: f64,
    /// Area under the curve of that share over all thresholds from 0 to 1.
    pub success_auc: f64,
}

impl Success {
    /// Of overlaps, one a second. NaN if there are none.
    pub fn of(ious: &[f32]) -> Self {
        let reached = |threshold: f32| {
            let found = ious.iter().filter(|iou| **iou >= threshold).count();
            found as f64 / ious.len() as f64
        };
        let at = |step: usize| reached(step as f32 / STEPS as f32);
        let curve = (0..STEPS).map(|step| f64::midpoint(at(step), at(step + 1)));
        Self {
            mean_iou: ious.iter().map(|iou| f64::from(*iou)).sum::<f64>() / ious.len() as f64,
            success: reached(FOUND),
            success_auc: curve.sum::<f64>() / STEPS as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let success = Success::of(&[0.0, 0.5, 0.75, 1.0]);
        assert_eq!(success.mean_iou, 0.5625);
        assert_eq!(success.success, 0.75);
        // The area under the curve is the mean, but for the width of a step.
        assert!((success.success_auc - 0.5625).abs() < 0.01, "{success:?}");
        assert_eq!(Success::of(&[1.0]).success_auc, 1.0);
    }
}
