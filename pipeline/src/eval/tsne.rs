//! t-SNE: points of many dimensions laid out in two, so that neighbours stay neighbours.
//!
//! The exact method (van der Maaten and Hinton, 2008), on one thread and from a seeded start, so
//! that the same points always give the same picture.

use rand::RngExt;

use super::dice::{Purpose, dice};

/// Steps of gradient descent.
const STEPS: usize = 500;

/// Steps in which likenesses are exaggerated, so that clusters form.
const EXAGGERATED_STEPS: usize = 120;
const EXAGGERATION: f32 = 12.0;

/// How many neighbours a point cares for.
const PERPLEXITY: f32 = 20.0;

/// Points on a plane, one for each of `vectors`, which are all of one length.
pub fn tsne(vectors: &[&[f32]], seed: u64) -> Vec<[f32; 2]> {
    let count = vectors.len();
    if count < 4 {
        // Too few to have neighbours: a row.
        return (0..count).map(|place| [place as f32, 0.0]).collect();
    }
    let perplexity = PERPLEXITY.min((count - 1) as f32 / 3.0);
    let likeness = likenesses(vectors, perplexity);
    let dice = &mut dice(seed, Purpose::Scatter);
    let mut draw = || 1e-2 * (dice.random::<f32>() - 0.5);
    let mut layout = Layout {
        points: [0, 1].map(|_| (0..count).map(|_| draw()).collect()),
        speed: [0, 1].map(|_| vec![0.0; count]),
        gains: [0, 1].map(|_| vec![1.0; count]),
    };
    for step in 0..STEPS {
        let exaggerated = step < EXAGGERATED_STEPS;
        let exaggeration = if exaggerated { EXAGGERATION } else { 1.0 };
        let momentum = if exaggerated { 0.5 } else { 0.8 };
        layout.step(&likeness, exaggeration, momentum);
    }
    let [x, y] = layout.points;
    x.into_iter().zip(y).map(|(x, y)| [x, y]).collect()
}

/// How alike each two points are, row by row: symmetric, of sum 1.
fn likenesses(vectors: &[&[f32]], perplexity: f32) -> Vec<f32> {
    let count = vectors.len();
    let mut likeness = vec![0.0; count * count];
    for (point, row) in likeness.chunks_exact_mut(count).enumerate() {
        let squares: Vec<f32> = (vectors.iter())
            .map(|other| square_distance(vectors[point], other))
            .collect();
        neighbours(&squares, point, perplexity, row);
    }
    let mut symmetric = vec![0.0; count * count];
    for (cell, value) in symmetric.iter_mut().enumerate() {
        let mirrored = cell % count * count + cell / count;
        *value = (likeness[cell] + likeness[mirrored]) / (2 * count) as f32;
    }
    symmetric
}

fn square_distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The chances with which a point would choose each other one as its neighbour: a Gaussian over
/// distance, as wide as gives this perplexity.
fn neighbours(squares: &[f32], point: usize, perplexity: f32, row: &mut [f32]) {
    let nearest = (squares.iter().enumerate())
        .filter(|(other, _)| *other != point)
        .fold(f32::INFINITY, |nearest, (_, square)| nearest.min(*square));
    let (mut beta, mut low, mut high) = (1.0f32, 0.0f32, f32::INFINITY);
    for _ in 0..60 {
        for (value, square) in row.iter_mut().zip(squares) {
            // Less the nearest, so that not all chances are 0 at once.
            *value = (-(square - nearest) * beta).exp();
        }
        row[point] = 0.0;
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= sum);
        let entropy: f32 = (row.iter().filter(|value| **value > 0.0))
            .map(|value| -value * value.ln())
            .sum();
        if entropy > perplexity.ln() {
            low = beta;
            beta = if high.is_finite() {
                f32::midpoint(low, high)
            } else {
                beta * 2.0
            };
        } else {
            high = beta;
            beta = f32::midpoint(low, high);
        }
    }
}

/// Points under way; coordinates, speeds and gains by axis.
struct Layout {
    points: [Vec<f32>; 2],
    speed: [Vec<f32>; 2],
    gains: [Vec<f32>; 2],
}

impl Layout {
    fn step(&mut self, likeness: &[f32], exaggeration: f32, momentum: f32) {
        let count = self.points[0].len();
        let rate = (count as f32 / EXAGGERATION / 4.0).max(50.0);
        let gradient = self.gradient(likeness, exaggeration);
        for axis in 0..2 {
            for (point, gradient) in gradient[axis].iter().enumerate() {
                let speed = &mut self.speed[axis][point];
                let gain = &mut self.gains[axis][point];
                // A point that goes on in its direction may go faster.
                *gain = match (*gradient > 0.0) == (*speed > 0.0) {
                    true => (*gain * 0.8).max(0.01),
                    false => *gain + 0.2,
                };
                *speed = momentum * *speed - rate * *gain * gradient;
                self.points[axis][point] += *speed;
            }
            let mean = self.points[axis].iter().sum::<f32>() / count as f32;
            self.points[axis]
                .iter_mut()
                .for_each(|value| *value -= mean);
        }
    }

    /// Pull of the likenesses, push of all others.
    fn gradient(&self, likeness: &[f32], exaggeration: f32) -> [Vec<f32>; 2] {
        let [x, y] = &self.points;
        let count = x.len();
        let closeness = |a: usize, b: usize| {
            let (across, down) = (x[a] - x[b], y[a] - y[b]);
            1.0 / (1.0 + across * across + down * down)
        };
        let all: f32 = (0..count)
            .map(|a| (0..count).map(|b| closeness(a, b)).sum::<f32>() - 1.0)
            .sum();
        let mut gradient = [vec![0.0; count], vec![0.0; count]];
        for (a, row) in likeness.chunks_exact(count).enumerate() {
            let mut force = [0.0f32; 2];
            for (b, likeness) in row.iter().enumerate() {
                let close = closeness(a, b);
                let pull = 4.0 * (exaggeration * likeness - close / all) * close;
                force[0] += pull * (x[a] - x[b]);
                force[1] += pull * (y[a] - y[b]);
            }
            gradient[0][a] = force[0];
            gradient[1][a] = force[1];
        }
        gradient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three clusters in five dimensions, one point after the other.
    fn clusters(count: usize) -> Vec<Vec<f32>> {
        let dice = &mut dice(5, Purpose::Examples);
        (0..count)
            .map(|point| {
                let at = |axis: usize| if axis == point % 3 { 4.0 } else { 0.0 };
                (0..5).map(|axis| at(axis) + dice.random::<f32>()).collect()
            })
            .collect()
    }

    #[test]
    fn clusters_stay_together() {
        let points = clusters(60);
        let vectors: Vec<&[f32]> = points.iter().map(Vec::as_slice).collect();
        let layout = tsne(&vectors, 1);
        for (point, place) in layout.iter().enumerate() {
            let nearest = (0..layout.len())
                .filter(|other| *other != point)
                .min_by(|a, b| {
                    let far = |other: usize| square_distance(place, &layout[other]);
                    far(*a).total_cmp(&far(*b))
                })
                .unwrap();
            assert_eq!(nearest % 3, point % 3, "{point} at {place:?}");
        }
        assert_eq!(layout, tsne(&vectors, 1));
        assert_ne!(layout, tsne(&vectors, 2));
    }

    #[test]
    fn a_point_has_as_many_neighbours_as_asked_for() {
        let points = clusters(30);
        let squares: Vec<f32> = (points.iter())
            .map(|other| square_distance(&points[4], other))
            .collect();
        let mut row = vec![0.0; 30];
        neighbours(&squares, 4, 7.0, &mut row);
        let entropy: f32 = row
            .iter()
            .filter(|p| **p > 0.0)
            .map(|p| -p * p.log2())
            .sum();
        assert!((entropy.exp2() - 7.0).abs() < 0.01, "{}", entropy.exp2());
        assert_eq!(row[4], 0.0);
    }

    #[test]
    fn the_gradient_is_that_of_the_divergence() {
        let points = clusters(9);
        let vectors: Vec<&[f32]> = points.iter().map(Vec::as_slice).collect();
        let likeness = likenesses(&vectors, 2.5);
        let dice = &mut dice(8, Purpose::Scatter);
        let mut draw = || -> Vec<f32> { (0..9).map(|_| 2.0 * dice.random::<f32>()).collect() };
        let mut layout = Layout {
            points: [draw(), draw()],
            speed: [vec![], vec![]],
            gains: [vec![], vec![]],
        };
        let gradient = layout.gradient(&likeness, 1.0);
        let step = 1e-2;
        for (axis, point) in [(0, 3), (1, 7)] {
            let divergence = |layout: &Layout| divergence(layout, &likeness);
            layout.points[axis][point] += step;
            let above = divergence(&layout);
            layout.points[axis][point] -= 2.0 * step;
            let below = divergence(&layout);
            layout.points[axis][point] += step;
            let expected = (above - below) / f64::from(2.0 * step);
            let found = f64::from(gradient[axis][point]);
            assert!((found - expected).abs() < 1e-3, "{found} {expected}");
        }
    }

    /// Kullback-Leibler divergence of the likenesses in the plane from those given.
    fn divergence(layout: &Layout, likeness: &[f32]) -> f64 {
        let [x, y] = &layout.points;
        let count = x.len();
        let close = |a: usize, b: usize| {
            let (across, down) = (f64::from(x[a] - x[b]), f64::from(y[a] - y[b]));
            1.0 / (1.0 + across * across + down * down)
        };
        let pairs = || (0..count * count).filter(|cell| cell / count != cell % count);
        let all: f64 = pairs().map(|cell| close(cell / count, cell % count)).sum();
        pairs()
            .map(|cell| {
                let p = f64::from(likeness[cell]);
                if p == 0.0 {
                    0.0
                } else {
                    p * (p / (close(cell / count, cell % count) / all)).ln()
                }
            })
            .sum()
    }
}
