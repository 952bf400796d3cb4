//! A picture to the tensor of a network.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sonoscope_models::FrameContract;
use sonoscope_operators::{FrameTensor, Picture};

fn frame(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    for antialias in [true, false] {
        let mut tensor = FrameTensor::new(&FrameContract {
            width: 224,
            height: 224,
            shorter_side: None,
            antialias,
            mean: [0.485, 0.456, 0.406],
            std: [0.229, 0.224, 0.225],
            clip: None,
        });
        let mut out = vec![0.0; tensor.len()];
        for (width, height) in [(640_u32, 360_u32), (1_280, 720), (1_920, 1_080)] {
            let rgb = (0..width * height * 3).map(|i| (i % 251) as u8).collect();
            let picture = Picture { width, height, rgb };
            let kind = if antialias { "antialiased" } else { "plain" };
            group.bench_function(BenchmarkId::new(kind, format!("{width}x{height}")), |b| {
                b.iter(|| tensor.compute(black_box(&picture), &mut out));
            });
        }
    }
}

criterion_group!(benches, frame);
criterion_main!(benches);
