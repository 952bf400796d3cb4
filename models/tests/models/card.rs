//! A card's ways of being fast, on a processor: what they compute must be what was computed before.

use sonoscope_models::{
    EngineCache, EngineKey, Network, NetworkDir, NetworkError, NetworkFiles, Precision, Provider,
    Runtime, Score, Setting, Sizes, prebuild, zoo,
};

use crate::tiny::{BINS, FRAMES, SIDE, Tiny};

const PIXELS: usize = SIDE * SIDE;
const SOUND: usize = BINS * FRAMES;

fn open(dir: &NetworkDir, precision: Precision, setting: &Setting) -> Network {
    let runtime = Runtime::load().expect("`make setup` was run");
    let files = NetworkFiles::load(dir, precision).expect("is whole");
    Network::with_setting(&runtime, &files, setting).expect("opens")
}

/// The processor, given batches as a card is.
fn as_card(sizes: &[usize]) -> Setting {
    Setting {
        sizes: Some(Sizes::new(sizes.iter().copied())),
        ..Setting::new(Provider::Cpu)
    }
}

/// The same numbers each time, from a linear congruence.
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 12_345_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn floats(count: usize) -> Vec<f32> {
    let bytes = bytes(count);
    bytes
        .iter()
        .map(|byte| f32::from(*byte) / 128.0 - 1.0)
        .collect()
}

/// As the operators do it: a table, and planes of colours.
fn normalised(pixels: &[u8], cells: usize, mean: [f32; 3], std: [f32; 3]) -> Vec<f32> {
    let of = |picture: &[u8]| {
        let plane = |colour: usize| {
            let values = picture.iter().skip(colour).step_by(3);
            let normal = move |byte: &u8| (f32::from(*byte) / 255.0 - mean[colour]) / std[colour];
            values.map(normal).collect::<Vec<_>>()
        };
        (0..3).flat_map(plane).collect::<Vec<_>>()
    };
    pixels.chunks(3 * cells).flat_map(of).collect()
}

fn furthest(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len());
    let gaps = left
        .iter()
        .zip(right)
        .map(|(left, right)| (left - right).abs());
    gaps.fold(0.0, f32::max)
}

#[test]
fn pictures_as_bytes_are_normalised_as_the_operators_do_it() {
    // The frame tower of this one gives the picture as it is.
    let (_home, dir) = Tiny::avol().write();
    let setting = Setting {
        bytes: true,
        ..Setting::new(Provider::Cpu)
    };
    let mut network = open(&dir, Precision::Fp32, &setting);
    assert!(network.wants_bytes());
    let pixels = bytes(5 * 3 * PIXELS);
    let seen = network
        .frame_features_of_bytes(&pixels, 5)
        .expect("computes");
    let frame = &network.contract().frame;
    let expected = normalised(&pixels, PIXELS, frame.mean, frame.std);
    assert!(furthest(seen.values(), &expected) < 1e-6);
    assert!(matches!(
        network.frame_features(&expected, 5),
        Err(NetworkError::Input { .. })
    ));
}

#[test]
fn padding_to_a_few_sizes_changes_no_answer() {
    let (_home, dir) = Tiny::ave().write();
    let mut plain = open(&dir, Precision::Fp32, &Setting::new(Provider::Cpu));
    let mut padded = open(&dir, Precision::Fp32, &as_card(&[2, 4]));
    // Buffers of both kinds are the processor's here, and no graph is repeated.
    let graphs = true;
    let mut repeated = open(
        &dir,
        Precision::Fp32,
        &Setting {
            graphs,
            ..as_card(&[2, 4])
        },
    );
    // Larger and smaller by turns, so that buffers hold items of earlier batches.
    for items in [7, 1, 3, 4, 2, 0] {
        let (pictures, sounds) = (floats(items * 3 * PIXELS), floats(items * SOUND));
        let score = |network: &mut Network| -> Vec<Score> {
            let seen = network.frame_features(&pictures, items).expect("computes");
            let heard = network.audio_features(&sounds, items).expect("computes");
            network.score(&seen, &heard).expect("computes")
        };
        let (expected, found) = (score(&mut plain), score(&mut padded));
        assert_eq!(found.len(), items);
        assert_eq!(score(&mut repeated), found);
        for (expected, found) in expected.iter().zip(&found) {
            assert!((expected.correspondence - found.correspondence).abs() < 1e-6);
        }
    }
}

#[test]
fn what_is_not_finite_is_found_in_its_place_in_a_padded_batch() {
    let (_home, dir) = Tiny::ave().write();
    let mut network = open(&dir, Precision::Fp32, &as_card(&[2, 8]));
    let mut sounds = floats(3 * SOUND);
    sounds[2 * SOUND] = f32::NAN;
    let error = network
        .audio_features(&sounds, 3)
        .expect_err("not a number");
    assert!(
        matches!(error, NetworkError::Value { item: 2, .. }),
        "{error}"
    );
    // It stays in the buffer, behind what comes next, and is not looked at.
    network
        .audio_features(&sounds[..2 * SOUND], 2)
        .expect("computes");
    let again = network
        .audio_features(&sounds[..2 * SOUND], 2)
        .expect("computes");
    assert_eq!(again.len(), 2);
}

/// Embeddings and correspondences of a shipped network, of a few pairs.
fn answers(name: &str, precision: Precision, setting: &Setting) -> (Vec<f32>, Vec<f32>) {
    const PAIRS: usize = 4;
    let dir = zoo::resolve(name).expect("is shipped");
    let mut network = open(&dir, precision, setting);
    let contract = network.contract().clone();
    let [bins, frames] = contract.spectrogram_shape().expect("hears one");
    let cells = contract.frame.width * contract.frame.height;
    let pixels = bytes(PAIRS * 3 * cells);
    let seen = match network.wants_bytes() {
        true => network.frame_features_of_bytes(&pixels, PAIRS),
        false => {
            let (mean, std) = (contract.frame.mean, contract.frame.std);
            let tensors = normalised(&pixels, cells, mean, std);
            network.frame_features(&tensors, PAIRS)
        }
    };
    let seen = seen.expect("computes");
    let heard = network.audio_features(&floats(PAIRS * bins * frames), PAIRS);
    let heard = heard.expect("computes");
    let scores = network.score(&seen, &heard).expect("computes");
    let scores = scores.iter().map(|score| score.correspondence).collect();
    ([seen.values(), heard.values()].concat(), scores)
}

#[test]
fn halves_say_what_single_precision_says() {
    let plain = Setting::new(Provider::Cpu);
    for name in ["ave-small", "avol-small", "l3-small"] {
        let (features, scores) = answers(name, Precision::Fp32, &plain);
        let (halves, decisions) = answers(name, Precision::Fp16, &plain);
        let largest = features
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        assert!(furthest(&features, &halves) < 1e-2 * largest, "{name}");
        assert_ne!(
            features, halves,
            "{name}: they were computed in other numbers"
        );
        let decide = |scores: &[f32]| scores.iter().map(|s| *s >= 0.5).collect::<Vec<_>>();
        assert_eq!(decide(&scores), decide(&decisions), "{name}");
    }
}

#[test]
fn all_ways_together_say_what_single_precision_says() {
    let (features, _) = answers("ave-small", Precision::Fp32, &Setting::new(Provider::Cpu));
    let all = Setting {
        bytes: true,
        ..as_card(&[8])
    };
    let (same, _) = answers("ave-small", Precision::Fp32, &all);
    assert!(furthest(&features, &same) < 1e-4);
    let (halves, _) = answers("ave-small", Precision::Fp16, &all);
    assert!(furthest(&features, &halves) < 1e-2);
    // Its constants are stored in other ways.
    let (whole, _) = answers("ave-small", Precision::Int8, &Setting::new(Provider::Cpu));
    let (bytes, _) = answers("ave-small", Precision::Int8, &all);
    assert!(furthest(&whole, &bytes) < 1e-4);
}

#[test]
fn halves_have_a_hash_of_their_own() {
    let dir = zoo::resolve("ave-small").expect("is shipped");
    let hash = |precision| {
        NetworkFiles::load(&dir, precision)
            .expect("is whole")
            .network_hash()
    };
    assert_ne!(hash(Precision::Fp32), hash(Precision::Fp16));
    assert_eq!(hash(Precision::Fp16), hash(Precision::Fp16));
}

/// As TensorRT is given them, on a processor: of shipped networks, the decisions of single precision.
#[test]
fn int8_around_zero_decides_as_single_precision_does() {
    const PAIRS: usize = 32;
    let runtime = Runtime::load().expect("`make setup` was run");
    for name in ["ave-small", "avol-small", "l3-small"] {
        let dir = zoo::resolve(name).expect("is shipped");
        let int8 = NetworkFiles::load(&dir, Precision::Int8).expect("is whole");
        let plain = int8.network_hash();
        let on_cpu = int8.clone().for_provider(Provider::Cuda(0));
        assert_eq!(on_cpu.expect("stays").network_hash(), plain);
        let files = int8.for_provider(Provider::TensorRt(0)).expect("can be");
        assert_ne!(files.network_hash(), plain, "{name}: it is another network");
        let again = files.clone().for_provider(Provider::TensorRt(0));
        assert_eq!(again.expect("stays").network_hash(), files.network_hash());

        let setting = Setting::new(Provider::Cpu);
        let mut exact = open(&dir, Precision::Fp32, &setting);
        let mut signed = Network::with_setting(&runtime, &files, &setting).expect("opens");
        let contract = exact.contract().clone();
        let [bins, frames] = contract.spectrogram_shape().expect("hears one");
        let cells = contract.frame.width * contract.frame.height;
        let (pictures, sounds) = (floats(PAIRS * 3 * cells), floats(PAIRS * bins * frames));
        let features = |network: &mut Network| {
            let seen = network.frame_features(&pictures, PAIRS).expect("computes");
            let heard = network.audio_features(&sounds, PAIRS).expect("computes");
            let scores = network.score(&seen, &heard).expect("computes");
            let decisions: Vec<_> = scores.iter().map(|s| s.correspondence >= 0.5).collect();
            ([seen.values(), heard.values()].concat(), decisions)
        };
        let ((expected, decisions), (found, same)) = (features(&mut exact), features(&mut signed));
        let product = |left: &[f32], right: &[f32]| -> f64 {
            let pairs = left.iter().zip(right);
            pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let cosine = product(&expected, &found)
            / (product(&expected, &expected) * product(&found, &found)).sqrt();
        assert!(cosine > 0.97, "{name}: {cosine}");
        assert_eq!(decisions, same, "{name}");
    }
}

#[test]
fn engines_are_built_ahead_size_by_size_and_then_known() {
    let (_home, dir) = Tiny::ave().write();
    let runtime = Runtime::load().expect("`make setup` was run");
    let files = NetworkFiles::load(&dir, Precision::Fp32).expect("is whole");
    let cache_home = tempfile::tempdir().expect("a directory");
    let sizes = Sizes::new([1, 8, 32]);
    let key = EngineKey::new(&files, &sizes, "none".into(), ["10".into(), "1".into()]);
    let cache = EngineCache::new(cache_home.path(), &key);
    let mut built = Vec::new();
    let setting = as_card(&[1, 8, 32]);
    let network = prebuild(&runtime, &files, &setting, Some(&cache), |size| {
        built.push(size)
    });
    assert_eq!(network.expect("opens").hash(), files.network_hash());
    assert_eq!(built, [32, 8, 1]);
    assert!(cache.is_whole());
}
