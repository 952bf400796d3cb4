//! A second of sound to its log-spectrogram: ours, and plain loops over `realfft`.

use std::f64::consts::PI;

use criterion::{Criterion, criterion_group, criterion_main};
use realfft::{FftNum, RealFftPlanner, RealToComplex};
use sonoscope_models::{AudioContract, SpectrogramContract};
use sonoscope_operators::Spectrogram;
use std::{hint::black_box, sync::Arc};

const WINDOW: usize = 480;
const HOP: usize = 240;
const FFT: usize = 512;
const BINS: usize = 257;
const FRAMES: usize = 199;

/// One frame after another; the same steps as ours, in `f64` or in `f32`.
struct PlainLoop<T> {
    fft: Arc<dyn RealToComplex<T>>,
    window: Vec<T>,
    density: f64,
}

impl<T: FftNum + From<f32> + Into<f64>> PlainLoop<T> {
    fn new() -> Self {
        let taper = |i: usize| i.min(WINDOW - i) as f64 / 60.0;
        let weights = (0..WINDOW).map(|i| 0.5 - 0.5 * (PI * taper(i).min(1.0)).cos());
        let energy: f64 = weights.clone().map(|weight| weight * weight).sum();
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(FFT),
            window: weights.map(|weight| T::from(weight as f32)).collect(),
            density: 32_768.0 * 32_768.0 / (48_000.0 * energy),
        }
    }

    fn compute(&self, sound: &[f32], out: &mut [f32]) {
        let (mut input, mut spectrum) = (self.fft.make_input_vec(), self.fft.make_output_vec());
        let mut scratch = self.fft.make_scratch_vec();
        for frame in 0..FRAMES {
            let samples = &sound[frame * HOP..][..WINDOW];
            let mean = samples.iter().map(|sample| f64::from(*sample)).sum::<f64>() / WINDOW as f64;
            input.fill(T::zero());
            for ((input, sample), weight) in input.iter_mut().zip(samples).zip(&self.window) {
                *input = (T::from(*sample) - T::from(mean as f32)) * *weight;
            }
            self.fft
                .process_with_scratch(&mut input, &mut spectrum, &mut scratch)
                .expect("buffers of the plan's own lengths");
            for (bin, x) in spectrum.iter().enumerate() {
                let sides = if bin == 0 || bin == BINS - 1 {
                    1.0
                } else {
                    2.0
                };
                let power: f64 = x.norm_sqr().into() * self.density * sides + 1e-7;
                out[bin * FRAMES + frame] = 10.0 * (power as f32).log10() / 26.68;
            }
        }
    }
}

fn spectrogram(criterion: &mut Criterion) {
    let audio = AudioContract {
        rate_hz: 48_000,
        window_samples: 48_000,
        full_scale: 32_768.0,
    };
    let contract = SpectrogramContract {
        tukey_alpha: 0.25,
        window_samples: WINDOW,
        hop_samples: HOP,
        fft_samples: FFT,
        bins: BINS,
        frames: FRAMES,
        floor: 1e-7,
        divisor: 26.68,
    };
    let sound: Vec<f32> = (0..48_000)
        .map(|i| (i as f32 * i as f32 * 1e-5).sin())
        .collect();
    let mut out = vec![0.0; BINS * FRAMES];
    let mut group = criterion.benchmark_group("spectrogram");

    let mut ours = Spectrogram::new(&audio, &contract).expect("the default contract");
    group.bench_function("ours", |b| {
        b.iter(|| ours.compute(black_box(&sound), &mut out))
    });
    let plain = PlainLoop::<f64>::new();
    group.bench_function("realfft, f64", |b| {
        b.iter(|| plain.compute(black_box(&sound), &mut out))
    });
    let plain = PlainLoop::<f32>::new();
    group.bench_function("realfft, f32", |b| {
        b.iter(|| plain.compute(black_box(&sound), &mut out))
    });
}

criterion_group!(benches, spectrogram);
criterion_main!(benches);
