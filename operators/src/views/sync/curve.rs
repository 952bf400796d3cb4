//! The curve of a window, and what it says.

use super::{OFFSETS, SYNC_REACH_S, SyncSettings, SyncVerdict};
use crate::{
    CORRESPONDS,
    views::{
        Real,
        level::{Level, mean},
    },
};

/// What each picture of a window is with the sounds around it, by offset; none where there is no
/// such sound.
pub(super) type Tried = [Option<Level>; OFFSETS];

/// The offset of no skew.
const TOGETHER: usize = SYNC_REACH_S;

/// What a window says.
pub(super) struct Said {
    pub seconds: u32,
    pub verdict: SyncVerdict,
    pub skew_s: Option<Real>,
    pub confidence: Option<Real>,
    pub curve: [Option<Real>; OFFSETS],
}

/// Judges the pictures of a window.
pub(super) fn judge(settings: &SyncSettings, pictures: &[Tried]) -> Said {
    let curve = curve(pictures);
    let seconds = pictures
        .iter()
        .filter(|tried| tried[TOGETHER].is_some())
        .count() as u32;
    let said = |verdict| Said {
        seconds,
        verdict,
        skew_s: None,
        confidence: None,
        curve,
    };
    let known = (0..)
        .zip(curve)
        .filter_map(|(offset, mean)| Some((offset, mean?)));
    let summit = known
        .clone()
        .reduce(|best, next| if next.1 > best.1 { next } else { best });
    let Some((best, height)) = summit.filter(|_| seconds >= settings.least_seconds.max(1)) else {
        return said(SyncVerdict::Unheard);
    };
    let mean_of = |values: Vec<f32>| values.iter().sum::<f32>() / values.len().max(1) as f32;
    let apart = known
        .clone()
        .filter(|(offset, _)| usize::abs_diff(*offset, best) >= 2);
    let sharpness = height.get() - mean_of(apart.map(|(_, mean)| mean.get()).collect());
    if sharpness < settings.least_sharpness {
        let whole = mean_of(known.map(|(_, mean)| mean.get()).collect());
        return said(match whole >= CORRESPONDS {
            true => SyncVerdict::Steady,
            false => SyncVerdict::Unrelated,
        });
    }
    Said {
        skew_s: Some((best as f32 - TOGETHER as f32 + beyond(&curve, best)).into()),
        confidence: Some(confidence(pictures, best)),
        ..said(SyncVerdict::Told)
    }
}

fn curve(pictures: &[Tried]) -> [Option<Real>; OFFSETS] {
    std::array::from_fn(|offset| {
        let levels = pictures.iter().filter_map(|tried| tried[offset]);
        let (sum, count) = levels.fold((0, 0), |(sum, count), level| {
            (sum + u64::from(level), count + 1)
        });
        (count > 0).then(|| mean(sum, count))
    })
}

/// How far the summit of a parabola through the highest value and its neighbours lies beyond it.
fn beyond(curve: &[Option<Real>; OFFSETS], best: usize) -> f32 {
    let value = |at: Option<usize>| at.and_then(|at| *curve.get(at)?).map(Real::get);
    let sides = (
        value(best.checked_sub(1)),
        value(Some(best)),
        value(Some(best + 1)),
    );
    let (Some(before), Some(summit), Some(after)) = sides else {
        return 0.0;
    };
    let bend = before - 2.0 * summit + after;
    if bend < 0.0 {
        0.5 * (before - after) / bend
    } else {
        0.0
    }
}

/// How often the best offset is better than the mean of all, from 0 for chance to 1 for always.
fn confidence(pictures: &[Tried], best: usize) -> Real {
    let comparable = pictures.iter().filter_map(|tried| {
        let all = tried.iter().flatten();
        let (sum, count) = (
            all.clone().map(|level| u64::from(*level)).sum::<u64>(),
            all.count(),
        );
        let best = u64::from(tried[best]?);
        (count > 1).then_some(best * count as u64 > sum)
    });
    let (wins, count) = comparable.fold((0.0_f32, 0.0), |(wins, count), is_better| {
        (wins + f32::from(u8::from(is_better)), count + 1.0)
    });
    (2.0 * wins / f32::max(count, 1.0) - 1.0).max(0.0).into()
}
