//! The stage: scenery and objects, seen through a camera in an unsteady hand.

use std::ops::Range;

use super::{
    actor::Actor,
    backdrop::{Backdrop, MARGIN},
    geometry::{Point, at},
    sprite::Sprite,
};
use crate::random::{Dice, Throw};

/// Everything to be seen in a clip.
pub(crate) struct Stage {
    pub backdrop: Backdrop,
    /// From back to front.
    pub actors: Vec<Actor>,
    /// Which of them sounds, if the one that sounds is here.
    pub sounding: usize,
    pub hand: Hand,
}

/// How the hand that holds the camera shakes.
pub(crate) struct Hand {
    reach_px: Point,
    hz: Point,
    turns: Point,
}

/// A picture in the making: packed red, green, blue.
pub(crate) struct Frame<'a> {
    pub width: usize,
    pub height: usize,
    pub rgb: &'a mut [u8],
}

impl Hand {
    /// Draws a hand: steady or not.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let reach_px = dice.between(0.0..MARGIN as f32 * 0.45);
        let mut pair = |range: Range<f32>| at(dice.between(range.clone()), dice.between(range));
        Self {
            reach_px: at(reach_px, reach_px * 0.7),
            hz: pair(0.1..0.9),
            turns: pair(0.0..1.0),
        }
    }

    /// How far the picture is shifted at a time, in whole pixels.
    pub(crate) fn shift(&self, time_s: f32) -> Point {
        let wave = |hz: f32, turns: f32| {
            let slow = (time_s * hz + turns) * std::f32::consts::TAU;
            0.7 * slow.sin() + 0.3 * (2.7 * slow).sin()
        };
        at(
            (self.reach_px.x * wave(self.hz.x, self.turns.x)).round(),
            (self.reach_px.y * wave(self.hz.y, self.turns.y)).round(),
        )
    }
}

impl Stage {
    /// Paints the frame of a time.
    pub(crate) fn show(&self, time_s: f32, frame: &mut Frame) {
        let shake = self.hand.shift(time_s);
        self.backdrop.show(shake, frame);
        for actor in &self.actors {
            actor.appear(time_s, shake, frame);
        }
    }

    /// The box around the sounding actor in the frame of a time.
    pub(crate) fn sounding_bounds(&self, time_s: f32) -> [f32; 4] {
        self.actors[self.sounding].bounds(time_s, self.hand.shift(time_s))
    }

    /// The boxes around the other actors, or around `all` of them where none sounds.
    pub(crate) fn silent_bounds(&self, time_s: f32, all: bool) -> impl Iterator<Item = [f32; 4]> {
        let shake = self.hand.shift(time_s);
        (self.actors.iter().enumerate())
            .filter(move |(actor, _)| all || *actor != self.sounding)
            .map(move |(_, actor)| actor.bounds(time_s, shake))
    }
}

impl Frame<'_> {
    /// Lays a sprite over the picture with its middle at `centre`. One pixel to the right in the
    /// picture is `across` in the sprite, one pixel down is `along`.
    pub(crate) fn lay(&mut self, sprite: &Sprite, centre: Point, across: Point, along: Point) {
        let half = sprite.side() as f32 / 2.0;
        // The sprite's corners, seen from its middle, lie within this many pixels of the picture.
        let reach = half * 1.15 * std::f32::consts::SQRT_2;
        let top = (centre.y - reach).max(0.0) as usize;
        let bottom = ((centre.y + reach).max(0.0) as usize).min(self.height);
        for row in top..bottom {
            let start = at(0.5 - centre.x, row as f32 + 0.5 - centre.y);
            let first = at(
                across.x * start.x + along.x * start.y + half - 0.5,
                across.y * start.x + along.y * start.y + half - 0.5,
            );
            let columns = columns_inside(first, across, (sprite.side() - 1) as f32, self.width);
            let line = row * self.width;
            let line = &mut self.rgb[3 * (line + columns.start)..3 * (line + columns.end)];
            let mut source = Texel::from(first + across * columns.start as f32);
            let step = Texel::from(across);
            for under in line.as_chunks_mut::<3>().0 {
                lay_pixel(sprite, source, under);
                source = Texel {
                    x: source.x + step.x,
                    y: source.y + step.y,
                };
            }
        }
    }
}

/// A place in a sprite in 65 536ths of a pixel: much faster to step through than numbers with a
/// floating point.
#[derive(Clone, Copy)]
struct Texel {
    x: i32,
    y: i32,
}

impl From<Point> for Texel {
    fn from(point: Point) -> Self {
        Self {
            x: (point.x * 65_536.0) as i32,
            y: (point.y * 65_536.0) as i32,
        }
    }
}

/// In which columns of a row the way that starts at `first` is inside a sprite, between 0 and
/// `end` in both coordinates. A column at the border may be one too many.
fn columns_inside(first: Point, across: Point, end: f32, width: usize) -> Range<usize> {
    let crossing = |from: f32, step: f32| {
        if step.abs() < 1e-6 {
            return if (0.0..end).contains(&from) {
                (0.0, width as f32)
            } else {
                (0.0, 0.0)
            };
        }
        let (a, b) = (-from / step, (end - from) / step);
        (a.min(b), a.max(b))
    };
    let (x, y) = (crossing(first.x, across.x), crossing(first.y, across.y));
    let start = x.0.max(y.0).max(0.0).ceil() as usize;
    let end = (x.1.min(y.1).max(0.0).ceil() as usize).min(width);
    start.min(end)..end
}

/// Lays the sprite's colour at a place over a pixel, weighing the four pixels around the place.
fn lay_pixel(sprite: &Sprite, source: Texel, under: &mut [u8; 3]) {
    let (column, row) = (
        source.x.max(0) as usize >> 16,
        source.y.max(0) as usize >> 16,
    );
    let Some([[a, b], [c, d]]) = sprite.square(column, row) else {
        return;
    };
    if a[3] | b[3] | c[3] | d[3] == 0 {
        return;
    }
    let (right, lower) = ((source.x >> 8) as u32 & 255, (source.y >> 8) as u32 & 255);
    let weights = [(256 - right) * (256 - lower), right * (256 - lower)];
    let weights = [weights[0], weights[1], (256 - right) * lower, right * lower];
    let blend: [u32; 4] = std::array::from_fn(|i| {
        let corners = [a[i], b[i], c[i], d[i]].map(u32::from);
        corners
            .iter()
            .zip(weights)
            .map(|(corner, weight)| corner * weight)
            .sum::<u32>()
            >> 8
    });
    let keep = (255 << 8) - blend[3];
    for (under, blend) in under.iter_mut().zip(blend) {
        *under = ((blend + u32::from(*under) * keep / 255) >> 8) as u8;
    }
}
