//! Scalar products of one vector with many.

use pulp::{Arch, Simd, WithSimd};

/// Rows at once.
const AT_ONCE: usize = 4;

/// Writes the scalar product of `vector` with each row of `rows` to `out`, as many rows as `out` is
/// long. A product does not depend on what else is computed with it, nor on which of the two is
/// the row.
pub(super) fn dots(arch: Arch, rows: &[f32], vector: &[f32], out: &mut [f32]) {
    if vector.is_empty() {
        return out.fill(0.0);
    }
    arch.dispatch(Dots { rows, vector, out });
}

/// The square of a vector's length.
pub(super) fn squared_length(arch: Arch, vector: &[f32]) -> f32 {
    let mut squared = [0.0];
    dots(arch, vector, vector, &mut squared);
    squared[0]
}

/// The square of a Euclidean distance, from the squares of two lengths and the scalar product.
pub(super) fn squared_distance(one: f32, other: f32, product: f32) -> f32 {
    (one + other - 2.0 * product).max(0.0)
}

struct Dots<'a> {
    rows: &'a [f32],
    vector: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let numbers = self.vector.len();
        let (whole, rest) = self.out.as_chunks_mut::<AT_ONCE>();
        let (first, last) = self.rows.split_at(whole.len() * AT_ONCE * numbers);
        for (out, rows) in whole.iter_mut().zip(first.chunks_exact(AT_ONCE * numbers)) {
            let rows = std::array::from_fn(|row| &rows[row * numbers..][..numbers]);
            *out = products(simd, rows, self.vector);
        }
        for (out, row) in rest.iter_mut().zip(last.chunks_exact(numbers)) {
            [*out] = products(simd, [row], self.vector);
        }
    }
}

#[inline(always)]
fn products<S: Simd, const N: usize>(simd: S, rows: [&[f32]; N], vector: &[f32]) -> [f32; N] {
    let (vector, vector_tail) = S::as_simd_f32s(vector);
    let rows = rows.map(|row| S::as_simd_f32s(row));
    let mut sums = [simd.splat_f32s(0.0); N];
    for (at, &factor) in vector.iter().enumerate() {
        for (sum, (row, _)) in sums.iter_mut().zip(&rows) {
            *sum = simd.mul_add_e_f32s(row[at], factor, *sum);
        }
    }
    let mut products = sums.map(|sum| simd.reduce_sum_f32s(sum));
    for (product, (_, tail)) in products.iter_mut().zip(&rows) {
        for (a, b) in tail.iter().zip(vector_tail) {
            *product += a * b;
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn products_are_those_of_a_plain_loop_and_the_same_alone() {
        let mut dice = StdRng::seed_from_u64(7);
        let arch = Arch::new();
        for (numbers, rows) in [(1, 3), (7, 9), (128, 6), (130, 1), (512, 13)] {
            let mut vector =
                |count| -> Vec<f32> { (0..count).map(|_| dice.random_range(-1.0..1.0)).collect() };
            let (rows, vector, mut out) =
                (vector(rows * numbers), vector(numbers), vec![0.0; rows]);
            dots(arch, &rows, &vector, &mut out);
            for (row, product) in rows.chunks(numbers).zip(out) {
                let pairs = row.iter().zip(&vector);
                let plain: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                assert!((plain - f64::from(product)).abs() < 1e-4);
                let mut alone = [0.0];
                dots(arch, &vector, row, &mut alone);
                assert_eq!(alone[0].to_bits(), product.to_bits());
            }
        }
    }
}
