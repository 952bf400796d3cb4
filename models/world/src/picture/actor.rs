//! An actor: one object of a clip, where it is and what it does at any time.

use super::{
    geometry::{Point, at},
    paint::{Light, Palette},
    sprite::{Poses, Sprite},
    stage::Frame,
};
use crate::{
    classes::Class,
    random::{Dice, Throw},
    score::{Action, Score},
};

/// Places tried for an object, to find one where it hides others least.
const TRIES: usize = 64;

/// How much an object may grow and hop beyond its path, as a share of its radius.
const EXCURSION: f32 = 1.2;

/// One object of a clip.
pub(crate) struct Actor {
    action: Action,
    score: Score,
    poses: Poses,
    path: Path,
    tilt_turns: f32,
    mirror: f32,
}

/// A slow wandering around a home.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    home: Point,
    radius_px: f32,
    sway_px: Point,
    sway_hz: Point,
    sway_turns: Point,
}

/// Where an object stands in one frame.
struct Placement {
    centre: Point,
    turns: f32,
    /// Across and along, mirrored if the first is negative.
    scale: Point,
}

impl Path {
    /// Draws a path inside a picture, away from those that are taken.
    pub(crate) fn draw(picture: Point, size_px: f32, taken: &[Self], dice: &mut Dice) -> Self {
        let radius_px = size_px / 2.0;
        let sway = |room: f32, dice: &mut Dice| dice.between(0.02..0.07) * room;
        let sway_px = at(sway(picture.x, dice), sway(picture.y, dice));
        let home = |extent: f32, sway: f32, dice: &mut Dice| {
            let margin = (radius_px * EXCURSION + sway).min(extent / 2.0);
            dice.between(margin..extent - margin)
        };
        let mut path = Self {
            home: picture * 0.5,
            radius_px,
            sway_px,
            sway_hz: at(dice.between(0.04..0.2), dice.between(0.04..0.2)),
            sway_turns: at(dice.between(0.0..1.0), dice.between(0.0..1.0)),
        };
        let mut least = f32::INFINITY;
        for _ in 0..TRIES {
            let place = at(
                home(picture.x, sway_px.x, dice),
                home(picture.y, sway_px.y, dice),
            );
            let overlap = taken
                .iter()
                .map(|other| other.overlap(place, radius_px))
                .sum();
            if overlap < least {
                (least, path.home) = (overlap, place);
            }
            if least <= 0.0 {
                break;
            }
        }
        path
    }

    /// How far an object of this radius would reach into this one.
    fn overlap(&self, home: Point, radius_px: f32) -> f32 {
        (self.radius_px + radius_px - (self.home - home).length()).max(0.0)
    }

    fn at_time(&self, time_s: f32) -> Point {
        let sway = |px: f32, hz: f32, turns: f32| {
            px * ((time_s * hz + turns) * std::f32::consts::TAU).sin()
        };
        self.home
            + at(
                sway(self.sway_px.x, self.sway_hz.x, self.sway_turns.x),
                sway(self.sway_px.y, self.sway_hz.y, self.sway_turns.y),
            )
    }
}

impl Actor {
    /// An object of this class on this path, moving to this score.
    pub(crate) fn new(
        class: &Class,
        path: Path,
        score: Score,
        light: Light,
        dice: &mut Dice,
    ) -> Self {
        let cyclic = class.action.is_cyclic();
        let palette = Palette::draw(dice);
        Self {
            action: class.action,
            score,
            poses: Poses::paint(class.look, cyclic, path.radius_px * 2.0, palette, light),
            path,
            tilt_turns: dice.between(-0.06..0.06),
            mirror: dice.sign(),
        }
    }

    /// Lays the object over a frame; `shake` is where the camera looks.
    pub(crate) fn appear(&self, time_s: f32, shake: Point, frame: &mut Frame) {
        let placement = self.placement(time_s, shake);
        let sprite = self.sprite(time_s);
        let (sin, cos) = (placement.turns * std::f32::consts::TAU).sin_cos();
        let across = at(cos / placement.scale.x, -sin / placement.scale.y);
        let along = at(sin / placement.scale.x, cos / placement.scale.y);
        frame.lay(sprite, placement.centre, across, along);
    }

    /// The box around the object, before it is cut at the picture's borders: left, top, right,
    /// bottom.
    pub(crate) fn bounds(&self, time_s: f32, shake: Point) -> [f32; 4] {
        let placement = self.placement(time_s, shake);
        let (sin, cos) = (placement.turns * std::f32::consts::TAU).sin_cos();
        let mut bounds = [
            f32::INFINITY,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NEG_INFINITY,
        ];
        for rim in self.sprite(time_s).rim() {
            let scaled = at(rim.x * placement.scale.x, rim.y * placement.scale.y);
            let Point { x, y } = placement.centre + scaled.rotated(sin, cos);
            bounds = [
                bounds[0].min(x),
                bounds[1].min(y),
                bounds[2].max(x),
                bounds[3].max(y),
            ];
        }
        bounds
    }

    fn sprite(&self, time_s: f32) -> &Sprite {
        self.poses.nearest(self.score.pose(self.action, time_s))
    }

    fn placement(&self, time_s: f32, shake: Point) -> Placement {
        let excitement = self.score.excitement(time_s);
        let hop = at(0.0, -0.08 * self.path.radius_px * excitement);
        let (wide, high) = (1.0 + 0.04 * excitement, 1.0 + 0.1 * excitement);
        let tremble = 0.012 * excitement * (time_s * 13.0 * std::f32::consts::TAU).sin();
        Placement {
            centre: self.path.at_time(time_s) + hop + shake,
            turns: self.tilt_turns + tremble,
            scale: at(self.mirror * wide, high),
        }
    }
}
