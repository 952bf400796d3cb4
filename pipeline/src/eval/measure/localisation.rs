//! Does the heatmap show what sounds? Held against boxes, and against guesses that do not look.

use rand::seq::SliceRandom;
use serde::Serialize;
use sonoscope_operators::Heatmap;

use super::{Measured, guess};
use crate::eval::{
    dice::{Purpose, dice},
    evidence::{Evidence, Second},
    metrics::{
        overlap::{Box4, ious},
        success::Success,
    },
};

/// Thresholds that are tried: a heatmap's value is a probability, so they are evenly spread over
/// its logit, from -6 to 6.
const THRESHOLDS: usize = 97;

/// How well a network finds what sounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Localisation {
    /// Of all seconds whose sounding object is in the picture.
    pub pointing: Pointing,
    /// Of those with at least one silent object beside it.
    pub pointing_beside_silent: Option<Pointing>,
    /// Share of seconds whose peak is on a silent object, and not on the sounding one; of those
    /// with at least one silent object.
    pub peak_on_silent: Option<f64>,
    /// The thresholded heatmap held against the box.
    pub overlap: Option<Overlap>,
}

/// Share of seconds whose peak lies in the box of what sounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pointing {
    /// Seconds.
    pub seconds: usize,
    /// Of the network.
    pub accuracy: f64,
    /// Of the middle of the picture.
    pub centre_guess: f64,
    /// Of the best point that is the same for all pictures: chosen on one half of the clips,
    /// told of the other.
    pub best_constant: Option<f64>,
    /// Of a point drawn evenly from the picture.
    pub chance: f64,
}

/// Overlaps of one half of the clips, by what was chosen on the other half.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overlap {
    /// Seconds.
    pub seconds: usize,
    /// From which value on the heatmap says that there is sound.
    pub threshold: f32,
    /// Of the network.
    pub network: Success,
    /// Of a box of the usual size in the middle of the picture.
    pub centre_guess: Success,
    /// Of the best box that is the same for all pictures.
    pub best_constant: Success,
}

/// A second of which is known where its sound comes from.
struct Case<'a> {
    second: &'a Second,
    sounding: Box4,
    map: &'a Heatmap,
    /// Whether thresholds and guesses may be chosen on it.
    is_validation: bool,
}

/// All figures of a network.
pub fn localisation(evidence: &Evidence, network: usize, seed: u64) -> Measured<Localisation> {
    let is_boxed = |second: &Second| second.sounding.is_some();
    if !(evidence.clips.iter()).any(|clip| clip.seconds.iter().any(is_boxed)) {
        return Measured::Not("it is not known where sounds come from".into());
    }
    let cases = cases(evidence, network, seed);
    if cases.is_empty() {
        return Measured::Not("the network gives no heatmap".into());
    }
    let beside: Vec<&Case> = (cases.iter())
        .filter(|case| !case.second.silent_objects.is_empty())
        .collect();
    let on_silent = |case: &&&Case| {
        let silent = &case.second.silent_objects;
        !case.hit() && silent.iter().any(|object| case.points_into(object))
    };
    let peak_on_silent = (!beside.is_empty())
        .then(|| beside.iter().filter(on_silent).count() as f64 / beside.len() as f64);
    Measured::Is(Localisation {
        pointing: pointing(&cases.iter().collect::<Vec<_>>()),
        pointing_beside_silent: (!beside.is_empty()).then(|| pointing(&beside)),
        peak_on_silent,
        overlap: overlap(&cases),
    })
}

/// The seconds with a box and a heatmap. Half of their clips, chosen by chance, are validation.
fn cases<'a>(evidence: &'a Evidence, network: usize, seed: u64) -> Vec<Case<'a>> {
    let mut order: Vec<usize> = (0..evidence.clips.len()).collect();
    order.shuffle(&mut dice(seed, Purpose::Halves));
    let validation = &order[..order.len() / 2];
    let mut cases = Vec::new();
    for (number, clip) in evidence.clips.iter().enumerate() {
        let is_validation = validation.contains(&number);
        for second in &clip.seconds {
            let map = second.heatmap(network);
            if let (Some(sounding), Some(map)) = (second.sounding, map) {
                cases.push(Case {
                    second,
                    sounding,
                    map,
                    is_validation,
                });
            }
        }
    }
    cases
}

impl Case<'_> {
    fn hit(&self) -> bool {
        self.points_into(&self.sounding)
    }

    fn points_into(&self, bounds: &Box4) -> bool {
        let peak = self.map.peak();
        peak.is_some_and(|peak| bounds.holds(peak.x, peak.y))
    }
}

fn pointing(cases: &[&Case]) -> Pointing {
    let mean = |of: &dyn Fn(&Case) -> f64| {
        cases.iter().map(|case| of(case)).sum::<f64>() / cases.len() as f64
    };
    let (validation, test) = halves(cases.iter().copied());
    let best_constant = guess::best_point(&validation).and_then(|(x, y)| {
        let hits = test.iter().filter(|bounds| bounds.holds(x, y)).count();
        (!test.is_empty()).then(|| hits as f64 / test.len() as f64)
    });
    Pointing {
        seconds: cases.len(),
        accuracy: mean(&|case| f64::from(u8::from(case.hit()))),
        centre_guess: mean(&|case| f64::from(u8::from(case.sounding.holds(0.5, 0.5)))),
        best_constant,
        chance: mean(&|case| f64::from(case.sounding.area())),
    }
}

/// The boxes of both halves.
fn halves<'a>(cases: impl Iterator<Item = &'a Case<'a>>) -> (Vec<Box4>, Vec<Box4>) {
    let (validation, test): (Vec<_>, Vec<_>) = cases.partition(|case| case.is_validation);
    let boxes = |cases: Vec<&Case>| cases.iter().map(|case| case.sounding).collect();
    (boxes(validation), boxes(test))
}

/// Nothing if all boxes are in clips of one half.
fn overlap(cases: &[Case]) -> Option<Overlap> {
    let thresholds: Vec<f32> = (0..THRESHOLDS).map(threshold).collect();
    let (validation, test): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.is_validation);
    let of = |cases: &[&Case]| -> Vec<Vec<f32>> {
        (cases.iter())
            .map(|case| ious(case.map, &case.sounding, &thresholds))
            .collect()
    };
    let (chosen_on, told_of) = (of(&validation), of(&test));
    let at = |overlaps: &[Vec<f32>], step: usize| -> Vec<f32> {
        overlaps.iter().map(|overlap| overlap[step]).collect()
    };
    let mean = |step: usize| at(&chosen_on, step).iter().sum::<f32>();
    let step = (0..THRESHOLDS).max_by(|a, b| mean(*a).total_cmp(&mean(*b)))?;
    let (validation, test) = halves(cases.iter());
    let (usual, best) = (
        guess::centre_box(&validation)?,
        guess::best_box(&validation)?,
    );
    let of_guess = |guess: Box4| {
        let overlaps: Vec<f32> = test.iter().map(|bounds| bounds.iou(&guess)).collect();
        Success::of(&overlaps)
    };
    (!test.is_empty()).then(|| Overlap {
        seconds: test.len(),
        threshold: thresholds[step],
        network: Success::of(&at(&told_of, step)),
        centre_guess: of_guess(usual),
        best_constant: of_guess(best),
    })
}

fn threshold(step: usize) -> f32 {
    let logit = 12.0 * step as f32 / (THRESHOLDS - 1) as f32 - 6.0;
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{
        engine::View,
        evidence::{Clip, tests::clip},
    };

    /// A second whose heatmap is hot in one quarter (from the top left, row by row).
    fn second(hot: usize, sounding: Box4, silent_objects: Vec<Box4>) -> Second {
        let mut cells = vec![0.01; 4];
        cells[hot] = 0.99;
        Second {
            index: 0,
            fits: true,
            sounding: Some(sounding),
            silent_objects,
            views: vec![Some(View {
                correspondence: 1.0,
                heatmap: Some(Heatmap { columns: 2, cells }),
                features: None,
            })],
        }
    }

    fn evidence(seconds: Vec<Second>) -> Evidence {
        let clips: Vec<Clip> = (seconds.into_iter().zip(0..))
            .map(|(second, ordinal)| clip(ordinal, vec![second]))
            .collect();
        Evidence { clips }
    }

    const LEFT_TOP: Box4 = Box4([0.0, 0.0, 0.5, 0.5]);
    const RIGHT_TOP: Box4 = Box4([0.5, 0.0, 1.0, 0.5]);

    #[test]
    fn pointing_by_hand() {
        let evidence = evidence(vec![
            second(0, LEFT_TOP, vec![]),
            second(0, LEFT_TOP, vec![RIGHT_TOP]),
            second(1, LEFT_TOP, vec![RIGHT_TOP]),
            second(2, LEFT_TOP, vec![RIGHT_TOP]),
        ]);
        let measured = localisation(&evidence, 0, 1);
        let figures = measured.figure().unwrap();
        assert_eq!(
            (figures.pointing.seconds, figures.pointing.accuracy),
            (4, 0.5)
        );
        assert_eq!(figures.pointing.chance, 0.25);
        assert_eq!(figures.pointing.centre_guess, 0.0);
        assert_eq!(figures.pointing.best_constant, Some(1.0));
        let beside = figures.pointing_beside_silent.unwrap();
        assert_eq!((beside.seconds, beside.accuracy), (3, 1.0 / 3.0));
        assert_eq!(figures.peak_on_silent, Some(1.0 / 3.0));
    }

    #[test]
    fn overlap_by_hand() {
        let evidence = evidence(vec![second(0, LEFT_TOP, vec![]); 4]);
        let figures = localisation(&evidence, 0, 1);
        let overlap = figures.figure().unwrap().overlap.as_ref().unwrap();
        assert_eq!(overlap.seconds, 2);
        assert!(overlap.network.mean_iou > 0.7, "{overlap:?}");
        assert_eq!(overlap.network.success, 1.0);
        assert!(overlap.best_constant.mean_iou > 0.99, "{overlap:?}");
        // A box of the same size in the middle: a quarter of it overlaps.
        assert!((overlap.centre_guess.mean_iou - 1.0 / 7.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_missing_is_told() {
        let mut blind = second(0, LEFT_TOP, vec![]);
        blind.views[0] = None;
        let measured = localisation(&evidence(vec![blind]), 0, 1);
        assert!(measured.why_not().unwrap().contains("no heatmap"));
        let mut unknown = second(0, LEFT_TOP, vec![]);
        unknown.sounding = None;
        let measured = localisation(&evidence(vec![unknown]), 0, 1);
        assert!(measured.why_not().unwrap().contains("not known"));
    }
}
