//! The slicer against a plain loop: mark every sample's second, look at each second by itself.

use std::sync::Arc;

use proptest::prelude::*;
use sonoscope_operators::{
    ChosenFrame, ClockSource, Event, Frame, Picture, SECOND_NS, SEGMENT_SAMPLES, Segment, Slicer,
    SourceId, SourceInfo, Status, Wishes, slice::DEFAULT_SILENCE_DBFS,
};

fn source(has_audio: bool, has_video: bool) -> Event {
    Event::Opened(Arc::new(SourceInfo {
        id: SourceId::slug("test"),
        ordinal: 0,
        session: 0,
        base_segment: 0,
        first_segment: 0,
        wanted: 0..i64::MAX,
        has_audio,
        has_video,
        began: None,
        clock_source: ClockSource::File,
        wishes: Wishes::default(),
    }))
}

fn picture(shade: u8) -> Event {
    Event::Video(ChosenFrame {
        frame: Some(Frame {
            pts_ns: i64::from(shade) * 1000,
            picture: Arc::new(Picture {
                width: 1,
                height: 1,
                rgb: vec![shade; 3],
            }),
            permit: None,
        }),
        whole: true,
        grid: None,
    })
}

fn sound(start: i64, samples: Vec<f32>) -> Event {
    // Rounded up, so that rounding to the nearest sample gives it back.
    let start_ns = (start * SECOND_NS + SEGMENT_SAMPLES as i64 - 1) / SEGMENT_SAMPLES as i64;
    Event::Audio {
        start_ns,
        samples,
        permit: None,
    }
}

fn slice(events: impl IntoIterator<Item = Event>) -> Vec<Segment> {
    let mut slicer = Slicer::new(DEFAULT_SILENCE_DBFS);
    let mut segments = Vec::new();
    for event in events {
        slicer.push(event);
        segments.extend(slicer.by_ref());
    }
    segments
}

/// Pieces of sound with gaps between them: (gap before it, its length), in samples.
fn pieces() -> impl Strategy<Value = Vec<(usize, usize)>> {
    let gap = prop_oneof![3 => Just(0usize), 1 => 1usize..70_000];
    prop::collection::vec((gap, 1usize..40_000), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn agrees_with_a_plain_loop(pieces in pieces()) {
        // The plain way: one long tape, where NaN is nothing.
        let mut tape: Vec<f32> = Vec::new();
        let mut events = vec![source(true, false)];
        for &(gap, length) in &pieces {
            tape.extend(std::iter::repeat_n(f32::NAN, gap));
            let samples: Vec<f32> = (0..length).map(|i| ((tape.len() + i) % 997) as f32 / 997.0).collect();
            events.push(sound(tape.len() as i64, samples.clone()));
            tape.extend(samples);
        }
        events.push(Event::AudioEnd);
        events.push(Event::Closed);
        let segments = slice(events);

        let half = SEGMENT_SAMPLES / 2;
        let seconds = tape.len() / SEGMENT_SAMPLES + usize::from(tape.len() % SEGMENT_SAMPLES >= half);
        prop_assert_eq!(segments.len(), seconds);
        tape.resize(seconds * SEGMENT_SAMPLES, f32::NAN);
        for (k, (segment, second)) in segments.iter().zip(tape.chunks(SEGMENT_SAMPLES)).enumerate() {
            prop_assert_eq!(segment.index, k as i64);
            let there = second.iter().filter(|s| !s.is_nan()).count();
            if there < half {
                prop_assert_eq!(segment.audio, Status::Gap);
                prop_assert!(segment.samples.is_none());
                continue;
            }
            let whole = there + SEGMENT_SAMPLES / 20 >= SEGMENT_SAMPLES;
            prop_assert_eq!(segment.audio, if whole { Status::Present } else { Status::Partial });
            let filled: Vec<f32> = second.iter().map(|s| if s.is_nan() { 0.0 } else { *s }).collect();
            prop_assert_eq!(segment.samples.as_deref(), Some(&filled[..]));
        }
    }
}

fn second_of_sound(k: i64, level: f32) -> Event {
    sound(k * SEGMENT_SAMPLES as i64, vec![level; SEGMENT_SAMPLES])
}

#[test]
fn a_second_leaves_when_both_modalities_are_there() {
    let mut slicer = Slicer::new(DEFAULT_SILENCE_DBFS);
    slicer.push(source(true, true));
    slicer.push(second_of_sound(0, 0.5));
    assert!(slicer.next().is_none(), "no picture yet");
    slicer.push(picture(7));
    let segment = slicer.next().expect("complete");
    assert!(segment.is_pair());
    assert_eq!(segment.audio_dbfs, Some(-6.02));
    assert_eq!((segment.start_ns(), segment.end_ns()), (0, SECOND_NS));
    assert!(slicer.next().is_none());
}

#[test]
fn what_is_missing_has_a_status() {
    let events = [
        source(true, true),
        second_of_sound(0, 0.5),
        picture(1),
        second_of_sound(1, 1e-4),
        picture(1),
        second_of_sound(2, 0.5),
        Event::Video(ChosenFrame {
            frame: None,
            whole: false,
            grid: None,
        }),
        Event::AudioEnd,
        picture(2),
        Event::VideoEnd {
            end_ns: 4 * SECOND_NS,
        },
        Event::Closed,
    ];
    let told: Vec<_> = slice(events).iter().map(|s| (s.audio, s.video)).collect();
    assert_eq!(
        told,
        [
            (Status::Present, Status::Present),
            (Status::Silent, Status::Frozen),
            (Status::Present, Status::Gap),
            (Status::Gap, Status::Present),
        ]
    );
}

#[test]
fn a_track_that_does_not_exist_is_absent() {
    let segments = slice([source(false, true), picture(1), picture(2)]);
    assert_eq!(segments.len(), 2, "nobody waits for sound that never comes");
    assert!(
        segments
            .iter()
            .all(|s| s.audio == Status::Absent && s.audio_dbfs.is_none())
    );
}

#[test]
fn less_than_half_a_second_is_nothing() {
    let length = |samples: usize| {
        let events = [
            source(true, false),
            sound(0, vec![0.5; samples]),
            Event::Closed,
        ];
        slice(events).len()
    };
    assert_eq!(length(23_999), 0);
    assert_eq!(length(24_000), 1);
    assert_eq!(length(48_000 + 23_999), 1);
    assert_eq!(length(48_000 * 10), 10);
}

#[test]
fn sound_that_comes_twice_counts_once() {
    let events = [
        source(true, false),
        sound(0, vec![0.25; 30_000]),
        sound(20_000, vec![0.75; 28_000]),
        Event::Closed,
    ];
    let segments = slice(events);
    let samples = segments[0].samples.as_deref().expect("sound");
    assert_eq!((samples[29_999], samples[30_000]), (0.25, 0.75));
}

#[test]
fn a_cut_drops_what_is_not_complete() {
    let begun = || {
        vec![
            source(true, false),
            second_of_sound(0, 0.5),
            sound(48_000, vec![0.5; 40_000]),
        ]
    };
    let count = |last: Event| slice(begun().into_iter().chain([last])).len();
    assert_eq!(count(Event::Closed), 2);
    assert_eq!(count(Event::Cut), 1);
}
