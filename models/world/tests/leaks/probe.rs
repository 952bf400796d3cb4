//! A linear probe: logistic regression that tells a clip's own sound from another clip's.

/// What is known of one picture or one sound.
pub type Statistics = Vec<f32>;

const STEPS: usize = 150;
const RATE: f32 = 0.5;
const DECAY: f32 = 0.01;

/// Brings each statistic to mean 0 and deviation 1; one that never changes, to 0.
pub fn standardise(items: &mut [Statistics]) {
    for k in 0..items[0].len() {
        let count = items.len() as f32;
        let mean = items.iter().map(|item| item[k]).sum::<f32>() / count;
        let square = |item: &Statistics| (item[k] - mean).powi(2);
        let deviation = (items.iter().map(square).sum::<f32>() / count).sqrt();
        let scale = if deviation > 1e-6 {
            1.0 / deviation
        } else {
            0.0
        };
        items
            .iter_mut()
            .for_each(|item| item[k] = (item[k] - mean) * scale);
    }
}

/// How often a probe is right about pairs, half of them matching and half of clips of different
/// classes. Every clip is asked about, by a probe fitted on the other half of the clips.
pub fn accuracy(pictures: &[Statistics], sounds: &[Statistics], classes: &[&str]) -> f32 {
    let half = pictures.len() / 2;
    let parts = [(0, half), (half, pictures.len())].map(|(start, end)| {
        pairs(
            &pictures[start..end],
            &sounds[start..end],
            &classes[start..end],
        )
    });
    let right =
        right_answers(&fitted(&parts[0]), &parts[1]) + right_answers(&fitted(&parts[1]), &parts[0]);
    right as f32 / (parts[0].len() + parts[1].len()) as f32
}

/// What a pair looks like to the probe, and whether it matches.
type Pair = (Vec<f32>, bool);

/// For each picture its own sound and one of another class.
fn pairs(pictures: &[Statistics], sounds: &[Statistics], classes: &[&str]) -> Vec<Pair> {
    let count = pictures.len();
    let other_of = |i: usize| {
        let mut others = (1..count).map(|step| (i + 31 * step) % count);
        others.find(|other| classes[*other] != classes[i]).unwrap()
    };
    let both = |i: usize| {
        let own = (features(&pictures[i], &sounds[i]), true);
        [own, (features(&pictures[i], &sounds[other_of(i)]), false)]
    };
    (0..count).flat_map(both).collect()
}

/// All statistics, and all products of one of the picture and one of the sound: a match shows in
/// products alone.
fn features(picture: &[f32], sound: &[f32]) -> Vec<f32> {
    let products = picture
        .iter()
        .flat_map(|p| sound.iter().map(move |s| p * s));
    let singles = picture.iter().chain(sound).copied();
    singles.chain(products).collect()
}

fn fitted(pairs: &[Pair]) -> Vec<f32> {
    let mut weights = vec![0.0; pairs[0].0.len()];
    for _ in 0..STEPS {
        let mut slope: Vec<f32> = weights.iter().map(|weight| DECAY * weight).collect();
        for (features, matching) in pairs {
            let told = 1.0 / (1.0 + (-score(&weights, features)).exp());
            let off = (told - f32::from(*matching)) / pairs.len() as f32;
            slope
                .iter_mut()
                .zip(features)
                .for_each(|(slope, feature)| *slope += off * feature);
        }
        weights
            .iter_mut()
            .zip(&slope)
            .for_each(|(weight, slope)| *weight -= RATE * slope);
    }
    weights
}

fn right_answers(weights: &[f32], pairs: &[Pair]) -> usize {
    let right = |(features, matching): &&Pair| (score(weights, features) > 0.0) == *matching;
    pairs.iter().filter(right).count()
}

fn score(weights: &[f32], features: &[f32]) -> f32 {
    weights
        .iter()
        .zip(features)
        .map(|(weight, feature)| weight * feature)
        .sum()
}
