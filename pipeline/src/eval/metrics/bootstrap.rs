//! How far a figure might be off, had other recordings been at hand.

use rand::RngExt;
use serde::Serialize;

use crate::eval::dice::{Purpose, dice};

/// Times that recordings are drawn anew.
pub const DRAWS: usize = 2_000;

/// A figure, and where it lies in 95 of 100 draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The figure itself.
    pub value: f64,
    /// 2.5 of 100 draws are below.
    pub low: f64,
    /// 2.5 of 100 draws are above.
    pub high: f64,
}

/// The mean of `wins[picture][sound]` over recordings of a picture and other recordings of a
/// sound, each picture's recording counting the same. Recordings are drawn with replacement, once
/// for both sides; of a recording drawn twice, its own sound is still no other's.
///
/// # Panics
/// If there are fewer than two recordings, or `wins` is not square.
pub fn bootstrap(wins: &[Vec<f64>], seed: u64) -> Interval {
    let count = wins.len();
    assert!(count > 1, "there is nothing to compare");
    let all: Vec<usize> = (0..count).collect();
    let dice = &mut dice(seed, Purpose::Bootstrap);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn: Vec<usize> = all.iter().map(|_| dice.random_range(0..count)).collect();
            mean(wins, &drawn)
        })
        // A draw of one recording alone, over and over, says nothing.
        .filter(|mean| mean.is_finite())
        .collect();
    draws.sort_by(f64::total_cmp);
    let quantile = |share: f64| draws[(share * (draws.len() - 1) as f64).round() as usize];
    Interval {
        value: mean(wins, &all),
        low: quantile(0.025),
        high: quantile(0.975),
    }
}

/// The mean over these recordings, each against those of them that are others. NaN if all are the
/// same.
fn mean(wins: &[Vec<f64>], recordings: &[usize]) -> f64 {
    let mut times = vec![0.0; wins.len()];
    for recording in recordings {
        times[*recording] += 1.0;
    }
    let of = |picture: usize| {
        let others = recordings.len() as f64 - times[picture];
        let row = wins[picture].iter().zip(&times).enumerate();
        let sum: f64 = row
            .filter(|(sound, _)| *sound != picture)
            .map(|(_, (win, times))| win * times)
            .sum();
        times[picture] * sum / others
    };
    let drawn = (0..wins.len()).filter(|picture| times[*picture] > 0.0);
    drawn.map(of).sum::<f64>() / recordings.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_the_plain_mean() {
        let wins = vec![
            vec![9.0, 1.0, 0.5],
            vec![0.0, 9.0, 1.0],
            vec![0.25, 0.75, 9.0],
        ];
        let expected = (0.75 + 0.5 + 0.5) / 3.0;
        let interval = bootstrap(&wins, 7);
        assert!((interval.value - expected).abs() < 1e-12);
        assert!(interval.low < expected && expected < interval.high);
        assert_eq!(interval, bootstrap(&wins, 7));
    }

    #[test]
    fn draws_are_as_counted_one_by_one() {
        let wins: Vec<Vec<f64>> = (0..4)
            .map(|a| (0..4).map(|b| f64::from(a * 3 + b) / 16.0).collect())
            .collect();
        let drawn = [2, 0, 2, 3];
        let (mut sum, mut pictures) = (0.0, 0.0);
        for picture in drawn {
            let others: Vec<usize> = drawn.iter().copied().filter(|s| *s != picture).collect();
            let all: f64 = others.iter().map(|sound| wins[picture][*sound]).sum();
            sum += all / others.len() as f64;
            pictures += 1.0;
        }
        assert!((mean(&wins, &drawn) - sum / pictures).abs() < 1e-12);
    }

    #[test]
    fn what_always_wins_always_wins() {
        let interval = bootstrap(&vec![vec![1.0; 5]; 5], 0);
        assert_eq!(
            (interval.value, interval.low, interval.high),
            (1.0, 1.0, 1.0)
        );
    }
}
