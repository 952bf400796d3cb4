//! Live sources: sessions one after another, and what is between them.

use std::sync::Arc;

use sonoscope_operators::{
    ChosenFrame, ClockSource, Event, Frame, Picture, SECOND_NS, SEGMENT_SAMPLES, Segment, Slicer,
    SourceId, SourceInfo, Status, Wishes, slice::DEFAULT_SILENCE_DBFS,
};

/// A Unix second.
const NOON: i64 = 1_700_000_000;

fn opened(session: u32, base_segment: i64) -> Event {
    Event::Opened(Arc::new(SourceInfo {
        id: SourceId::slug("cam"),
        ordinal: 0,
        session,
        base_segment,
        first_segment: 0,
        wanted: 0..i64::MAX,
        has_audio: true,
        has_video: true,
        began: Some(jiff::Timestamp::UNIX_EPOCH),
        clock_source: ClockSource::Host,
        wishes: Wishes::default(),
    }))
}

fn sound(start_ms: i64, milliseconds: i64) -> Event {
    Event::Audio {
        start_ns: start_ms * 1_000_000,
        samples: vec![0.5; (milliseconds * SEGMENT_SAMPLES as i64 / 1000) as usize],
        permit: None,
    }
}

fn picture(shade: u8, second: i64) -> Event {
    Event::Video(ChosenFrame {
        frame: Some(Frame {
            pts_ns: second * SECOND_NS + SECOND_NS / 2,
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

struct Live(Slicer);

impl Live {
    fn new() -> Self {
        Self(Slicer::new(DEFAULT_SILENCE_DBFS))
    }

    /// What comes out for these events.
    fn push(&mut self, events: impl IntoIterator<Item = Event>) -> Vec<Segment> {
        let mut segments = Vec::new();
        for event in events {
            self.0.push(event);
            segments.extend(self.0.by_ref());
        }
        segments
    }

    /// As numbers of seconds from noon, sessions, and how picture and sound fared.
    fn told(&mut self, events: impl IntoIterator<Item = Event>) -> Vec<(i64, u32, Status, Status)> {
        let segments = self.push(events).into_iter();
        let told = segments.map(|s| (s.index - NOON, s.source.session, s.audio, s.video));
        told.collect()
    }
}

#[test]
fn segments_are_unix_seconds_and_an_outage_is_told_second_by_second() {
    use Status::{Gap, Partial, Present};
    let mut live = Live::new();
    let first = live.push([opened(0, NOON), sound(0, 1000), picture(1, 0)]);
    assert_eq!(first[0].start_ns(), NOON * SECOND_NS);
    let frame = first[0].frame.as_ref().unwrap();
    assert_eq!(frame.pts_ns, NOON * SECOND_NS + SECOND_NS / 2);
    assert_eq!(first[0].wall_clock().unwrap().as_second(), NOON);
    // Of second 1 most is there, of second 2 little.
    let cut = live.told([sound(1000, 1200), picture(2, 1), Event::Interrupted]);
    assert_eq!(cut, [(1, 0, Present, Present)]);
    let outage = |before: i64| Event::Missing {
        before: NOON + before,
    };
    assert_eq!(live.told([outage(3)]), [(2, 0, Gap, Gap)]);
    assert_eq!(live.told([outage(3), outage(4)]), [(3, 0, Gap, Gap)]);
    // The next session begins in second 5; second 4 is told with it.
    let next = live.told([opened(1, NOON + 5), sound(300, 700), picture(3, 0)]);
    assert_eq!(next, [(4, 1, Gap, Gap), (5, 1, Partial, Present)]);
}

#[test]
fn no_second_comes_twice_whatever_clocks_say() {
    let mut live = Live::new();
    let seconds = |count: i64| (0..count).map(|second| picture(second as u8, second));
    let first = live.push(
        [opened(0, NOON), sound(0, 4000)]
            .into_iter()
            .chain(seconds(4)),
    );
    assert_eq!(first.len(), 4);
    // The clock has gone back by three seconds.
    let again = [Event::Interrupted, opened(1, NOON + 1), sound(0, 5000)];
    let second = live.push(again.into_iter().chain(seconds(5)));
    let indices: Vec<_> = second.iter().map(|s| s.index - NOON).collect();
    assert_eq!(indices, [4, 5]);
    let shades: Vec<_> = second
        .iter()
        .map(|s| s.frame.as_ref().unwrap().picture.rgb[0])
        .collect();
    assert_eq!(shades, [3, 4], "each with the picture of its own time");
}

#[test]
fn the_rest_of_a_long_outage_is_one_row() {
    let mut live = Live::new();
    live.push([
        opened(0, NOON),
        sound(0, 1000),
        picture(1, 0),
        Event::Interrupted,
    ]);
    let outage = (2..=200).map(|before| Event::Missing {
        before: NOON + before,
    });
    let single = live.push(outage);
    assert_eq!(single.len(), 60);
    let rest = live.push([opened(1, NOON + 210)]);
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].index, rest[0].seconds), (NOON + 61, 149));
    assert_eq!(rest[0].end_ns(), (NOON + 210) * SECOND_NS);
    // One that never ends is told when the source is taken out.
    let mut live = Live::new();
    live.push([opened(0, NOON), Event::Interrupted]);
    let told = live.push((1..=99).map(|s| Event::Missing { before: NOON + s }));
    assert_eq!(told.len(), 60);
    let rest: Vec<_> = live
        .push([Event::Closed])
        .iter()
        .map(|s| s.seconds)
        .collect();
    assert_eq!(rest, [39]);
}

#[test]
fn the_row_behind_seconds_that_were_let_go_says_how_many() {
    let mut live = Live::new();
    live.push([opened(0, NOON), sound(0, 1500), picture(1, 0)]);
    let dropped = live.push([Event::Dropped { before: 4 }]);
    assert_eq!(dropped.len(), 3);
    assert!(
        dropped
            .iter()
            .all(|s| s.audio == Status::Gap && s.dropped == 0)
    );
    // Pictures of seconds that were let go are not those of later ones.
    let pictures = (1..6).map(|second| picture(second as u8, second));
    let next = live.push(pictures.chain([sound(4000, 2000)]));
    let told: Vec<_> = next.iter().map(|s| (s.index - NOON, s.dropped)).collect();
    assert_eq!(told, [(4, 3), (5, 0)]);
    assert_eq!(next[0].frame.as_ref().unwrap().picture.rgb[0], 4);
}

#[test]
fn a_second_does_not_wait_for_sound_that_is_due() {
    let mut live = Live::new();
    let waiting = live.push([opened(0, NOON), picture(1, 0), picture(2, 1)]);
    assert!(waiting.is_empty());
    let due = live.told([Event::AudioDue { before: 1 }]);
    assert_eq!(due, [(0, 0, Status::Gap, Status::Present)]);
    // What comes too late is let go, the rest is heard.
    let late = live.told([sound(500, 1500)]);
    assert_eq!(late, [(1, 0, Status::Present, Status::Present)]);
}

#[test]
fn a_clock_that_becomes_known_is_told_from_then_on() {
    let mut live = Live::new();
    let first = live.push([opened(0, NOON), sound(0, 1000), picture(1, 0)]);
    let then = live.push([
        Event::Clock(ClockSource::RtcpSr),
        sound(1000, 1000),
        picture(2, 1),
    ]);
    assert_eq!(first[0].source.clock_source, ClockSource::Host);
    assert_eq!(then[0].source.clock_source, ClockSource::RtcpSr);
}

#[test]
fn a_source_may_have_a_silence_of_its_own() {
    let mut live = Live::new();
    let Event::Opened(info) = opened(0, NOON) else {
        unreachable!()
    };
    let mut info = SourceInfo::clone(&info);
    info.wishes.silence_dbfs = Some(-3.0);
    let told = live.told([Event::Opened(Arc::new(info)), sound(0, 1000), picture(1, 0)]);
    assert_eq!(told, [(0, 0, Status::Silent, Status::Present)]);
}
