//! Every sound of a window with every picture.

use std::{collections::BTreeMap, ops::Range};

use pulp::Arch;

use super::{Fit, MatrixKey, MatrixSettings, MatrixVerdict, Microphone};
use crate::{
    CORRESPONDS, SourceId,
    views::{
        dots::{dots, squared_distance, squared_length},
        seconds::Seconds,
        sides::Sides,
    },
};

/// Sums over the samples of a window, of each sound with each picture.
struct Sums {
    sources: usize,
    /// Row by row, a row for each sound.
    distances: Vec<f32>,
    samples: Vec<u32>,
    /// How often each source was heard.
    heard: Vec<u32>,
}

/// The rows of a window's matrix, by source; none for a network that does not go by distance.
pub(super) fn microphones(
    settings: &MatrixSettings,
    arch: Arch,
    key: &MatrixKey,
    window: Range<i64>,
    sources: &BTreeMap<SourceId, Seconds<Sides>>,
) -> Vec<Microphone> {
    let inside = (sources.iter())
        .filter(|(_, seconds)| seconds.range(window.clone()).next().is_some())
        .take(settings.most_sources);
    let (names, seconds): (Vec<_>, Vec<_>) = inside.unzip();
    let sums = sums(arch, &seconds, window.clone());
    let rows = (0..names.len()).map(|sound| {
        let fits = fits(settings, key, &names, &sums, sound)?;
        let own = fits
            .iter()
            .find(|fit| fit.picture_of == *names[sound])
            .cloned();
        let heard = sums.heard[sound] >= settings.least_samples;
        Some(Microphone {
            sound_of: names[sound].clone(),
            network: key.network.clone(),
            group: key.group.clone(),
            end: window.end,
            verdict: verdict(settings, heard, own.as_ref(), fits.first()),
            own,
            fits: fits.into_iter().take(settings.told).collect(),
        })
    });
    rows.collect::<Option<_>>().unwrap_or_default()
}

fn sums(arch: Arch, seconds: &[&Seconds<Sides>], window: Range<i64>) -> Sums {
    let sources = seconds.len();
    let mut sums = Sums {
        sources,
        distances: vec![0.0; sources * sources],
        samples: vec![0; sources * sources],
        heard: vec![0; sources],
    };
    let mut samples: Vec<i64> = (seconds.iter())
        .flat_map(|seconds| seconds.range(window.clone()))
        .map(|(segment, _)| segment)
        .collect();
    samples.sort_unstable();
    samples.dedup();
    for segment in samples {
        let sides: Vec<_> = seconds.iter().map(|seconds| seconds.get(segment)).collect();
        sums.add(arch, &sides);
    }
    sums
}

impl Sums {
    /// Adds one second of all sources.
    fn add(&mut self, arch: Arch, sides: &[Option<&Sides>]) {
        let pictures = (0..)
            .zip(sides)
            .filter_map(|(place, sides)| Some((place, (*sides)?.picture.as_ref()?.values())));
        let pictures: Vec<(usize, &[f32])> = pictures.collect();
        let numbers = pictures.first().map_or(0, |(_, picture)| picture.len());
        let alike = pictures
            .into_iter()
            .filter(|(_, picture)| picture.len() == numbers);
        let (places, pictures): (Vec<usize>, Vec<&[f32]>) = alike.unzip();
        let lengths: Vec<_> = pictures
            .iter()
            .map(|picture| squared_length(arch, picture))
            .collect();
        let (pictures, mut products) = (pictures.concat(), vec![0.0; places.len()]);
        for (sound_of, sides) in sides.iter().enumerate() {
            let sound = sides.and_then(|sides| sides.sound.as_ref());
            let Some(sound) = sound.filter(|sound| sound.values().len() == numbers) else {
                continue;
            };
            self.heard[sound_of] += 1;
            dots(arch, &pictures, sound.values(), &mut products);
            let length = squared_length(arch, sound.values());
            let row = sound_of * self.sources;
            for ((place, picture_length), product) in places.iter().zip(&lengths).zip(&products) {
                let squared = squared_distance(*picture_length, length, *product);
                self.distances[row + place] += squared.sqrt();
                self.samples[row + place] += 1;
            }
        }
    }
}

/// All pictures that a sound can be compared with, best first; none if the network does not go by
/// distance.
fn fits(
    settings: &MatrixSettings,
    key: &MatrixKey,
    names: &[&SourceId],
    sums: &Sums,
    sound: usize,
) -> Option<Vec<Fit>> {
    let row = sound * sums.sources;
    let compared = (0..sums.sources).filter_map(|picture| {
        let samples = sums.samples[row + picture];
        let mean = sums.distances[row + picture] / samples as f32;
        (samples >= settings.least_samples.max(1)).then_some((mean, picture, samples))
    });
    let mut compared: Vec<_> = compared.collect();
    compared.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let fit = |(distance, picture, samples): (f32, usize, u32)| {
        let correspondence = settings.heads.correspondence(&key.network, distance)?;
        Some(Fit {
            picture_of: names[picture].clone(),
            correspondence: correspondence.into(),
            samples,
        })
    };
    // A sound that met no picture says nothing of the network.
    compared.into_iter().map(fit).collect()
}

fn verdict(
    settings: &MatrixSettings,
    heard: bool,
    own: Option<&Fit>,
    best: Option<&Fit>,
) -> MatrixVerdict {
    let Some(best) = best.filter(|_| heard) else {
        return MatrixVerdict::Unheard;
    };
    let (best, own) = (
        best.correspondence.get(),
        own.map(|own| own.correspondence.get()),
    );
    if best < CORRESPONDS {
        MatrixVerdict::Nowhere
    } else if own.is_some_and(|own| own >= best - settings.margin) {
        MatrixVerdict::Own
    } else {
        MatrixVerdict::Other
    }
}
