//! Resized pictures against plain loops over the definitions of both kinds of bilinear filter.

use sonoscope_models::FrameContract;
use sonoscope_operators::{FrameTensor, Picture};

const SIZES: [[u32; 2]; 9] = [
    [1, 1],
    [1, 7],
    [9, 1],
    [3, 2],
    [224, 224],
    [640, 360],
    [360, 640],
    [1921, 33],
    [4096, 2160],
];

fn contract(antialias: bool) -> FrameContract {
    FrameContract {
        width: 224,
        height: 112,
        shorter_side: None,
        antialias,
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        clip: None,
    }
}

/// Slopes with noise on them: every channel its own.
fn picture([width, height]: [u32; 2]) -> Picture {
    let mut state = width.wrapping_mul(31) ^ height;
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let slopes = [x * 191 / width, y * 191 / height, 191 - x * 191 / width];
            rgb.extend(slopes.map(|slope| (slope + (state >> 26)) as u8));
        }
    }
    Picture { width, height, rgb }
}

/// For each place of a resized line, where its weights begin in the line, and they.
fn weights(from: usize, to: usize, antialias: bool) -> Vec<(usize, Vec<f64>)> {
    let scale = from as f64 / to as f64;
    let reach = if antialias { scale.max(1.0) } else { 1.0 };
    let weight = |at: f64, x: usize| (1.0 - (x as f64 + 0.5 - at).abs() / reach).max(0.0);
    let place = |at: f64| {
        let first = (at - reach).floor().max(0.0) as usize;
        let end = ((at + reach).ceil() as usize).min(from);
        let weights: Vec<f64> = (first..end).map(|x| weight(at, x)).collect();
        let sum: f64 = weights.iter().sum();
        (first, weights.iter().map(|weight| weight / sum).collect())
    };
    (0..to).map(|i| place((i as f64 + 0.5) * scale)).collect()
}

/// Resized to `[width, height]`, one line after the other, without rounding.
fn plain(picture: &Picture, [width, height]: [usize; 2], antialias: bool) -> Vec<f64> {
    let row_bytes = picture.width as usize * 3;
    let columns = weights(picture.width as usize, width, antialias);
    let mut resized = Vec::new();
    for (top, weights) in weights(picture.height as usize, height, antialias) {
        let mut line = vec![0.0; row_bytes];
        for (row, weight) in picture.rgb.chunks_exact(row_bytes).skip(top).zip(weights) {
            line.iter_mut()
                .zip(row)
                .for_each(|(sum, value)| *sum += weight * f64::from(*value));
        }
        for (left, weights) in &columns {
            for channel in 0..3 {
                let values = line[left * 3 + channel..].iter().step_by(3);
                resized.push(
                    values
                        .zip(weights)
                        .map(|(value, weight)| value * weight)
                        .sum(),
                );
            }
        }
    }
    resized
}

#[test]
fn pictures_of_any_size_are_resized_as_the_plain_loop_does_it() {
    for antialias in [true, false] {
        let mut frame = FrameTensor::new(&contract(antialias));
        for size in SIZES {
            let picture = picture(size);
            let ours = frame.resize_rgb(&picture, 256, 100);
            let errors: Vec<f64> = plain(&picture, [256, 100], antialias)
                .into_iter()
                .zip(ours)
                .map(|(plain, ours)| (plain - f64::from(ours)).abs())
                .collect();
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            let worst = errors.into_iter().fold(0.0, f64::max);
            println!("{size:?} antialias {antialias}: mean {mean:.2}, worst {worst:.2} of 255");
            assert!(
                mean < 0.5 && worst < 2.0,
                "{size:?} antialias {antialias}: {mean}, {worst}"
            );
        }
    }
}

#[test]
fn tensors_are_normalised_channels_first() {
    let contract = contract(true);
    let mut frame = FrameTensor::new(&contract);
    let picture = picture([640, 360]);
    let resized = frame.resize_rgb(&picture, 224, 112);
    let mut tensor = vec![f32::NAN; frame.len()];
    frame.compute(&picture, &mut tensor);
    for (i, pixel) in resized.as_chunks::<3>().0.iter().enumerate() {
        for (channel, value) in pixel.iter().enumerate() {
            let share = f64::from(*value) / 255.0 - f64::from(contract.mean[channel]);
            let wanted = share / f64::from(contract.std[channel]);
            let ours = f64::from(tensor[channel * 224 * 112 + i]);
            assert!(
                (ours - wanted).abs() < 1e-6,
                "pixel {i}, channel {channel}: {ours}"
            );
        }
    }
}

#[test]
fn a_picture_of_the_right_size_keeps_its_pixels() {
    for antialias in [true, false] {
        let picture = picture([224, 112]);
        let resized = FrameTensor::new(&contract(antialias)).resize_rgb(&picture, 224, 112);
        assert_eq!(resized, picture.rgb);
    }
}

#[test]
#[should_panic(expected = "Picture(4x4) of 47 bytes")]
fn a_picture_that_lacks_pixels_is_named() {
    let picture = Picture {
        width: 4,
        height: 4,
        rgb: vec![0; 47],
    };
    FrameTensor::new(&contract(true)).resize_rgb(&picture, 2, 2);
}

#[test]
fn the_middle_is_that_of_the_whole_picture_resized() {
    for (size, whole) in [([512, 1024], [256, 512]), ([640, 512], [320, 256])] {
        let picture = picture(size);
        let tensor = |width, height, shorter_side| {
            let mut frame = FrameTensor::new(&FrameContract {
                width,
                height,
                shorter_side,
                ..contract(true)
            });
            let mut out = vec![0.0; frame.len()];
            frame.compute(&picture, &mut out);
            out
        };
        let [across, down] = whole;
        let (left, top) = ((across - 224) / 2, (down - 112) / 2);
        let resized = tensor(across, down, None);
        for (i, ours) in tensor(224, 112, Some(256)).into_iter().enumerate() {
            let (channel, y, x) = (i / (112 * 224), i / 224 % 112, i % 224);
            let wanted = resized[(channel * down + top + y) * across + left + x];
            // A step of 8 bits: the two are rounded apart.
            assert!(
                (ours - wanted).abs() < 0.02,
                "{channel} {y} {x}: {ours}, not {wanted}"
            );
        }
    }
}

#[test]
fn the_middle_of_any_picture_can_be_cut_out() {
    let mut frame = FrameTensor::new(&FrameContract {
        height: 224,
        shorter_side: Some(224),
        ..contract(true)
    });
    let mut out = vec![f32::NAN; frame.len()];
    for size in SIZES.into_iter().chain([[333, 777], [1, 9_999]]) {
        frame.compute(&picture(size), &mut out);
        assert!(out.iter().all(|value| value.is_finite()), "{size:?}");
    }
}
