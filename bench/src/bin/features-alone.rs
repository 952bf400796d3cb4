//! `features-alone NETWORK PAIRS WIDTH HEIGHT`: what a network looks at and listens to, made of as
//! many pictures of this size and seconds of sound, on one thread.

use std::{error::Error, hint::black_box};

use sonoscope_models::{NetworkFiles, Precision, zoo};
use sonoscope_operators::{
    FrameTensor, MelSpectrogram, Picture, Preparation, SoundContract, Spectrogram,
};

/// Samples in a second of sound, as sources give it.
const RATE_HZ: usize = 48_000;

/// Makes a tensor of a second of sound.
type MakeSound = Box<dyn FnMut(&[f32])>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, pairs, width, height] = &arguments[..] else {
        return Err("usage: features-alone NETWORK PAIRS WIDTH HEIGHT".into());
    };
    let (pairs, width, height): (usize, u32, u32) =
        (pairs.parse()?, width.parse()?, height.parse()?);
    let files = NetworkFiles::load(&zoo::resolve(network)?, Precision::Fp32)?;
    let preparation = Preparation::new([files.contract()]);
    let mut frames: Vec<_> = preparation.frames.iter().map(FrameTensor::new).collect();
    let mut sounds = (preparation.sounds.iter().map(sound_maker)).collect::<Result<Vec<_>, _>>()?;
    let rgb = (0..width * height * 3).map(|i| (i % 251) as u8).collect();
    let picture = Picture { width, height, rgb };
    let second: Vec<f32> = (0..RATE_HZ)
        .map(|i| (i * 37 % 251) as f32 / 251.0 - 0.5)
        .collect();
    for _ in 0..pairs {
        for frame in &mut frames {
            let mut out = vec![0.0; frame.len()];
            frame.compute(black_box(&picture), &mut out);
            black_box(&out);
        }
        sounds.iter_mut().for_each(|make| make(black_box(&second)));
    }
    Ok(())
}

fn sound_maker(contract: &SoundContract) -> Result<MakeSound, Box<dyn Error>> {
    Ok(match contract {
        SoundContract::Spectrogram(audio, contract) => {
            let mut maker = Spectrogram::new(audio, contract)?;
            let size = contract.bins * contract.frames;
            Box::new(move |second| filled(size, |out| maker.compute(second, out)))
        }
        SoundContract::Mel(audio, contract) => {
            let mut maker = MelSpectrogram::new(audio, contract)?;
            let size = contract.bins * contract.frames;
            Box::new(move |second| filled(size, |out| maker.compute(second, out)))
        }
    })
}

fn filled(size: usize, fill: impl FnOnce(&mut [f32])) {
    let mut tensor = vec![0.0; size];
    fill(&mut tensor);
    black_box(&tensor);
}
