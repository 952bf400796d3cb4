//! The Tukey window.

use std::f64::consts::PI;

/// A window of `samples`, one period of a periodic Tukey window: flat, with the share `alpha` of
/// it tapered by cosines. It begins at 0 and would be back at 0 one sample after its end, as
/// scipy's windows are when they are made for spectra (`fftbins=True`).
pub(super) fn tukey_periodic(samples: usize, alpha: f64) -> Vec<f64> {
    let taper = alpha * samples as f64 / 2.0;
    let weight = |i: usize| {
        let to_nearer_end = i.min(samples - i) as f64;
        if to_nearer_end < taper {
            0.5 * (1.0 - (PI * to_nearer_end / taper).cos())
        } else {
            1.0
        }
    };
    if samples == 1 {
        vec![1.0]
    } else {
        (0..samples).map(weight).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.signal.get_window(("tukey", alpha), 6)`.
    #[test]
    fn is_scipys() {
        let close = |alpha, scipys: [f64; 6]| {
            let ours = tukey_periodic(6, alpha);
            assert!(
                ours.iter().zip(scipys).all(|(a, b)| (a - b).abs() < 1e-15),
                "{ours:?}"
            );
        };
        close(0.0, [1.0; 6]);
        close(0.5, [0.0, 0.75, 1.0, 1.0, 1.0, 0.75]);
        close(1.0, [0.0, 0.25, 0.75, 1.0, 0.75, 0.25]);
    }
}
