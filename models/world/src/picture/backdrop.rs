//! Scenery: busy, and nothing in it sounds. Painted once, a little larger than the picture, and
//! shifted as the camera shakes.

use super::{
    geometry::{Point, at},
    paint::{Light, Rgb, mix, rgb_from_hsl},
    shapes::{convex, disc, in_cell, on_stripe, ring, slab},
    stage::Frame,
};
use crate::random::{Dice, Throw};

/// How many pixels the scenery reaches beyond the picture on each side.
pub(crate) const MARGIN: usize = 12;

/// A painted scenery.
pub(crate) struct Backdrop {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

/// The colours of a scenery: hues near each other, and one far away.
struct Scheme {
    hue: f32,
    spread: f32,
    saturation: f32,
}

/// One thing that stands around.
struct Thing {
    outline: Outline,
    pattern: Pattern,
    centre: Point,
    radius_px: f32,
    turns: f32,
    period_px: f32,
    inks: [Rgb; 2],
    opacity: f32,
}

#[derive(Clone, Copy)]
enum Outline {
    Disc,
    Ring,
    Slab,
    Plank,
    Triangle,
}

#[derive(Clone, Copy)]
enum Pattern {
    Plain,
    Fading,
    Stripes,
    Checks,
    Dots,
}

impl Backdrop {
    /// Draws and paints a scenery for a picture of this size.
    pub(crate) fn draw(width: usize, height: usize, light: Light, dice: &mut Dice) -> Self {
        let (width, height) = (width + 2 * MARGIN, height + 2 * MARGIN);
        let scheme = Scheme::draw(dice);
        let mut canvas = ground(width, height, &scheme, dice);
        let count = dice.between(14.0..34.0) as usize;
        for depth in 0..count {
            let far = 1.0 - depth as f32 / count as f32;
            Thing::draw(at(width as f32, height as f32), far, &scheme, dice)
                .paint(width, &mut canvas);
        }
        roughen(width, &mut canvas, dice);
        let lit = |colour: Rgb| {
            light
                .on(colour)
                .map(|c| (c.clamp(0.0, 1.0) * 255.0 + 0.5) as u8)
        };
        Self {
            width,
            height,
            rgb: canvas.into_iter().flat_map(lit).collect(),
        }
    }

    /// Copies what the camera sees of it into a frame.
    pub(crate) fn show(&self, shake: Point, frame: &mut Frame) {
        let from =
            |shift: f32, room: usize| (MARGIN as f32 - shift).clamp(0.0, room as f32) as usize;
        let left = from(shake.x, self.width - frame.width);
        let top = from(shake.y, self.height - frame.height);
        for (row, line) in frame.rgb.chunks_exact_mut(3 * frame.width).enumerate() {
            let start = 3 * ((top + row) * self.width + left);
            line.copy_from_slice(&self.rgb[start..start + line.len()]);
        }
    }
}

impl Scheme {
    fn draw(dice: &mut Dice) -> Self {
        Self {
            hue: dice.between(0.0..1.0),
            spread: dice.between(0.03..0.16),
            saturation: dice.between(0.15..0.55),
        }
    }

    fn colour(&self, lightness: std::ops::Range<f32>, dice: &mut Dice) -> Rgb {
        let opposite = if dice.between(0.0..1.0) < 0.15 {
            0.5
        } else {
            0.0
        };
        let hue = self.hue + opposite + self.spread * dice.white();
        rgb_from_hsl(
            hue,
            self.saturation * dice.between(0.6..1.3),
            dice.between(lightness),
        )
    }
}

/// Sky and floor: two gradients that meet at a horizon.
fn ground(width: usize, height: usize, scheme: &Scheme, dice: &mut Dice) -> Vec<Rgb> {
    let horizon = dice.between(0.35..0.8);
    let slant = dice.between(-0.15..0.15);
    let sky = [
        scheme.colour(0.35..0.8, dice),
        scheme.colour(0.5..0.85, dice),
    ];
    let floor = [
        scheme.colour(0.2..0.6, dice),
        scheme.colour(0.15..0.5, dice),
    ];
    let mut canvas = Vec::with_capacity(width * height);
    for row in 0..height {
        for column in 0..width {
            let (x, y) = (column as f32 / width as f32, row as f32 / height as f32);
            let edge = horizon + slant * (x - 0.5);
            canvas.push(if y < edge {
                mix(sky[0], sky[1], y / edge)
            } else {
                mix(floor[0], floor[1], (y - edge) / (1.0 - edge))
            });
        }
    }
    canvas
}

impl Thing {
    fn draw(picture: Point, far: f32, scheme: &Scheme, dice: &mut Dice) -> Self {
        let radius_px = picture.y * (0.06 + 0.2 * far) * dice.between_log(0.5..1.6);
        Self {
            outline: *dice.pick(&[
                Outline::Disc,
                Outline::Ring,
                Outline::Slab,
                Outline::Plank,
                Outline::Triangle,
            ]),
            pattern: *dice.pick(&[
                Pattern::Plain,
                Pattern::Fading,
                Pattern::Stripes,
                Pattern::Checks,
                Pattern::Dots,
            ]),
            centre: at(dice.between(0.0..picture.x), dice.between(0.0..picture.y)),
            radius_px,
            turns: dice.between(0.0..1.0),
            period_px: (radius_px * dice.between(0.2..0.7)).max(5.0),
            inks: [
                scheme.colour(0.2..0.75, dice),
                scheme.colour(0.2..0.75, dice),
            ],
            opacity: dice.between(0.35..0.85),
        }
    }

    fn paint(&self, width: usize, canvas: &mut [Rgb]) {
        let reach = self.radius_px * 1.5;
        let height = canvas.len() / width;
        let span = |middle: f32, end: usize| {
            ((middle - reach).max(0.0) as usize)..((middle + reach).max(0.0) as usize).min(end)
        };
        let (sin, cos) = (self.turns * std::f32::consts::TAU).sin_cos();
        for row in span(self.centre.y, height) {
            for column in span(self.centre.x, width) {
                let p = (at(column as f32, row as f32) - self.centre).rotated(sin, cos);
                let coverage = (0.5 - self.distance(p)).clamp(0.0, 1.0);
                if coverage > 0.0 {
                    let under = &mut canvas[row * width + column];
                    *under = mix(*under, self.colour(p), coverage * self.opacity);
                }
            }
        }
    }

    fn distance(&self, p: Point) -> f32 {
        let r = self.radius_px;
        match self.outline {
            Outline::Disc => disc(p, r),
            Outline::Ring => ring(p, r * 0.8, r * 0.3),
            Outline::Slab => slab(p, at(r, r * 0.7), r * 0.1),
            Outline::Plank => slab(p, at(r * 1.4, r * 0.18), 1.0),
            Outline::Triangle => convex(
                p,
                &[at(0.0, -r), at(r * 0.9, r * 0.7), at(-r * 0.9, r * 0.7)],
            ),
        }
    }

    fn colour(&self, p: Point) -> Rgb {
        let period = self.period_px;
        let share = match self.pattern {
            Pattern::Plain => 0.0,
            Pattern::Fading => (0.5 + 0.5 * p.y / self.radius_px).clamp(0.0, 1.0),
            Pattern::Stripes => f32::from(on_stripe(p.x, period, 0.5)),
            Pattern::Checks => {
                f32::from(on_stripe(p.x, period, 0.5) != on_stripe(p.y, period, 0.5))
            }
            Pattern::Dots => f32::from(disc(in_cell(p, period), period * 0.3) < 0.0),
        };
        mix(self.inks[0], self.inks[1], share)
    }
}

/// Makes surfaces uneven: coarse patches of light and fine grain.
fn roughen(width: usize, canvas: &mut [Rgb], dice: &mut Dice) {
    let (patch_px, patch_depth) = (dice.between(24.0..60.0), dice.between(0.05..0.3));
    let grain_depth = dice.between(0.0..0.05);
    let columns = (width as f32 / patch_px) as usize + 2;
    let rows = (canvas.len() as f32 / width as f32 / patch_px) as usize + 2;
    let lattice: Vec<f32> = (0..columns * rows).map(|_| dice.white()).collect();
    for (index, colour) in canvas.iter_mut().enumerate() {
        let (x, y) = (
            (index % width) as f32 / patch_px,
            (index / width) as f32 / patch_px,
        );
        let gain =
            1.0 + patch_depth * smooth_at(&lattice, columns, x, y) + grain_depth * dice.white();
        *colour = colour.map(|c| c * gain);
    }
}

/// The value of a lattice between its points.
fn smooth_at(lattice: &[f32], columns: usize, x: f32, y: f32) -> f32 {
    let ease = |c: f32| c * c * (3.0 - 2.0 * c);
    let (column, row) = (x as usize, y as usize);
    let (right, lower) = (ease(x - column as f32), ease(y - row as f32));
    let line = |row: usize| {
        let start = row * columns + column;
        lattice[start] + (lattice[start + 1] - lattice[start]) * right
    };
    line(row) + (line(row + 1) - line(row)) * lower
}
