//! The power spectra of [`LANES`](super::lanes::LANES) real frames at once.
//!
//! A real frame of `n` samples is transformed as `n / 2` complex numbers (even samples real, odd
//! ones imaginary), by decimation in frequency, in place, with butterflies of four; then the
//! spectra of the even and the odd samples are parted again. The bins come out in the order of
//! their reversed base-4 digits, which costs nothing: they are picked up from there.

use std::f64::consts::TAU;

use pulp::Simd;

use super::lanes::{Arithmetic, Cell, Complex, Row, vectors};

/// The tables of a transform of a certain length.
#[derive(Clone, Debug)]
pub(super) struct Fft {
    /// Passes of butterflies with twiddles, from the widest to the narrowest.
    passes: Vec<Pass>,
    /// Where bin `n / 4` lies after the passes.
    place_of_middle: usize,
    /// How the other bins are made of the results of the passes.
    joints: Vec<Joint>,
    /// Power density of a bin whose square is 1, at DC and Nyquist.
    density: f64,
    floor: f64,
}

/// Where bins `k` and `n / 2 - k` of the complex transform lie, of which those of the real one are
/// made, and the twiddle `exp(-2 pi i k / n)` that puts the spectra of even and odd samples together.
#[derive(Clone, Debug)]
struct Joint {
    low: usize,
    high: usize,
    twiddle: Complex<f64>,
}

/// One pass: blocks of `4 * twiddles.len()` cells become four blocks each.
#[derive(Clone, Debug)]
struct Pass {
    twiddles: Vec<[Complex<f64>; 3]>,
}

impl Fft {
    /// For real frames of `samples`, a power of two, 4 or more.
    pub fn new(samples: usize, density: f64, floor: f64) -> Self {
        let cells = samples / 2;
        let mut passes = Vec::new();
        let mut block = cells;
        while block > 4 {
            passes.push(Pass::new(block));
            block /= 4;
        }
        Self {
            passes,
            place_of_middle: place(cells / 2, cells),
            joints: (1..cells / 2).map(|bin| Joint::new(bin, samples)).collect(),
            density,
            floor,
        }
    }

    /// Transforms the frames in place.
    #[inline(always)]
    pub fn transform<S: Simd>(&self, simd: S, cells: &mut [Cell]) {
        let a = Arithmetic(simd);
        for pass in &self.passes {
            pass.run(a, cells);
        }
        let last_block = cells.len() >> (2 * self.passes.len());
        if last_block == 4 {
            let (blocks, _) = cells.as_chunks_mut::<4>();
            blocks.iter_mut().for_each(|block| four(a, block));
        } else {
            let (blocks, _) = cells.as_chunks_mut::<2>();
            blocks.iter_mut().for_each(|block| two(a, block));
        }
    }

    /// Parts the spectra of even and odd samples and writes power densities, with the floor added.
    #[inline(always)]
    pub fn power<S: Simd>(&self, simd: S, cells: &[Cell], powers: &mut [Row]) {
        let a = Arithmetic(simd);
        let floor = simd.splat_f64s(self.floor);
        let power = |norm, scale| simd.mul_add_e_f64s(norm, simd.splat_f64s(scale), floor);
        let (nyquist, middle) = (cells.len(), cells.len() / 2);
        for v in 0..vectors::<S>() {
            let Complex { re, im } = cells[0].get::<S>(v);
            let [sum, difference] = [simd.add_f64s(re, im), simd.sub_f64s(re, im)];
            powers[0].set::<S>(v, power(simd.mul_f64s(sum, sum), self.density));
            let squared = simd.mul_f64s(difference, difference);
            powers[nyquist].set::<S>(v, power(squared, self.density));
            let norm = a.norm(cells[self.place_of_middle].get::<S>(v));
            powers[middle].set::<S>(v, power(norm, 2.0 * self.density));
        }
        let (lower, upper) = powers.split_at_mut(middle);
        let bins = lower[1..]
            .iter_mut()
            .zip(upper[1..].iter_mut().rev().skip(1));
        for (joint, (low_power, high_power)) in self.joints.iter().zip(bins) {
            let (low, high) = (&cells[joint.low], &cells[joint.high]);
            for v in 0..vectors::<S>() {
                let [low, high] = joint.norms(a, low.get::<S>(v), high.get::<S>(v));
                low_power.set::<S>(v, power(low, self.density / 2.0));
                high_power.set::<S>(v, power(high, self.density / 2.0));
            }
        }
    }
}

impl Joint {
    fn new(bin: usize, samples: usize) -> Self {
        let cells = samples / 2;
        Self {
            low: place(bin, cells),
            high: place(cells - bin, cells),
            twiddle: turn(bin, samples),
        }
    }

    /// The squares of bins `k` and `n / 2 - k` of twice the real spectrum.
    ///
    /// Twice the spectrum of the even samples is `low + conj(high)`, that of the odd ones
    /// `-i (low - conj(high))`.
    #[inline(always)]
    fn norms<S: Simd>(
        &self,
        a: Arithmetic<S>,
        low: Complex<S::f64s>,
        high: Complex<S::f64s>,
    ) -> [S::f64s; 2] {
        let even = Complex {
            re: a.0.add_f64s(low.re, high.re),
            im: a.0.sub_f64s(low.im, high.im),
        };
        let odd = Complex {
            re: a.0.sub_f64s(low.re, high.re),
            im: a.0.add_f64s(low.im, high.im),
        };
        let odd = a.mul(odd, self.twiddle);
        [a.norm(a.sub_i(even, odd)), a.norm(a.add_i(even, odd))]
    }
}

impl Pass {
    fn new(block: usize) -> Self {
        let twiddles = |j| [turn(j, block), turn(2 * j, block), turn(3 * j, block)];
        Self {
            twiddles: (0..block / 4).map(twiddles).collect(),
        }
    }

    #[inline(always)]
    fn run<S: Simd>(&self, a: Arithmetic<S>, cells: &mut [Cell]) {
        let quarter = self.twiddles.len();
        for block in cells.chunks_exact_mut(4 * quarter) {
            let (front, back) = block.split_at_mut(2 * quarter);
            let (x0, x1) = front.split_at_mut(quarter);
            let (x2, x3) = back.split_at_mut(quarter);
            let quads = x0.iter_mut().zip(x1).zip(x2).zip(x3);
            for ((((x0, x1), x2), x3), [w1, w2, w3]) in quads.zip(&self.twiddles) {
                for v in 0..vectors::<S>() {
                    let x = [
                        x0.get::<S>(v),
                        x1.get::<S>(v),
                        x2.get::<S>(v),
                        x3.get::<S>(v),
                    ];
                    let [y0, y1, y2, y3] = butterfly(a, x);
                    x0.set::<S>(v, y0);
                    x1.set::<S>(v, a.mul(y1, *w1));
                    x2.set::<S>(v, a.mul(y2, *w2));
                    x3.set::<S>(v, a.mul(y3, *w3));
                }
            }
        }
    }
}

/// A Fourier transform of four numbers.
#[inline(always)]
fn butterfly<S: Simd>(a: Arithmetic<S>, x: [Complex<S::f64s>; 4]) -> [Complex<S::f64s>; 4] {
    let (even_sum, even_difference) = (a.add(x[0], x[2]), a.sub(x[0], x[2]));
    let (odd_sum, odd_difference) = (a.add(x[1], x[3]), a.sub(x[1], x[3]));
    [
        a.add(even_sum, odd_sum),
        a.sub_i(even_difference, odd_difference),
        a.sub(even_sum, odd_sum),
        a.add_i(even_difference, odd_difference),
    ]
}

/// The last pass where the length is a power of four: no twiddles.
#[inline(always)]
fn four<S: Simd>(a: Arithmetic<S>, block: &mut [Cell; 4]) {
    for v in 0..vectors::<S>() {
        let x = std::array::from_fn(|i| block[i].get::<S>(v));
        let y = butterfly(a, x);
        for (cell, y) in block.iter_mut().zip(y) {
            cell.set::<S>(v, y);
        }
    }
}

/// The last pass where it is not.
#[inline(always)]
fn two<S: Simd>(a: Arithmetic<S>, [x0, x1]: &mut [Cell; 2]) {
    for v in 0..vectors::<S>() {
        let x = [x0.get::<S>(v), x1.get::<S>(v)];
        x0.set::<S>(v, a.add(x[0], x[1]));
        x1.set::<S>(v, a.sub(x[0], x[1]));
    }
}

/// Where the passes leave a bin of a transform of `cells`: each pass sorts by a base-4 digit.
fn place(mut bin: usize, cells: usize) -> usize {
    let (mut place, mut block) = (0, cells);
    while block > 1 {
        let ways = block.min(4);
        block /= ways;
        place += bin % ways * block;
        bin /= ways;
    }
    place
}

/// `exp(-2 pi i k / n)`.
fn turn(k: usize, n: usize) -> Complex<f64> {
    let (sin, cos) = (TAU * k as f64 / n as f64).sin_cos();
    Complex { re: cos, im: -sin }
}
