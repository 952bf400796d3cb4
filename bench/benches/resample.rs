//! A second of stereo sound to 48 kHz mono.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sonoscope_operators::MonoResampler;

fn resample(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resample");
    for rate_hz in [16_000_u32, 44_100, 44_101, 48_000, 96_000] {
        let sound: Vec<f32> = (0..2 * rate_hz).map(|i| (i as f32 * 0.1).sin()).collect();
        let mut resampler = MonoResampler::new(rate_hz, 2).expect("an ordinary rate");
        let mut mono = Vec::new();
        group.bench_function(BenchmarkId::from_parameter(rate_hz), |b| {
            b.iter(|| {
                mono.clear();
                // As a decoder gives it.
                for piece in sound.chunks(2_048) {
                    resampler.push(black_box(piece), &mut mono);
                }
                resampler.finish(&mut mono);
            });
        });
    }
}

criterion_group!(benches, resample);
criterion_main!(benches);
