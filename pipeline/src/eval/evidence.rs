//! What is gathered of recordings before figures are made of it.

use sonoscope_operators::{Heatmap, SourceId};

use super::{
    engine::{Pair, View},
    metrics::overlap::Box4,
    truth::Truth,
};
use crate::sources::SourceSpec;

/// Everything about the recordings that could be used.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The recordings, in the order in which they were named.
    pub clips: Vec<Clip>,
}

/// What is known and was said of one recording.
#[derive(Debug)]
pub struct Clip {
    /// Its file and name.
    pub spec: SourceSpec,
    /// What is known of it.
    pub truth: Option<Truth>,
    /// Its seconds that have both picture and sound.
    pub seconds: Vec<Second>,
    /// The second nearest its middle that fits, as a place in `seconds`.
    pub middle: Option<usize>,
    /// Seconds whose features are kept, the middle among them; places in `seconds`.
    pub probes: Vec<usize>,
    /// Of each network, the score of a second with its own sound and with one of the same
    /// recording at least two seconds away, where there are such.
    pub shifted: Vec<Option<Shifted>>,
}

/// One second of a recording.
#[derive(Clone, Debug)]
pub struct Second {
    /// Which.
    pub index: i64,
    /// Whether picture and sound can belong together: the sound is above the level of silence,
    /// and no truth says that its source is silent or off screen.
    pub fits: bool,
    /// Where the sound comes from, if that is known and `fits`.
    pub sounding: Option<Box4>,
    /// Where silent objects are, as far as is known.
    pub silent_objects: Vec<Box4>,
    /// What each network made of it; nothing where a network had not all that it looks at.
    pub views: Vec<Option<View>>,
}

/// The scores of one picture with two sounds of its own recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shifted {
    /// With the sound of the same second.
    pub aligned: f32,
    /// With that of another.
    pub shifted: f32,
}

/// A second whose features are kept.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// The place of its clip in the evidence.
    pub clip: usize,
    /// The second.
    pub second: &'a Second,
    /// Its score with its own sound.
    pub own: f32,
    /// What the network's towers gave.
    pub pair: &'a Pair,
}

impl Second {
    /// What a network made of it.
    pub fn view(&self, network: usize) -> Option<&View> {
        self.views[network].as_ref()
    }

    /// Where a network hears the sound come from.
    pub fn heatmap(&self, network: usize) -> Option<&Heatmap> {
        self.view(network)?.heatmap.as_ref()
    }
}

impl Clip {
    /// Its name in reports.
    pub fn id(&self) -> &SourceId {
        &self.spec.id
    }

    /// The middle second.
    pub fn middle(&self) -> Option<&Second> {
        Some(&self.seconds[self.middle?])
    }

    /// Its classes, as far as they are known.
    pub fn classes(&self) -> &[String] {
        self.truth.as_ref().map_or(&[], |truth| &truth.classes)
    }
}

impl Evidence {
    /// The middle seconds of all clips that have one, with what a network made of them.
    pub fn middles(&self, network: usize) -> Vec<Probe<'_>> {
        self.probes_where(network, |clip, place| clip.middle == Some(place))
    }

    /// All seconds whose features are kept, with what a network made of them.
    pub fn probes(&self, network: usize) -> Vec<Probe<'_>> {
        self.probes_where(network, |_, _| true)
    }

    fn probes_where(&self, network: usize, wanted: fn(&Clip, usize) -> bool) -> Vec<Probe<'_>> {
        let clips = self.clips.iter().enumerate();
        clips
            .flat_map(|(number, clip)| {
                let places = clip
                    .probes
                    .iter()
                    .filter(move |place| wanted(clip, **place));
                places.filter_map(move |place| {
                    let second = &clip.seconds[*place];
                    let view = second.view(network)?;
                    Some(Probe {
                        clip: number,
                        second,
                        own: view.correspondence,
                        pair: view.features.as_ref()?,
                    })
                })
            })
            .collect()
    }

    /// Whether something is known of any recording.
    pub fn has_truth(&self) -> bool {
        self.clips.iter().any(|clip| clip.truth.is_some())
    }
}

#[cfg(test)]
pub mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{inputs, sources::Reading};

    /// A clip of these seconds, about which nothing else is known.
    pub fn clip(ordinal: u32, seconds: Vec<Second>) -> Clip {
        let path = PathBuf::from(format!("{ordinal}.mp4"));
        let spec = SourceSpec {
            ordinal,
            ..SourceSpec::new(inputs::stem(&path), path, Reading::default())
        };
        Clip {
            spec,
            truth: None,
            middle: (!seconds.is_empty()).then_some(seconds.len() / 2),
            probes: (0..seconds.len()).collect(),
            seconds,
            shifted: Vec::new(),
        }
    }
}
