//! Triangles over frequency that are evenly spaced in pitch.

use sonoscope_models::{MelFilters, MelNorm, MelScale};

use super::super::lanes::{LANES, Row};

/// The weights of each band, from the first bin that it hears on.
#[derive(Clone, Debug)]
pub(super) struct Filters(Vec<Filter>);

#[derive(Clone, Debug)]
struct Filter {
    first_bin: usize,
    weights: Vec<f64>,
}

impl Filters {
    /// So many bands over the bins of a transform.
    pub fn new(filters: &MelFilters, bands: usize, fft_samples: usize, rate_hz: u32) -> Self {
        let [low, high] = [filters.min_hz, filters.max_hz].map(|hz| pitch(filters.scale, hz));
        // Where each band begins; two bands on is where it ends.
        let border_hz = |border: usize| {
            let step = (high - low) / (bands + 1) as f64;
            frequency_hz(filters.scale, low + step * border as f64)
        };
        let bin_hz = f64::from(rate_hz) / fft_samples as f64;
        let bins = fft_samples / 2 + 1;
        Self(
            (0..bands)
                .map(|band| {
                    let corners_hz = [0, 1, 2].map(|corner| border_hz(band + corner));
                    Filter::new(corners_hz, filters.norm, bin_hz, bins)
                })
                .collect(),
        )
    }

    /// How many bands there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes what each band hears of all bins.
    #[inline(always)]
    pub fn sum(&self, bins: &[Row], bands: &mut [Row]) {
        for (filter, band) in self.0.iter().zip(bands) {
            let mut sum = [0.0; LANES];
            for (weight, bin) in filter.weights.iter().zip(&bins[filter.first_bin..]) {
                for (sum, value) in sum.iter_mut().zip(bin.0) {
                    *sum += weight * value;
                }
            }
            *band = Row(sum);
        }
    }
}

impl Filter {
    /// A triangle between two corners, its peak at the middle one.
    fn new([begin, peak, end]: [f64; 3], norm: MelNorm, bin_hz: f64, bins: usize) -> Self {
        let height = match norm {
            MelNorm::None => 1.0,
            MelNorm::Slaney => 2.0 / (end - begin),
        };
        let weight = |bin: usize| {
            let hz = bin as f64 * bin_hz;
            let rising = (hz - begin) / (peak - begin);
            let falling = (end - hz) / (end - peak);
            height * rising.min(falling).max(0.0)
        };
        let heard = |bin: &usize| weight(*bin) > 0.0;
        let first_bin = (0..bins).find(heard).unwrap_or(0);
        let weights = (first_bin..bins).take_while(heard).map(weight).collect();
        Self { first_bin, weights }
    }
}

/// Below this, Slaney's scale is linear: 15 steps of 200/3 Hz.
const BREAK_HZ: f64 = 1_000.0;
const STEP_HZ: f64 = 200.0 / 3.0;

/// Above, so many steps are a factor of 6.4.
const STEPS: f64 = 27.0;
const FACTOR: f64 = 6.4;

fn pitch(scale: MelScale, hz: f64) -> f64 {
    match scale {
        MelScale::Htk => 2_595.0 * (1.0 + hz / 700.0).log10(),
        MelScale::Slaney if hz < BREAK_HZ => hz / STEP_HZ,
        MelScale::Slaney => BREAK_HZ / STEP_HZ + (hz / BREAK_HZ).ln() * STEPS / FACTOR.ln(),
    }
}

fn frequency_hz(scale: MelScale, pitch: f64) -> f64 {
    let break_pitch = BREAK_HZ / STEP_HZ;
    match scale {
        MelScale::Htk => 700.0 * (10_f64.powf(pitch / 2_595.0) - 1.0),
        MelScale::Slaney if pitch < break_pitch => pitch * STEP_HZ,
        MelScale::Slaney => BREAK_HZ * ((pitch - break_pitch) * FACTOR.ln() / STEPS).exp(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, wanted: f64) {
        assert!(
            (found - wanted).abs() < 1e-9 * wanted.abs().max(1.0),
            "{found}, not {wanted}"
        );
    }

    #[test]
    fn pitches_are_those_of_the_books() {
        close(pitch(MelScale::Htk, 1_000.0), 999.985_537_151_6);
        close(pitch(MelScale::Slaney, 500.0), 7.5);
        close(pitch(MelScale::Slaney, 1_000.0), 15.0);
        close(pitch(MelScale::Slaney, 6_400.0), 42.0);
        for scale in [MelScale::Htk, MelScale::Slaney] {
            for hz in [0.0, 60.0, 999.0, 1_001.0, 24_000.0] {
                close(frequency_hz(scale, pitch(scale, hz)), hz);
            }
        }
    }

    #[test]
    fn slaneys_norm_makes_equal_areas() {
        let filters = MelFilters {
            scale: MelScale::Htk,
            norm: MelNorm::Slaney,
            min_hz: 100.0,
            max_hz: 8_000.0,
        };
        // With bins this fine, a sum is an area.
        let bands = Filters::new(&filters, 8, 1 << 16, 16_000);
        for filter in &bands.0 {
            let area: f64 = filter.weights.iter().sum::<f64>() * 16_000.0 / 65_536.0;
            assert!((area - 1.0).abs() < 1e-3, "{area}");
        }
    }

    #[test]
    fn a_band_narrower_than_a_bin_may_hear_nothing() {
        let filters = MelFilters {
            scale: MelScale::Htk,
            norm: MelNorm::None,
            min_hz: 0.0,
            max_hz: 8_000.0,
        };
        let bands = Filters::new(&filters, 64, 16, 16_000);
        let mut out = vec![Row::default(); 64];
        bands.sum(&[Row([1.0; LANES]); 9], &mut out);
        assert_eq!(out[0].0, [0.0; LANES]);
        assert!(out.iter().any(|band| band.0[0] > 0.0));
    }
}
