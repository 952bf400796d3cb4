//! The networks that are shipped: whole, and able to do what their contracts say.

use std::{fs, path::Path};

use sonoscope_models::{
    Family, Network, NetworkDir, NetworkFiles, Precision, Provider, Runtime, Score,
};

#[test]
fn every_one_opens_and_judges_in_every_precision() {
    let runtime = Runtime::load().expect("`make setup` was run");
    let zoo = Path::new(env!("CARGO_MANIFEST_DIR")).join("zoo");
    let entries = fs::read_dir(zoo).expect("is part of the source");
    let paths = entries.map(|entry| entry.expect("can be listed").path());
    let networks: Vec<_> = paths
        .filter(|path| path.is_dir())
        .map(NetworkDir::new)
        .collect();
    assert!(!networks.is_empty());
    for network in networks {
        let precisions = network.precisions();
        assert!(precisions.contains(&Precision::Fp32), "{}", network.name());
        for precision in precisions {
            let files = NetworkFiles::load(&network, precision).expect("is whole");
            assert_eq!(files.contract().network, network.name());
            judge(&runtime, &files);
        }
    }
}

/// Grey pictures and one even sound, through both towers and the head.
fn judge(runtime: &Runtime, files: &NetworkFiles) {
    let mut network = Network::from_files(runtime, files, Provider::Cpu, 1).expect("opens");
    let (frame, sound) = (&files.contract().frame, &files.contract().spectrogram);
    let pictures = frame.clip.map_or(1, |clip| clip.frames);
    let picture = vec![0.5; 3 * pictures * frame.width * frame.height];
    let sound = match sound {
        Some(spectrogram) => vec![-1.0; spectrogram.bins * spectrogram.frames],
        None => vec![0.1; files.contract().audio.window_samples],
    };
    let seen = network.frame_features(&picture, 1).expect("computes");
    let heard = network.audio_features(&sound, 1).expect("computes");
    let score = network.score(&seen, &heard).expect("computes").remove(0);
    assert!((0.0..=1.0).contains(&score.correspondence));
    let outputs = &files.contract().outputs;
    assert_eq!(score.distance.is_some(), outputs.distance);
    let cells = outputs.heatmap.map(|[rows, columns]| rows * columns);
    assert_eq!(score.heatmap.as_ref().map(Vec::len), cells);
    if files.contract().family == Family::Ave {
        let length = |item: &[f32]| item.iter().map(|x| x * x).sum::<f32>().sqrt();
        let (seen, heard) = (length(seen.item(0)), length(heard.item(0)));
        assert!(
            (seen - 1.0).abs() < 1e-3 && (heard - 1.0).abs() < 1e-3,
            "{seen}, {heard}"
        );
    }
    goes_by_distance(&mut network, score);
}

/// A network whose head goes by distance says of a pair what the curve says of its distance.
fn goes_by_distance(network: &mut Network, score: Score) {
    let is_ave = network.contract().family == Family::Ave;
    let curve = network.distance_curve().expect("computes");
    assert_eq!(curve.is_some(), is_ave, "{network:?}");
    if let Some((curve, distance)) = curve.zip(score.distance) {
        let (told, read) = (score.correspondence, curve.at(distance));
        assert!(
            (told - read).abs() < 1e-3,
            "{told} and {read} at {distance}"
        );
        assert!(curve.at(0.0) > curve.at(2.0));
    }
}
