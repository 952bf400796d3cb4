//! Points of the plane: x to the right, y down.

use std::ops::{Add, Mul, Sub};

/// A point, or the way from one to another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub x: f32,
    pub y: f32,
}

/// A point.
pub(crate) const fn at(x: f32, y: f32) -> Point {
    Point { x, y }
}

impl Point {
    /// Distance from the origin.
    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// Scalar product.
    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y
    }

    /// Turned clockwise (as seen, with y down) around the origin by a part of a full turn.
    pub(crate) fn turned(self, turns: f32) -> Self {
        let (sin, cos) = (turns * std::f32::consts::TAU).sin_cos();
        self.rotated(sin, cos)
    }

    /// Turned by an angle of which sine and cosine are known.
    pub(crate) fn rotated(self, sin: f32, cos: f32) -> Self {
        at(self.x * cos - self.y * sin, self.x * sin + self.y * cos)
    }

    /// Mirrored to the right half of the plane.
    pub(crate) fn folded(self) -> Self {
        at(self.x.abs(), self.y)
    }

    /// Which part of a full turn around the origin this is, -0.5 to 0.5, 0 to the right.
    pub(crate) fn angle_turns(self) -> f32 {
        self.y.atan2(self.x) / std::f32::consts::TAU
    }
}

impl Add for Point {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        at(self.x + other.x, self.y + other.y)
    }
}

impl Sub for Point {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        at(self.x - other.x, self.y - other.y)
    }
}

impl Mul<f32> for Point {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        at(self.x * factor, self.y * factor)
    }
}
