//! Windows, and the tensors that are made of them, against plain loops over the whole recording.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect, and so may what it is made of"
)]

#[path = "support/arrivals.rs"]
mod arrivals;

use std::{
    ops::Range,
    sync::{Arc, Mutex},
};

use arrivals::arrivals;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sonoscope_models::{AudioContract, ClipContract, FrameContract};
use sonoscope_operators::{
    ChosenFrame, ClipTensor, ClockSource, Event, Frame, Grid, MonoResampler, Picture,
    SEGMENT_SAMPLES, Segment, Slicer, SourceId, SourceInfo, Waveform, Window, WindowSecond,
    Windower, Wishes, slice::DEFAULT_SILENCE_DBFS, window,
};
use timely::dataflow::operators::Inspect;

const SIDE: usize = 4;
const RATE_HZ: usize = 4;

/// What a recording has in a second: sound, and a whole grid of pictures.
type Has = (bool, bool);

fn source(ordinal: u32, wanted: Range<i64>) -> Event {
    Event::Opened(Arc::new(SourceInfo {
        id: SourceId::slug("test"),
        ordinal,
        session: 0,
        base_segment: 0,
        first_segment: 0,
        wanted,
        has_audio: true,
        has_video: true,
        began: None,
        clock_source: ClockSource::File,
        wishes: Wishes::default(),
    }))
}

fn picture(dice: &mut StdRng) -> Arc<Picture> {
    Arc::new(Picture {
        width: SIDE as u32,
        height: SIDE as u32,
        rgb: (0..SIDE * SIDE * 3).map(|_| dice.random()).collect(),
    })
}

fn grid(dice: &mut StdRng) -> Arc<Grid> {
    Arc::new(Grid {
        pictures: (0..RATE_HZ).map(|_| picture(dice)).collect(),
        permit: None,
    })
}

fn noise(dice: &mut StdRng) -> Vec<f32> {
    let samples = 0..SEGMENT_SAMPLES;
    samples.map(|_| dice.random_range(-0.9..0.9)).collect()
}

/// A recording of noise, second by second, and the events that tell of it.
struct Recording {
    has: Vec<Has>,
    sounds: Vec<Vec<f32>>,
    grids: Vec<Arc<Grid>>,
}

impl Recording {
    fn new(has: Vec<Has>, seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        Self {
            sounds: has.iter().map(|_| noise(&mut dice)).collect(),
            grids: has.iter().map(|_| grid(&mut dice)).collect(),
            has,
        }
    }

    fn events(&self, ordinal: u32, wanted: Range<i64>) -> Vec<Event> {
        let mut events = vec![source(ordinal, wanted)];
        let seconds = self.has.iter().zip(&self.sounds).zip(&self.grids);
        for (second, ((&(heard, seen), sound), grid)) in (0..).zip(seconds) {
            events.extend(heard.then(|| Event::Audio {
                start_ns: second * 1_000_000_000,
                samples: sound.clone(),
                permit: None,
            }));
            let frame = Frame {
                pts_ns: second * 1_000_000_000,
                picture: grid.pictures[0].clone(),
                permit: None,
            };
            events.push(Event::Video(ChosenFrame {
                frame: Some(frame),
                whole: true,
                grid: seen.then(|| grid.clone()),
            }));
        }
        let end_ns = self.has.len() as i64 * 1_000_000_000;
        events.extend([Event::AudioEnd, Event::VideoEnd { end_ns }, Event::Closed]);
        events
    }

    /// The five seconds around one, if all of them have all.
    fn around(&self, second: usize) -> Option<Range<usize>> {
        let around = second.checked_sub(2)?..second + 3;
        let has = self.has.get(around.clone())?;
        has.iter()
            .all(|&(heard, seen)| heard && seen)
            .then_some(around)
    }
}

fn windows(events: Vec<Event>) -> Vec<Segment> {
    let mut windower = Windower::new(Slicer::new(DEFAULT_SILENCE_DBFS));
    let mut segments = Vec::new();
    for event in events {
        windower.push(event);
        segments.extend(windower.by_ref());
    }
    segments
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn windows_are_where_all_five_seconds_are(
        has in proptest::collection::vec((prop::bool::weighted(0.9), prop::bool::weighted(0.9)), 1..24),
        from in 0i64..6,
    ) {
        let recording = Recording::new(has, 1);
        let to = recording.has.len() as i64 - from;
        let segments = windows(recording.events(0, from..to));
        let wanted: Vec<_> = (from..to).collect();
        let told: Vec<_> = segments.iter().map(|segment| segment.index).collect();
        prop_assert_eq!(told, wanted);
        for segment in segments {
            let around = recording.around(segment.index as usize);
            prop_assert_eq!(segment.window.is_some(), around.is_some(), "{}", segment.index);
            for (at, second) in around.into_iter().flatten().zip(segment.window.iter().flat_map(|w| &w.seconds)) {
                prop_assert!(Arc::ptr_eq(&second.grid, &recording.grids[at]));
                prop_assert_eq!(&second.samples[..], &recording.sounds[at][..]);
            }
        }
    }
}

#[test]
fn what_is_cut_off_keeps_the_seconds_that_were_whole() {
    let recording = Recording::new(vec![(true, true); 6], 2);
    let mut events = recording.events(0, 0..9);
    events.truncate(events.len() - 3);
    events.push(Event::Cut);
    let told: Vec<_> = windows(events).iter().map(|s| s.window.is_some()).collect();
    assert_eq!(told, [false, false, true, true, false, false]);
}

/// Five seconds of a recording.
fn five(recording: &Recording, first: usize) -> Window {
    let second = |offset: usize| WindowSecond {
        samples: recording.sounds[first + offset].clone().into(),
        grid: recording.grids[first + offset].clone(),
    };
    Window {
        seconds: std::array::from_fn(second),
    }
}

#[test]
fn clips_are_the_pictures_in_the_middle() {
    let recording = Recording::new(vec![(true, true); 7], 3);
    let contract = |frames| FrameContract {
        width: SIDE,
        height: SIDE,
        shorter_side: None,
        antialias: true,
        mean: [0.4, 0.5, 0.6],
        std: [0.1, 0.2, 0.3],
        clip: Some(ClipContract {
            frames,
            rate_hz: RATE_HZ,
        }),
    };
    for (first, frames) in [(0, 2), (1, 6), (2, 16), (0, 20)] {
        let contract = contract(frames);
        let maker = ClipTensor::new(&contract);
        let mut tensor = vec![0.0; maker.len()];
        maker.compute(&five(&recording, first), &mut tensor);
        // Grid positions r*k + r/2 - T/2 up to r*k + r/2 + T/2, where k is the middle second.
        let begin = RATE_HZ * (first + 2) + RATE_HZ / 2 - frames / 2;
        let mut values = tensor.iter();
        for channel in 0..3 {
            for position in begin..begin + frames {
                let picture = &recording.grids[position / RATE_HZ].pictures[position % RATE_HZ];
                for pixel in picture.rgb.chunks(3) {
                    let level = f32::from(pixel[channel]) / 255.0;
                    let wanted = (level - contract.mean[channel]) / contract.std[channel];
                    assert_eq!(
                        values.next(),
                        Some(&wanted),
                        "{frames} frames at {position}"
                    );
                }
            }
        }
        assert_eq!(values.next(), None);
    }
}

#[test]
fn waveforms_are_cut_from_the_whole_sound_to_the_bit() {
    let recording = Recording::new(vec![(true, true); 9], 4);
    for (rate_hz, window_samples) in [(21_000, 88_200), (16_000, 64_000), (48_000, 48_000)] {
        let mut resampler = MonoResampler::to_rate(rate_hz, 48_000, 1).unwrap();
        let mut whole = Vec::new();
        for sound in &recording.sounds {
            resampler.push(sound, &mut whole);
        }
        resampler.finish(&mut whole);
        let audio = AudioContract {
            rate_hz,
            window_samples,
            full_scale: 1.0,
        };
        let mut waveform = Waveform::new(&audio).unwrap();
        for first in 0..5 {
            let mut out = vec![0.0; waveform.len()];
            waveform.compute(&five(&recording, first), &mut out);
            let middle = rate_hz as usize * (first + 2) + rate_hz as usize / 2;
            assert_eq!(out, whole[middle - window_samples / 2..][..window_samples]);
        }
    }
}

#[test]
fn what_a_lower_rate_cannot_hold_is_gone() {
    let tone = |frequency_hz: f64| -> f32 {
        let turn = frequency_hz * std::f64::consts::TAU / 48_000.0;
        let sound: Vec<_> = (0..48_000)
            .map(|i| (f64::from(i) * turn).sin() as f32)
            .collect();
        let mut resampler = MonoResampler::to_rate(21_000, 48_000, 1).unwrap();
        let mut out = Vec::new();
        resampler.push(&sound, &mut out);
        resampler.finish(&mut out);
        assert_eq!(out.len(), 21_000);
        out[200..20_800]
            .iter()
            .fold(0.0, |peak, sample| sample.abs().max(peak))
    };
    assert!((tone(9_400.0) - 1.0).abs() < 0.01);
    assert!(tone(10_600.0) < 1e-4 && tone(15_000.0) < 1e-4);
}

/// Eight seconds of source 0, nine of source 1 and so on; wanted are all but the first.
fn events(ordinal: u32) -> Vec<Event> {
    let has = vec![(true, true); 8 + ordinal as usize];
    Recording::new(has, u64::from(ordinal)).events(ordinal, 1..99)
}

/// Index and window of each segment of each of four sources, from so many workers.
fn run(workers: u32) -> Vec<(u32, i64, Option<f64>)> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let seen = told.clone();
    let config = match workers {
        1 => timely::Config::thread(),
        n => timely::Config::process(n as usize),
    };
    timely::execute(config, move |worker| {
        let (index, told) = (worker.index() as u32, told.clone());
        worker.dataflow::<u64, _, _>(|scope| {
            let mine = (0..4).filter(|ordinal| ordinal % workers == index);
            let arrivals = arrivals(scope, mine.map(|ordinal| (ordinal, events(ordinal))));
            let (segments, _) = window(arrivals, DEFAULT_SILENCE_DBFS);
            segments.inspect(move |segment| {
                let heard = |second: &WindowSecond| f64::from(second.samples[0]);
                let sum = (segment.window.as_ref()).map(|w| w.seconds.iter().map(heard).sum());
                let ordinal = segment.source.ordinal;
                told.lock().unwrap().push((ordinal, segment.index, sum));
            });
        });
        while worker.has_dataflows() {
            worker.step();
        }
    })
    .unwrap()
    .join();
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.sort_by_key(|(ordinal, index, _)| (*ordinal, *index));
    seen
}

#[test]
fn workers_change_nothing() {
    let golden = run(1);
    assert_eq!(
        golden.len(),
        4 * 8 + 6 - 4,
        "all seconds but the first of each"
    );
    let windows = golden.iter().filter(|(_, _, sum)| sum.is_some()).count();
    assert_eq!(windows, 4 * 4 + 6);
    assert_eq!(run(2), golden);
    assert_eq!(run(3), golden);
}
