//! Sets of clips: unbroken stretches of pictures and sound, of which training cuts its windows.

use std::mem;

use serde_json::{Map, json};
use sonoscope_models::WINDOW_SECONDS;
use sonoscope_operators::{
    Grid, GridSpec, MonoResampler, ResampleError, SEGMENT_SAMPLES, Segment, Status,
};

use super::sample::{Counts, Maker, Sample, npy};

/// The seconds of one sample at most, five minutes of them (about 130 MB at 8 pictures of 128x128
/// a second): a recording of a day must not be held whole.
const MOST_SECONDS: usize = 300;

/// Full scale of 16-bit sound.
const FULL_SCALE: f32 = 32_768.0;

/// Makes stretches by the operators that serve.
///
/// A sample is `pictures.npy` (u8, `[seconds * rate_hz, height, width, 3]`), the grid pictures of
/// all its seconds in order, and `waveform.npy` (i16, `[seconds * waveform_hz]`), mono. A second
/// without whole sound and a whole grid of pictures ends a stretch, and one that is too short for
/// a window is left out. Its JSON says where it begins, and as in rows how `audio` and `video` of
/// each second fared.
pub struct StretchMaker {
    grid: GridSpec,
    waveform_hz: u32,
    resampler: MonoResampler,
    stretch: Stretch,
}

/// What is gathered for the next sample.
#[derive(Debug, Default)]
struct Stretch {
    first_segment: i64,
    counts: Counts,
    pictures: Vec<u8>,
    waveform: Vec<f32>,
    audio: Vec<Status>,
    video: Vec<Status>,
}

impl StretchMaker {
    /// For networks that want such pictures, and sound at this rate.
    ///
    /// # Errors
    /// When sound cannot be brought to that rate.
    pub fn new(grid: GridSpec, waveform_hz: u32) -> Result<Self, ResampleError> {
        Ok(Self {
            grid,
            waveform_hz,
            resampler: MonoResampler::to_rate(waveform_hz, SEGMENT_SAMPLES as u32, 1)?,
            stretch: Stretch::default(),
        })
    }
}

impl Maker for StretchMaker {
    fn add(&mut self, segment: &Segment, samples: &mut Vec<Sample>) {
        let Some((grid, sound)) = whole(segment) else {
            self.end(samples);
            return;
        };
        let stretch = &mut self.stretch;
        if stretch.counts.pairs == 0 {
            stretch.first_segment = segment.index;
        }
        stretch.counts.count(segment);
        for picture in &grid.pictures {
            stretch.pictures.extend_from_slice(&picture.rgb);
        }
        self.resampler.push(sound, &mut stretch.waveform);
        stretch.audio.push(segment.audio);
        stretch.video.push(segment.video);
        if stretch.counts.pairs == MOST_SECONDS {
            self.end(samples);
        }
    }

    fn end(&mut self, samples: &mut Vec<Sample>) {
        let mut stretch = mem::take(&mut self.stretch);
        self.resampler.finish(&mut stretch.waveform);
        let seconds = stretch.counts.pairs;
        if seconds < WINDOW_SECONDS {
            return;
        }
        let pictures = [
            seconds * self.grid.rate_hz,
            self.grid.height,
            self.grid.width,
            3,
        ];
        let numbers = stretch.waveform.iter();
        let numbers = numbers.map(|sample| (sample * FULL_SCALE).round() as i16);
        let waveform: Vec<_> = numbers.flat_map(i16::to_le_bytes).collect();
        let waveform_samples = [seconds * self.waveform_hz as usize];
        let about = [
            ("first_segment", json!(stretch.first_segment)),
            ("seconds", json!(seconds)),
            ("rate_hz", json!(self.grid.rate_hz)),
            ("audio", json!(stretch.audio)),
            ("video", json!(stretch.video)),
        ];
        let about = about.map(|(name, value)| (name.to_owned(), value));
        samples.push(Sample {
            counts: stretch.counts,
            members: vec![
                ("pictures.npy", npy("|u1", &pictures, &stretch.pictures)),
                ("waveform.npy", npy("<i2", &waveform_samples, &waveform)),
            ],
            about: Map::from_iter(about),
        });
    }
}

/// The pictures and the sound of a wanted second that has all of both.
fn whole(segment: &Segment) -> Option<(&Grid, &[f32])> {
    let is_wanted = segment.source.wanted.contains(&segment.index);
    let is_whole = segment.audio != Status::Partial && segment.video != Status::Partial;
    if !is_wanted || !is_whole {
        return None;
    }
    Some((segment.grid.as_deref()?, segment.samples.as_deref()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sonoscope_operators::Picture;

    use super::*;
    use crate::sources::testing;

    const GRID: GridSpec = GridSpec {
        rate_hz: 2,
        width: 1,
        height: 1,
        antialias: true,
    };

    /// A second of an even level, its pictures of the shade of its number.
    fn segment(index: i64, level: f32, has_grid: bool) -> Segment {
        let picture = Arc::new(Picture {
            width: 1,
            height: 1,
            rgb: vec![index as u8; 3],
        });
        Segment {
            source: Arc::new(testing::source(1..40)),
            index,
            seconds: 1,
            dropped: 0,
            audio: Status::Present,
            video: Status::Present,
            samples: Some(vec![level; SEGMENT_SAMPLES].into()),
            audio_dbfs: None,
            frame: None,
            grid: has_grid.then(|| {
                let pictures = vec![picture; 2];
                Arc::new(Grid {
                    pictures,
                    permit: None,
                })
            }),
            window: None,
        }
    }

    fn samples(segments: impl IntoIterator<Item = Segment>) -> Vec<Sample> {
        let mut maker = StretchMaker::new(GRID, 21_000).unwrap();
        let mut samples = Vec::new();
        for segment in segments {
            maker.add(&segment, &mut samples);
        }
        maker.end(&mut samples);
        samples
    }

    #[test]
    fn a_gap_ends_a_stretch_and_short_ones_are_left_out() {
        let gaps = [4, 10, 18];
        let samples = samples((0..30).map(|k| segment(k, 0.25, !gaps.contains(&k))));
        let told: Vec<_> = (samples.iter())
            .map(|s| (s.about["first_segment"].clone(), s.about["seconds"].clone()))
            .collect();
        let wanted = [(5, 5), (11, 7), (19, 11)];
        assert_eq!(
            told,
            wanted.map(|(first, seconds)| (json!(first), json!(seconds)))
        );
        let pictures = &samples[0].members[0].1;
        assert_eq!(
            pictures[pictures.len() - 6..],
            [9; 6],
            "the last second's two"
        );
        let waveform = &samples[0].members[1].1;
        assert_eq!(waveform.len(), 128 + 5 * 21_000 * 2);
        let middle = &waveform[128 + 2 * 21_000 * 2..][..2];
        assert_eq!(i16::from_le_bytes([middle[0], middle[1]]), 8_192);
    }

    #[test]
    fn samples_too_loud_for_16_bits_are_cut_off() {
        let samples = samples((1..8).map(|k| segment(k, -1.5, true)));
        let waveform = &samples[0].members[1].1;
        let middle = &waveform[128 + 70_000 * 2..][..2];
        assert_eq!(i16::from_le_bytes([middle[0], middle[1]]), i16::MIN);
    }

    #[test]
    fn long_recordings_are_cut() {
        let samples = samples((1..40).cycle().take(350).map(|k| segment(k, 0.1, true)));
        let seconds: Vec<_> = samples.iter().map(|s| s.counts.pairs).collect();
        assert_eq!(seconds, [300, 50]);
    }
}
