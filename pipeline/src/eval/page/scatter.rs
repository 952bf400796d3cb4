//! Pictures and sounds in a network's space, laid out on a plane.

use std::fmt::Write as _;

use rand::seq::SliceRandom;

use super::{
    super::{
        Outcome,
        dice::{Purpose, dice},
        evidence::Probe,
        tsne::tsne,
    },
    examples::caption,
};
use crate::page::{escape, section};

/// Clips that are shown; of more, as many chosen by chance.
const CLIPS: usize = 300;

/// Side of the chart, and room for the marks at its rim.
const SIDE: f32 = 560.0;
const RIM: f32 = 10.0;

/// Names in a key that can still be told apart.
const KEY_NAMES: usize = 32;

/// A chart for every network whose pictures and sounds are vectors of one space.
pub fn section_of(outcome: &Outcome) -> String {
    let charts: String = (outcome.report.networks.iter().enumerate())
        .filter_map(|(network, report)| {
            let chart = chart(outcome, network)?;
            Some(format!("<h3>{}</h3>{chart}", escape(&report.label())))
        })
        .collect();
    section(
        "Pictures and sounds in one space",
        "t-SNE of the vectors of the middle seconds. Circles: pictures; triangles: sounds; \
         colours: classes, or recordings where classes are not known.",
        &charts,
    )
}

fn chart(outcome: &Outcome, network: usize) -> Option<String> {
    let mut shown = outcome.evidence.middles(network);
    if shown.len() > CLIPS {
        shown.shuffle(&mut dice(outcome.report.seed, Purpose::Subset));
        shown.truncate(CLIPS);
    }
    let vectors: Vec<[&[f32]; 2]> = (shown.iter())
        .map(|probe| probe.pair.vectors())
        .collect::<Option<_>>()?;
    let pictures = vectors.iter().map(|[picture, _]| *picture);
    let all: Vec<&[f32]> = pictures
        .chain(vectors.iter().map(|[_, sound]| *sound))
        .collect();
    let points = on_paper(&tsne(&all, outcome.report.seed));
    let name = |probe: &Probe| caption(&outcome.evidence.clips[probe.clip]);
    let mut names: Vec<String> = shown.iter().map(name).collect();
    names.sort();
    names.dedup();
    let mut marks = String::new();
    for (number, [x, y]) in points.into_iter().enumerate() {
        let probe = &shown[number % shown.len()];
        let name = name(probe);
        let colour = colour(names.binary_search(&name).unwrap_or(0), names.len());
        let is_picture = number < shown.len();
        let what = if is_picture { "picture" } else { "sound" };
        // Writing to a string cannot fail.
        let _ = match is_picture {
            true => write!(marks, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\""),
            false => write!(marks, "<path d=\"M{x:.1} {:.1}l5 8.6h-10z\"", y - 5.7),
        };
        let _ = write!(
            marks,
            " fill=\"{colour}\" fill-opacity=\".8\"><title>{}, {what}</title></{}>",
            escape(&name),
            if is_picture { "circle" } else { "path" }
        );
    }
    Some(format!(
        "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 {SIDE} {SIDE}\" width=\"{SIDE}\" \
         height=\"{SIDE}\">{marks}</svg>{}",
        key(&names)
    ))
}

/// Points moved and scaled alike in both directions to fill the chart.
fn on_paper(points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let bound = |axis: usize, pick: fn(f32, f32) -> f32, start: f32| {
        points.iter().map(|point| point[axis]).fold(start, pick)
    };
    let low = [0, 1].map(|axis| bound(axis, f32::min, f32::INFINITY));
    let high = [0, 1].map(|axis| bound(axis, f32::max, f32::NEG_INFINITY));
    let widest = (high[0] - low[0])
        .max(high[1] - low[1])
        .max(f32::MIN_POSITIVE);
    let scale = (SIDE - 2.0 * RIM) / widest;
    let place = |point: &[f32; 2], axis: usize| {
        let middle = f32::midpoint(low[axis], high[axis]);
        SIDE / 2.0 + (point[axis] - middle) * scale
    };
    (points.iter())
        .map(|point| [place(point, 0), place(point, 1)])
        .collect()
}

/// Hues evenly around the wheel, neighbours of different lightness; all of them can be seen on
/// light and on dark paper.
fn colour(number: usize, of: usize) -> String {
    let hue = 360 * number / of.max(1);
    let lightness = ["0.64", "0.76", "0.54"][number % 3];
    format!("oklch({lightness} 0.16 {hue})")
}

fn key(names: &[String]) -> String {
    if names.len() > KEY_NAMES {
        return String::new();
    }
    let entry = |(number, name): (usize, &String)| {
        let colour = colour(number, names.len());
        format!("<span style=\"--c:{colour}\">{}</span>", escape(name))
    };
    let entries: String = names.iter().enumerate().map(entry).collect();
    format!("<div class=\"key\">{entries}</div>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_fill_the_paper() {
        let points = on_paper(&[[-3.0, 1.0], [5.0, 2.0], [1.0, 1.5]]);
        assert_eq!(points[0][0], RIM);
        assert_eq!(points[1][0], SIDE - RIM);
        assert_eq!(points[2], [SIDE / 2.0, SIDE / 2.0]);
        assert!(points.iter().all(|point| point[1] > RIM));
    }
}
