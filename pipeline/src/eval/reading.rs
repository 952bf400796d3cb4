//! One recording while it is read: which of its seconds to keep.

use sonoscope_models::NetworkError;
use sonoscope_operators::{Segment, Status};

use super::{
    engine::{Engine, Prepared},
    evidence::{Clip, Second, Shifted},
    truth::{KnownSecond, Truth},
};
use crate::sources::SourceSpec;

/// Seconds whose features are held while a recording is read: of a longer one, those of every
/// second second, then of every fourth, and so on.
const HELD: usize = 64;

/// Seconds of a recording without truth that are compared with those of others.
const PROBES: usize = 8;

/// How far apart picture and sound of one recording must be to be out of step.
const SHIFT_S: u64 = 2;

/// What has been read of a recording.
#[derive(Default)]
pub struct Reading {
    seconds: Vec<Second>,
    /// Of the last seconds, those about which the networks have yet to be asked.
    waiting: Vec<Prepared>,
    /// Places of the seconds whose features are held.
    held: Vec<usize>,
    stride: usize,
}

impl Reading {
    /// Takes in a second that has both picture and sound.
    ///
    /// # Errors
    /// When a network fails.
    pub fn add(
        &mut self,
        segment: Segment,
        truth: Option<&Truth>,
        engine: &mut Engine,
    ) -> Result<(), NetworkError> {
        let index = segment.index;
        let known = truth.and_then(|truth| truth.second(index));
        let known = known.cloned().unwrap_or_default();
        let KnownSecond {
            silent, off_screen, ..
        } = known;
        let fits = segment.audio != Status::Silent && !silent && !off_screen;
        self.waiting.push(engine.prepare(segment)?);
        self.seconds.push(Second {
            index,
            fits,
            sounding: known.sounding.filter(|_| fits),
            silent_objects: known.silent_objects,
            views: Vec::new(),
        });
        match self.waiting.len() < engine.batch() {
            true => Ok(()),
            false => self.ask(engine),
        }
    }

    /// Asks about the seconds that wait.
    fn ask(&mut self, engine: &mut Engine) -> Result<(), NetworkError> {
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let first = self.seconds.len() - waiting.len();
        for (place, views) in (first..).zip(engine.look(waiting)?) {
            self.seconds[place].views = views;
            self.hold(place);
        }
        Ok(())
    }

    /// Holds the features of a second, or lets them go.
    fn hold(&mut self, place: usize) {
        if !place.is_multiple_of(self.stride.max(1)) {
            drop_features(&mut self.seconds[place]);
            return;
        }
        self.held.push(place);
        if self.held.len() > HELD {
            self.stride = 2 * self.stride.max(1);
            for place in &self.held {
                if !place.is_multiple_of(self.stride) {
                    drop_features(&mut self.seconds[*place]);
                }
            }
            self.held.retain(|place| place.is_multiple_of(self.stride));
        }
    }

    /// The recording is over: keeps the features of the seconds that figures ask for.
    ///
    /// # Errors
    /// When a network fails.
    pub fn close(
        mut self,
        spec: SourceSpec,
        truth: Option<Truth>,
        engine: &mut Engine,
    ) -> Result<Clip, NetworkError> {
        self.ask(engine)?;
        let fitting = |place: &&usize| self.seconds[**place].fits;
        let fitting: Vec<usize> = self.held.iter().filter(fitting).copied().collect();
        let centre = self.seconds.len() / 2;
        let middle = (fitting.iter().copied()).min_by_key(|place| place.abs_diff(centre));
        let shifted = self.shifted(&fitting, engine)?;
        let probes = match (&truth, middle) {
            (Some(_), middle) => middle.into_iter().collect(),
            (None, _) => evenly(&fitting, PROBES, middle),
        };
        for (place, second) in self.seconds.iter_mut().enumerate() {
            if !probes.contains(&place) {
                drop_features(second);
            }
        }
        Ok(Clip {
            spec,
            truth,
            seconds: self.seconds,
            middle,
            probes,
            shifted,
        })
    }

    /// What each network says of a picture with its own sound, and with one that is out of step.
    fn shifted(
        &self,
        fitting: &[usize],
        engine: &mut Engine,
    ) -> Result<Vec<Option<Shifted>>, NetworkError> {
        let networks = self.seconds.first().map_or(0, |second| second.views.len());
        let Some((own, other)) = self.out_of_step(fitting) else {
            return Ok(vec![None; networks]);
        };
        let view = |place: usize, network: usize| {
            let view = self.seconds[place].view(network)?;
            Some((view.correspondence, view.features.as_ref()?))
        };
        (0..networks)
            .map(|network| {
                let views = view(own, network).zip(view(other, network));
                let Some(((aligned, own), (_, other))) = views else {
                    return Ok(None);
                };
                let shifted = engine.score(network, &[(&own.frame, &other.audio)])?;
                Ok(Some(Shifted {
                    aligned,
                    shifted: shifted[0],
                }))
            })
            .collect()
    }

    /// The second nearest the middle that has another one far enough away, and the nearest such.
    fn out_of_step(&self, fitting: &[usize]) -> Option<(usize, usize)> {
        let centre = self.seconds.len() / 2;
        let apart = |(a, b): (usize, usize)| self.seconds[a].index.abs_diff(self.seconds[b].index);
        let pairs = (fitting.iter()).flat_map(|own| fitting.iter().map(|other| (*own, *other)));
        pairs
            .filter(|pair| apart(*pair) >= SHIFT_S)
            .min_by_key(|pair| (pair.0.abs_diff(centre), apart(*pair)))
    }
}

/// At most `wanted` of these places, evenly spread, with `must` among them.
fn evenly(places: &[usize], wanted: usize, must: Option<usize>) -> Vec<usize> {
    let count = wanted.min(places.len());
    let mut chosen: Vec<usize> = (0..count)
        .map(|number| places[(2 * number + 1) * places.len() / (2 * count)])
        .collect();
    if let Some(must) = must.filter(|must| !chosen.contains(must)) {
        let nearest = (0..count).min_by_key(|number| chosen[*number].abs_diff(must));
        if let Some(nearest) = nearest {
            chosen[nearest] = must;
        }
    }
    chosen
}

fn drop_features(second: &mut Second) {
    for view in second.views.iter_mut().flatten() {
        view.features = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sonoscope_models::{Precision, Provider, Runtime};
    use sonoscope_operators::{Frame, Picture, SEGMENT_SAMPLES};

    use super::*;
    use crate::{pool::Member, sources::testing};

    #[test]
    fn probes_are_spread_and_hold_the_middle() {
        let places: Vec<usize> = (0..100).collect();
        assert_eq!(evenly(&places, 4, Some(50)), [12, 37, 50, 87]);
        assert_eq!(evenly(&places, 4, Some(62)), [12, 37, 62, 87]);
        assert_eq!(evenly(&[3, 4], 8, Some(4)), [3, 4]);
        assert_eq!(evenly(&[], 8, None), [0; 0]);
    }

    /// A recording of these seconds, of which no network has said anything.
    fn reading(indices: impl IntoIterator<Item = i64>) -> Reading {
        let seconds = indices.into_iter().map(|index| Second {
            index,
            fits: true,
            sounding: None,
            silent_objects: Vec::new(),
            views: Vec::new(),
        });
        Reading {
            seconds: seconds.collect(),
            ..Reading::default()
        }
    }

    #[test]
    fn the_sound_out_of_step_is_two_seconds_away() {
        assert_eq!(reading(0..10).out_of_step(&[1, 4, 5, 6, 9]), Some((5, 1)));
        // The middle one has no partner here.
        assert_eq!(reading(0..3).out_of_step(&[0, 1, 2]), Some((0, 2)));
        assert_eq!(reading(0..3).out_of_step(&[0, 1]), None);
        assert_eq!(reading([0, 7]).out_of_step(&[0, 1]), Some((1, 0)), "a gap");
    }

    #[test]
    fn of_a_long_recording_ever_fewer_seconds_are_held() {
        let mut reading = reading(0..1000);
        for place in 0..1000 {
            reading.hold(place);
            assert!(reading.held.len() <= HELD);
        }
        assert_eq!(reading.stride, 16);
        let expected: Vec<usize> = (0..1000).step_by(16).collect();
        assert_eq!(reading.held, expected);
    }

    /// Seconds whose pictures and sounds differ.
    fn segment(index: i64) -> Segment {
        let shade = (index * 23 % 200) as u8;
        let picture = Arc::new(Picture {
            width: 8,
            height: 8,
            rgb: (0..8 * 8 * 3).map(|at| shade.wrapping_add(at)).collect(),
        });
        let tone = |at: usize| (at as f32 * 0.01 * (1 + index) as f32).sin() * 0.3;
        Segment {
            source: Arc::new(testing::source(0..99)),
            index,
            seconds: 1,
            dropped: 0,
            audio: Status::Present,
            video: Status::Present,
            samples: Some((0..SEGMENT_SAMPLES).map(tone).collect()),
            audio_dbfs: None,
            frame: Some(Frame {
                pts_ns: 0,
                picture,
                permit: None,
            }),
            grid: None,
            window: None,
        }
    }

    /// What is said second by second where the networks are asked about so many at once.
    fn said(batch: usize) -> Vec<Vec<Option<f32>>> {
        let runtime = Runtime::load().expect("`make setup` was run");
        let names = ["ave-small".to_owned(), "multisensory-small".to_owned()];
        let members = Member::read_all(&names, &[Provider::Cpu], Precision::Fp32).unwrap();
        let engine = Engine::open(&runtime, &members, 0).unwrap();
        let mut engine = engine.in_batches_of(batch);
        let mut reading = Reading::default();
        for index in 0..7 {
            reading.add(segment(index), None, &mut engine).unwrap();
            assert!(reading.waiting.len() < batch);
        }
        reading.ask(&mut engine).unwrap();
        assert!(reading.waiting.is_empty() && reading.held.len() == 7);
        let seconds = reading.seconds.iter().enumerate();
        let said = seconds.map(|(place, second)| {
            assert_eq!(second.index, place as i64);
            let views = second.views.iter();
            views
                .map(|view| Some(view.as_ref()?.correspondence))
                .collect()
        });
        said.collect()
    }

    #[test]
    fn asked_about_several_at_once_networks_say_the_same_of_each() {
        let alone = said(1);
        assert_eq!(alone.len(), 7);
        assert!(
            alone
                .iter()
                .all(|views| matches!(views[..], [Some(_), None]))
        );
        assert_ne!(alone[0], alone[1]);
        assert_eq!(said(3), alone, "to the bit");
    }
}
