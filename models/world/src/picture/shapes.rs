//! Shapes as signed distances: how far a point is outside (positive) or inside (negative).

use super::geometry::{Point, at};

/// A disc around the origin.
pub(crate) fn disc(p: Point, radius: f32) -> f32 {
    p.length() - radius
}

/// A ring around the origin, of this thickness.
pub(crate) fn ring(p: Point, radius: f32, thickness: f32) -> f32 {
    disc(p, radius).abs() - thickness / 2.0
}

/// An ellipse around the origin, near enough where it is not very flat.
pub(crate) fn ellipse(p: Point, half: Point) -> f32 {
    let scaled = at(p.x / half.x, p.y / half.y).length();
    let slope = at(p.x / (half.x * half.x), p.y / (half.y * half.y)).length();
    if slope < 1e-6 {
        -half.x.min(half.y)
    } else {
        scaled * (scaled - 1.0) / slope
    }
}

/// A rectangle around the origin, with corners rounded by `radius`.
pub(crate) fn slab(p: Point, half: Point, radius: f32) -> f32 {
    let (x, y) = (p.x.abs() - half.x + radius, p.y.abs() - half.y + radius);
    at(x.max(0.0), y.max(0.0)).length() + x.max(y).min(0.0) - radius
}

/// A stroke from one point to another, with round ends.
pub(crate) fn stroke(p: Point, from: Point, to: Point, thickness: f32) -> f32 {
    let (along, way) = (p - from, to - from);
    let share = (along.dot(way) / way.dot(way)).clamp(0.0, 1.0);
    (along - way * share).length() - thickness / 2.0
}

/// A polygon, its corners clockwise as seen and its outline convex.
pub(crate) fn convex(p: Point, corners: &[Point]) -> f32 {
    let edge = |index: usize| {
        let (from, to) = (corners[index], corners[(index + 1) % corners.len()]);
        let way = to - from;
        (p - from).dot(at(way.y, -way.x)) / way.length()
    };
    (0..corners.len())
        .map(edge)
        .fold(f32::NEG_INFINITY, f32::max)
}

/// A trapezoid, upright around the origin, its top and bottom of different half widths.
pub(crate) fn trapezoid(p: Point, half_top: f32, half_bottom: f32, half_height: f32) -> f32 {
    let way = at(half_bottom - half_top, 2.0 * half_height);
    let flank = (p.folded() - at(half_top, -half_height)).dot(at(way.y, -way.x)) / way.length();
    flank.max(p.y.abs() - half_height)
}

/// What lies in either.
pub(crate) fn either(a: f32, b: f32) -> f32 {
    a.min(b)
}

/// What lies in both.
pub(crate) fn both(a: f32, b: f32) -> f32 {
    a.max(b)
}

/// Two shapes melted together over about this distance.
pub(crate) fn melted(a: f32, b: f32, over: f32) -> f32 {
    let share = (0.5 + 0.5 * (b - a) / over).clamp(0.0, 1.0);
    b + (a - b) * share - over * share * (1.0 - share)
}

/// Whether a coordinate falls on the first `share` of each period: the pattern of stripes.
pub(crate) fn on_stripe(coordinate: f32, period: f32, share: f32) -> bool {
    (coordinate / period).rem_euclid(1.0) < share
}

/// A point's place within its cell of a square lattice, as seen from the cell's middle.
pub(crate) fn in_cell(p: Point, period: f32) -> Point {
    let fold = |c: f32| ((c / period).rem_euclid(1.0) - 0.5) * period;
    at(fold(p.x), fold(p.y))
}

/// A point's place within its share of a circle cut in equal parts, turned to the right.
pub(crate) fn in_sector(p: Point, sectors: f32) -> Point {
    let turns = p.angle_turns();
    p.turned(-(turns * sectors).round() / sectors)
}
