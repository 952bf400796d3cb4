//! `infer-alone NETWORK PRECISION PAIRS THREADS`: a network by itself, without a dataflow around
//! it. What a whole run needs beyond this and the decoding is what the dataflow costs.

use std::{error::Error, thread};

use sonoscope_models::{Device, Network, NetworkFiles, Precision, Runtime, zoo};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, precision, pairs, threads] = &arguments[..] else {
        return Err("usage: infer-alone NETWORK PRECISION PAIRS THREADS".into());
    };
    let runtime = Runtime::load()?;
    let provider = runtime.resolve(Device::Cpu)?;
    let precision: Precision = precision.parse()?;
    let files = NetworkFiles::load(&zoo::resolve(network)?, precision)?;
    let (pairs, threads): (usize, usize) = (pairs.parse()?, threads.parse()?);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|index| {
                let (runtime, files) = (&runtime, &files);
                let share = pairs / threads + usize::from(index < pairs % threads);
                scope.spawn(move || {
                    let mut network = Network::from_files(runtime, files, provider, 1)?;
                    score(&mut network, share)
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| "a thread died")??;
        }
        Ok::<_, Box<dyn Error>>(())
    })
}

/// Asks a network about so many pairs of a grey picture and a slope of a sound.
fn score(network: &mut Network, pairs: usize) -> Result<(), sonoscope_models::NetworkError> {
    let contract = network.contract().clone();
    let pictures = contract.frame.clip.map_or(1, |clip| clip.frames);
    let frame = vec![0.1; 3 * pictures * contract.frame.width * contract.frame.height];
    let values = match contract.spectrogram_shape() {
        Some([bins, frames]) => bins * frames,
        None => contract.audio.window_samples,
    };
    let sound: Vec<f32> = (0..values)
        .map(|i| i as f32 / values as f32 - 0.5)
        .collect();
    for _ in 0..pairs {
        let seen = network.frame_features(&frame, 1)?;
        let heard = network.audio_features(&sound, 1)?;
        std::hint::black_box(network.score(&seen, &heard)?);
    }
    Ok(())
}
