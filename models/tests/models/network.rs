//! What networks say, against plain loops over the same numbers.

use sonoscope_models::{
    Device, Features, Network, NetworkDir, NetworkError, NetworkFiles, NetworkOptions, Precision,
    Provider, Runtime, Score,
};

use crate::tiny::{BINS, CLIP_FRAMES, FRAMES, SIDE, Tiny, WINDOW_SAMPLES};

const PICTURE: usize = 3 * SIDE * SIDE;
const SOUND: usize = BINS * FRAMES;

pub fn open(dir: &NetworkDir) -> Result<Network, NetworkError> {
    let runtime = Runtime::load().expect("`make setup` was run");
    let options = NetworkOptions {
        device: Device::Cpu,
        ..NetworkOptions::default()
    };
    Network::open(&runtime, dir, options)
}

/// Numbers that look like nothing in particular, the same each time.
fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0)
        .collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

fn distance(picture: &[f32], sound: &[f32]) -> f32 {
    let sound = mean(sound);
    let colours = picture.chunks(SIDE * SIDE).map(mean);
    colours
        .map(|colour| (colour - sound).powi(2))
        .sum::<f32>()
        .sqrt()
}

fn near(left: f32, right: f32) -> bool {
    (left - right).abs() < 1e-5
}

fn score(network: &mut Network, pictures: &[f32], sounds: &[f32]) -> Vec<Score> {
    let seen = network.frame_features(pictures, pictures.len() / PICTURE);
    let heard = network.audio_features(sounds, sounds.len() / SOUND);
    let (seen, heard) = (seen.expect("computes"), heard.expect("computes"));
    network.score(&seen, &heard).expect("computes")
}

#[test]
fn distances_and_correspondences_are_those_of_a_plain_loop() {
    let (_home, dir) = Tiny::ave().write();
    let mut network = open(&dir).expect("opens");
    let (pictures, sounds) = (numbers(5 * PICTURE), numbers(5 * SOUND));
    let scores = score(&mut network, &pictures, &sounds);
    assert_eq!(scores.len(), 5);
    let pairs = pictures.chunks(PICTURE).zip(sounds.chunks(SOUND));
    for (score, (picture, sound)) in scores.iter().zip(pairs) {
        let expected = distance(picture, sound);
        assert!(near(score.distance.expect("has one"), expected));
        assert!(near(score.correspondence, (-expected).exp()));
        assert_eq!(score.heatmap, None);
    }
}

#[test]
fn heatmaps_are_those_of_a_plain_loop() {
    let (_home, dir) = Tiny::avol().write();
    let mut network = open(&dir).expect("opens");
    let (pictures, sounds) = (numbers(2 * PICTURE), numbers(2 * SOUND));
    let scores = score(&mut network, &pictures, &sounds);
    for (item, score) in scores.iter().enumerate() {
        let picture = &pictures[item * PICTURE..][..PICTURE];
        let sound = mean(&sounds[item * SOUND..][..SOUND]);
        let heatmap = score.heatmap.as_ref().expect("has one");
        assert_eq!(heatmap.len(), SIDE * SIDE);
        for (cell, value) in heatmap.iter().enumerate() {
            let colours = (0..3).map(|colour| picture[colour * SIDE * SIDE + cell]);
            let product: f32 = colours.map(|colour| colour * sound).sum();
            assert!(near(*value, 1.0 / (1.0 + (-product).exp())), "cell {cell}");
        }
        let highest = heatmap.iter().copied().fold(0.0, f32::max);
        assert_eq!(score.correspondence, highest);
        assert_eq!(score.distance, None);
    }
}

#[test]
fn a_clip_and_its_waveform_are_scored_as_by_a_plain_loop() {
    let (_home, dir) = Tiny::multisensory().write();
    let mut network = open(&dir).expect("opens");
    let (cells, values) = (SIDE * SIDE, CLIP_FRAMES * PICTURE);
    let (pictures, sounds) = (numbers(2 * values), numbers(2 * WINDOW_SAMPLES));
    let seen = network.frame_features(&pictures, 2).expect("computes");
    let heard = network.audio_features(&sounds, 2).expect("computes");
    let scores = network.score(&seen, &heard).expect("computes");
    for (item, score) in scores.iter().enumerate() {
        let clip = &pictures[item * values..][..values];
        let sound = &sounds[item * WINDOW_SAMPLES..][..WINDOW_SAMPLES];
        let loudness = mean(&sound.iter().map(|value| value.abs()).collect::<Vec<_>>());
        let heatmap = score.heatmap.as_ref().expect("has one");
        for (cell, value) in heatmap.iter().enumerate() {
            let places = (0..3 * CLIP_FRAMES).map(|plane| clip[plane * cells + cell]);
            let product = places.sum::<f32>() / CLIP_FRAMES as f32 * loudness;
            assert!(near(*value, 1.0 / (1.0 + (-product).exp())), "cell {cell}");
        }
        let highest = heatmap.iter().copied().fold(0.0, f32::max);
        assert_eq!(score.correspondence, highest);
    }
}

#[test]
fn polarity_is_obeyed() {
    let low = Tiny::ave().field("/outputs/correspondence", "low_corresponds".into());
    let (_home, low) = low.write();
    let (_other_home, high) = Tiny::ave().write();
    let (picture, sound) = (numbers(PICTURE), numbers(SOUND));
    let low = score(&mut open(&low).expect("opens"), &picture, &sound);
    let high = score(&mut open(&high).expect("opens"), &picture, &sound);
    assert!(near(low[0].correspondence, 1.0 - high[0].correspondence));
    assert!(!near(low[0].correspondence, high[0].correspondence));
}

#[test]
fn a_batch_changes_nothing_to_the_bit() {
    let (_home, dir) = Tiny::ave().write();
    let mut network = open(&dir).expect("opens");
    assert_eq!(network.provider(), Provider::Cpu);
    let pictures = numbers(7 * PICTURE);
    let together = network.frame_features(&pictures, 7).expect("computes");
    for (item, picture) in pictures.chunks(PICTURE).enumerate() {
        let alone = network.frame_features(picture, 1).expect("computes");
        assert_eq!(alone.values(), together.item(item));
    }
    let none = network
        .frame_features(&[], 0)
        .expect("nothing is little work");
    assert_eq!((none.len(), none.item_shape()), (0, &[3][..]));
    let scores = network.score(&none, &none).expect("nothing is little work");
    assert_eq!(scores, []);
}

#[test]
fn one_sound_goes_with_many_pictures() {
    let (_home, dir) = Tiny::ave().write();
    let mut network = open(&dir).expect("opens");
    let (pictures, sound) = (numbers(3 * PICTURE), numbers(SOUND));
    let seen = network.frame_features(&pictures, 3).expect("computes");
    let heard = network.audio_features(&sound, 1).expect("computes");
    let scores = network
        .score(&seen, &heard.gather(&[0, 0, 0]))
        .expect("computes");
    assert!(near(
        scores[2].distance.expect("has one"),
        distance(&pictures[2 * PICTURE..], &sound)
    ));

    let error = network.score(&seen, &heard).expect_err("three and one");
    assert!(
        error.to_string().contains("`audio_features` wants 3 items"),
        "{error}"
    );
    let other = Features::new(vec![2], vec![0.0; 6]);
    let error = network
        .score(&seen, &other)
        .expect_err("of another network");
    assert!(
        error.to_string().contains("3 items of [2] numbers"),
        "{error}"
    );
}

#[test]
fn networks_are_sent_to_threads_and_agree_there() {
    let (_home, dir) = Tiny::ave().write();
    let runtime = Runtime::load().expect("`make setup` was run");
    let files = NetworkFiles::load(&dir, Precision::Fp32).expect("is whole");
    let (picture, sound) = (numbers(PICTURE), numbers(SOUND));
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=3)
            .map(|threads| Network::from_files(&runtime, &files, Provider::Cpu, threads))
            .map(|network| network.expect("opens"))
            .map(|mut network| {
                let (picture, sound) = (&picture, &sound);
                scope.spawn(move || score(&mut network, picture, sound))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[test]
fn what_goes_in_must_be_whole_and_finite() {
    let (_home, dir) = Tiny::ave().write();
    let mut network = open(&dir).expect("opens");
    let error = network
        .frame_features(&[0.0; 5], 1)
        .expect_err("five numbers");
    assert!(
        error
            .to_string()
            .contains("`frame` wants 1 items of [3, 4, 4] numbers"),
        "{error}"
    );

    let mut sounds = numbers(4 * SOUND);
    sounds[2 * SOUND + 1] = f32::NAN;
    let error = network
        .audio_features(&sounds, 4)
        .expect_err("not a number");
    assert!(
        matches!(error, NetworkError::Value { item: 2, .. }),
        "{error}"
    );
}

#[test]
fn towers_without_a_head_give_embeddings_and_no_more() {
    let (_home, dir) = Tiny::openl3().write();
    let mut network = open(&dir).expect("opens");
    let (picture, sound) = (numbers(PICTURE), numbers(SOUND));
    let seen = network.frame_features(&picture, 1).expect("computes");
    let heard = network.audio_features(&sound, 1).expect("computes");
    assert!(near(seen.values()[0], mean(&picture[..SIDE * SIDE])));
    assert!(
        heard
            .values()
            .iter()
            .all(|value| near(*value, mean(&sound)))
    );
    let error = network.score(&seen, &heard).expect_err("has no head");
    assert!(matches!(error, NetworkError::NoHead { network } if network == "tiny"));
}

#[test]
fn a_head_may_be_missing_only_where_the_contract_says_so() {
    let (home, dir) = Tiny::openl3().write();
    assert!(dir.is_there());
    assert_eq!(dir.precisions(), [Precision::Fp32]);
    let hash = open(&dir).expect("opens").hash().to_owned();
    std::fs::write(home.path().join("head.onnx"), "of another").expect("can be written");
    assert_eq!(open(&dir).expect("it is not looked at").hash(), hash);

    let (home, dir) = Tiny::ave().write();
    std::fs::remove_file(home.path().join("head.onnx")).expect("is there");
    assert!(dir.is_there(), "it is a network, though a broken one");
    let error = open(&dir).expect_err("lacks its head");
    assert!(
        matches!(error, NetworkError::Missing { ref files, .. } if files == &["head.onnx"]),
        "{error}"
    );
}
