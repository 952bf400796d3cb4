//! Powers to levels: the logarithm, and where it goes.

use pulp::Simd;

use super::lanes::{LANES, Row};

/// Turns powers into `10 log10(power) / divisor`.
#[derive(Clone, Debug)]
pub(super) struct Level {
    logarithm: Logarithm,
    /// The frames in hand, bin by bin.
    levels: Vec<[f32; LANES]>,
}

impl Level {
    pub fn new(divisor: f32, bins: usize) -> Self {
        let decibels_per_octave = 10.0 * f64::from(2_u8).log10();
        Self {
            logarithm: Logarithm::new(decibels_per_octave / f64::from(divisor)),
            levels: vec![[0.0; LANES]; bins],
        }
    }

    /// Writes the levels of the frames from `first` on into `out`, rows of `frames`.
    #[inline(always)]
    pub fn store<S: Simd>(
        &mut self,
        simd: S,
        powers: &[Row],
        frames: usize,
        first: usize,
        out: &mut [f32],
    ) {
        for (levels, powers) in self.levels.iter_mut().zip(powers) {
            *levels = powers.0.map(|power| power as f32);
        }
        self.logarithm.replace(simd, self.levels.as_flattened_mut());
        let rows = out.chunks_exact_mut(frames).zip(&self.levels);
        if first + LANES <= frames {
            rows.for_each(|(row, levels)| row[first..first + LANES].copy_from_slice(levels));
        } else {
            rows.for_each(|(row, levels)| {
                row[first..]
                    .iter_mut()
                    .zip(levels)
                    .for_each(|(out, level)| *out = *level);
            });
        }
    }
}

/// `log2(1 + x) / x` for `1 + x` from the root of 1/2 to the root of 2, highest power first: the
/// polynomial whose product with `x` has the least greatest error, 2.2e-6, 6.6e-6 dB.
const LOG2_OF_MANTISSA: [f64; 6] = [
    -0.20659176,
    0.32215482,
    -0.36749,
    0.479348,
    -0.72113186,
    1.4427135,
];

/// `scale * log2(x)` of positive normal `f32`, and NaN of what is not finite.
#[derive(Clone, Debug)]
struct Logarithm {
    scale: f32,
    polynomial: [f32; 6],
}

impl Logarithm {
    fn new(scale: f64) -> Self {
        Self {
            scale: scale as f32,
            polynomial: LOG2_OF_MANTISSA.map(|term| (term * scale) as f32),
        }
    }

    /// Replaces numbers by their logarithms.
    #[inline(always)]
    fn replace<S: Simd>(&self, simd: S, numbers: &mut [f32]) {
        let (vectors, rest) = S::as_mut_simd_f32s(numbers);
        for vector in vectors {
            *vector = self.of(simd, *vector);
        }
        if !rest.is_empty() {
            let vector = simd.partial_load_f32s(rest);
            simd.partial_store_f32s(rest, self.of(simd, vector));
        }
    }

    /// Splits numbers into `2^exponent * mantissa`, of which only the mantissa needs work.
    #[inline(always)]
    fn of<S: Simd>(&self, s: S, x: S::f32s) -> S::f32s {
        /// The least mantissa, the root of 1/2, and its distance from 1.
        const LEAST: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();
        const TO_ONE: u32 = 1_f32.to_bits() - LEAST;
        /// Beside the bits of 2^23, a small integer is a number's fraction.
        const TWO_TO_23: f32 = 8_388_608.0;
        const BIAS: f32 = 127.0;

        let bits = s.add_u32s(s.transmute_u32s_f32s(x), s.splat_u32s(TO_ONE));
        let biased = s.wrapping_dyn_shr_u32s(bits, s.splat_u32s(23));
        let biased = s.or_u32s(biased, s.splat_u32s(TWO_TO_23.to_bits()));
        let exponent = s.sub_f32s(
            s.transmute_f32s_u32s(biased),
            s.splat_f32s(TWO_TO_23 + BIAS),
        );
        let fraction = s.and_u32s(bits, s.splat_u32s((1 << 23) - 1));
        let mantissa = s.transmute_f32s_u32s(s.add_u32s(fraction, s.splat_u32s(LEAST)));
        let beyond_one = s.sub_f32s(mantissa, s.splat_f32s(1.0));

        let [highest, lower @ ..] = self.polynomial;
        let mut quotient = s.splat_f32s(highest);
        for term in lower {
            quotient = s.mul_add_e_f32s(quotient, beyond_one, s.splat_f32s(term));
        }
        let zero_if_finite = s.sub_f32s(x, x);
        let whole = s.mul_add_e_f32s(exponent, s.splat_f32s(self.scale), zero_if_finite);
        s.mul_add_e_f32s(quotient, beyond_one, whole)
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    struct Log2<'a>(&'a mut [f32]);

    impl WithSimd for Log2<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            Logarithm::new(1.0).replace(simd, self.0);
        }
    }

    fn log2(mut numbers: Vec<f32>) -> Vec<f32> {
        Arch::new().dispatch(Log2(&mut numbers));
        numbers
    }

    #[test]
    fn logarithm_is_close_over_the_whole_range() {
        let numbers: Vec<f32> = (f32::MIN_POSITIVE.to_bits()..=f32::MAX.to_bits())
            .step_by(4093)
            .map(f32::from_bits)
            .collect();
        for (x, ours) in numbers.iter().zip(log2(numbers.clone())) {
            let exact = f64::from(*x).log2();
            let rounding = (exact.abs() + 1.0) * f64::from(f32::EPSILON);
            let error = (f64::from(ours) - exact).abs();
            assert!(
                error < 2.2e-6 + rounding,
                "log2({x}) is {exact}, not {ours}"
            );
        }
    }

    #[test]
    fn what_is_not_finite_has_none() {
        for count in [1, 2, 16, 17] {
            for x in [f32::INFINITY, f32::NAN, -f32::NAN] {
                assert!(log2(vec![x; count]).iter().all(|log| log.is_nan()));
            }
        }
    }
}
