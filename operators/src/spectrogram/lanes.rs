//! Eight frames side by side, one a lane: whatever is done to a frame is done to all of them by
//! the same instructions, and no instruction moves a number from lane to lane.

use pulp::Simd;

/// How many frames are transformed at once: as many `f64` as the widest vector holds.
pub(super) const LANES: usize = 8;

/// One real number of each frame.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Row(pub [f64; LANES]);

/// One complex number of each frame.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Cell {
    pub re: Row,
    pub im: Row,
}

/// Complex numbers of as many frames as a vector of the processor holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Complex<V> {
    pub re: V,
    pub im: V,
}

/// How many vectors make a [`Row`] on this processor.
pub(super) const fn vectors<S: Simd>() -> usize {
    LANES / S::F64_LANES
}

impl Row {
    #[inline(always)]
    pub fn get<S: Simd>(&self, vector: usize) -> S::f64s {
        S::as_simd_f64s(&self.0).0[vector]
    }

    #[inline(always)]
    pub fn set<S: Simd>(&mut self, vector: usize, value: S::f64s) {
        S::as_mut_simd_f64s(&mut self.0).0[vector] = value;
    }
}

impl Cell {
    #[inline(always)]
    pub fn get<S: Simd>(&self, vector: usize) -> Complex<S::f64s> {
        Complex {
            re: self.re.get::<S>(vector),
            im: self.im.get::<S>(vector),
        }
    }

    #[inline(always)]
    pub fn set<S: Simd>(&mut self, vector: usize, value: Complex<S::f64s>) {
        self.re.set::<S>(vector, value.re);
        self.im.set::<S>(vector, value.im);
    }
}

/// Complex arithmetic in the vectors of a processor.
#[derive(Clone, Copy)]
pub(super) struct Arithmetic<S>(pub S);

impl<S: Simd> Arithmetic<S> {
    #[inline(always)]
    pub fn add(self, a: Complex<S::f64s>, b: Complex<S::f64s>) -> Complex<S::f64s> {
        Complex {
            re: self.0.add_f64s(a.re, b.re),
            im: self.0.add_f64s(a.im, b.im),
        }
    }

    #[inline(always)]
    pub fn sub(self, a: Complex<S::f64s>, b: Complex<S::f64s>) -> Complex<S::f64s> {
        Complex {
            re: self.0.sub_f64s(a.re, b.re),
            im: self.0.sub_f64s(a.im, b.im),
        }
    }

    /// `a + i b`.
    #[inline(always)]
    pub fn add_i(self, a: Complex<S::f64s>, b: Complex<S::f64s>) -> Complex<S::f64s> {
        Complex {
            re: self.0.sub_f64s(a.re, b.im),
            im: self.0.add_f64s(a.im, b.re),
        }
    }

    /// `a - i b`.
    #[inline(always)]
    pub fn sub_i(self, a: Complex<S::f64s>, b: Complex<S::f64s>) -> Complex<S::f64s> {
        Complex {
            re: self.0.add_f64s(a.re, b.im),
            im: self.0.sub_f64s(a.im, b.re),
        }
    }

    /// `a` times one number, the same for every frame.
    #[inline(always)]
    pub fn mul(self, a: Complex<S::f64s>, factor: Complex<f64>) -> Complex<S::f64s> {
        let Self(s) = self;
        let (re, im) = (s.splat_f64s(factor.re), s.splat_f64s(factor.im));
        Complex {
            re: s.negate_mul_add_e_f64s(a.im, im, s.mul_f64s(a.re, re)),
            im: s.mul_add_e_f64s(a.im, re, s.mul_f64s(a.re, im)),
        }
    }

    /// The square of the absolute value.
    #[inline(always)]
    pub fn norm(self, a: Complex<S::f64s>) -> S::f64s {
        let squared = self.0.mul_f64s(a.im, a.im);
        self.0.mul_add_e_f64s(a.re, a.re, squared)
    }
}
