//! What a network's head says of a distance.

use crate::{Features, Network, NetworkError};

/// Into so many steps the distances are divided, 0..2: those of points on a sphere of radius 1,
/// where embeddings lie.
const STEPS: usize = 512;

/// How far the distance that a head gives may be from that of what it was given.
const TOLERANCE: f32 = 1e-3;

/// The correspondence of a picture and a sound by the Euclidean distance of their embeddings, 0..2:
/// what a network says of pairs that it has never been shown together, without asking it.
///
/// Farther is never more likely.
#[derive(Clone, Debug, PartialEq)]
pub struct DistanceCurve(Vec<f32>);

impl DistanceCurve {
    /// The correspondence at a distance, 0..1: between what the head said of the distances on both
    /// sides, which lie 1/256 apart.
    pub fn at(&self, distance: f32) -> f32 {
        let last = self.0.len() - 1;
        let place = (distance / 2.0 * last as f32).clamp(0.0, last as f32);
        let before = (place as usize).min(last - 1);
        let share = place - before as f32;
        self.0[before] * (1.0 - share) + self.0[before + 1] * share
    }
}

impl Network {
    /// What the head says of each distance. Nothing if it does not go by the distance of
    /// embeddings, or not so that farther is less likely: then there is nothing to be said of pairs
    /// but by [`score`](Network::score).
    ///
    /// # Errors
    /// When the head fails.
    pub fn distance_curve(&mut self) -> Result<Option<DistanceCurve>, NetworkError> {
        let outputs = &self.contract().outputs;
        let Some(numbers) = outputs.embedding.filter(|_| outputs.distance) else {
            return Ok(None);
        };
        if numbers < 2 {
            return Ok(None);
        }
        let distances: Vec<f32> = (0..=STEPS)
            .map(|step| 2.0 * step as f32 / STEPS as f32)
            .collect();
        let on_sphere = |distance: f32| {
            let along = 1.0 - distance * distance / 2.0;
            [along, (1.0 - along * along).max(0.0).sqrt()]
        };
        let pictures = points(numbers, distances.iter().map(|_| [1.0, 0.0]));
        let sounds = points(numbers, distances.iter().map(|d| on_sphere(*d)));
        let scores = self.score(&pictures, &sounds)?;
        let agrees = |(score, asked): (&crate::Score, &f32)| {
            let told = score.distance;
            told.is_some_and(|told| (told - asked).abs() < TOLERANCE)
        };
        let curve: Vec<f32> = scores.iter().map(|score| score.correspondence).collect();
        let falls = curve.windows(2).all(|pair| pair[1] <= pair[0] + TOLERANCE);
        let goes_by_distance = scores.iter().zip(&distances).all(agrees);
        Ok((goes_by_distance && falls).then_some(DistanceCurve(curve)))
    }
}

/// Points that are 0 but in their first two numbers.
fn points(numbers: usize, of: impl ExactSizeIterator<Item = [f32; 2]>) -> Features {
    let mut values = vec![0.0; numbers * of.len()];
    for (point, first) in values.chunks_exact_mut(numbers).zip(of) {
        point[..2].copy_from_slice(&first);
    }
    Features::new(vec![numbers], values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_distances_lies_what_is_between() {
        let curve = DistanceCurve(vec![1.0, 0.5, 0.0]);
        let at = [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 9.0].map(|distance| curve.at(distance));
        assert_eq!(at, [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
    }
}
