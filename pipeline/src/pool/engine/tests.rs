use std::sync::mpsc::sync_channel;

use sonoscope_models::{NetworkFiles, Precision, Provider, Setting, Sizes, zoo};
use sonoscope_operators::{Frame, Picture, Segment, Status};

use super::*;
use crate::sources::testing;

const NETWORK: &str = "ave-small";

fn member(precision: Precision) -> Member {
    let dir = zoo::resolve(NETWORK).unwrap();
    let files = NetworkFiles::load(&dir, precision).unwrap();
    let providers = vec![Provider::Cpu];
    Member { files, providers }
}

fn segment(index: i64, video: Status, picture: &Arc<Picture>) -> Segment {
    Segment {
        source: Arc::new(testing::source(0..99)),
        index,
        seconds: 1,
        dropped: 0,
        audio: Status::Present,
        video,
        samples: None,
        audio_dbfs: None,
        frame: Some(Frame {
            pts_ns: 0,
            picture: picture.clone(),
            permit: None,
        }),
        grid: None,
        window: None,
    }
}

/// Seconds that differ; every fourth without sound, every fifth with a picture that stays.
fn batch(indices: std::ops::Range<i64>, in_bytes: bool, still: &Arc<Picture>) -> Vec<Features> {
    const CELLS: usize = 224 * 224;
    let of = |index: i64| {
        let shade = if index % 5 == 0 {
            7
        } else {
            (index * 13 % 200) as u8
        };
        let pixels: Vec<u8> = (0..3 * CELLS)
            .map(|i| shade.wrapping_add((i % 31) as u8))
            .collect();
        let tensor = (0..3).flat_map(|colour| pixels.iter().skip(colour).step_by(3));
        let [mean, std] = [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]];
        let normal =
            |(i, byte): (usize, &u8)| (f32::from(*byte) / 255.0 - mean[i / CELLS]) / std[i / CELLS];
        let tensor: Vec<f32> = tensor.enumerate().map(normal).collect();
        let sound: Vec<f32> = (0..257 * 199)
            .map(|i| ((i + index) % 17) as f32 / 10.0)
            .collect();
        let (own, video) = (
            Arc::new(Picture {
                width: 1,
                height: 1,
                rgb: vec![0; 3],
            }),
            Status::Present,
        );
        let (picture, video) = if index % 5 == 0 {
            (still, Status::Frozen)
        } else {
            (&own, video)
        };
        Features {
            segment: segment(index, video, picture),
            frames: if in_bytes {
                vec![]
            } else {
                vec![tensor.into()]
            },
            pixels: if in_bytes {
                vec![pixels.into()]
            } else {
                vec![]
            },
            spectrograms: if index % 4 == 3 {
                vec![]
            } else {
                vec![sound.into()]
            },
        }
    };
    indices.map(of).collect()
}

fn still() -> Arc<Picture> {
    Arc::new(Picture {
        width: 1,
        height: 1,
        rgb: vec![9; 3],
    })
}

fn engine(precision: Precision, setting: Setting) -> Engine {
    let runtime = Runtime::load().expect("`make setup` was run");
    let opening = Opening::from(setting);
    Engine::open(
        &runtime,
        &[member(precision)],
        vec![opening],
        None,
        Stills::default(),
    )
    .unwrap()
}

fn correspondences(scored: &[Scored]) -> Vec<Option<f32>> {
    let of = |scored: &Scored| {
        scored.scores[0]
            .as_ref()
            .and_then(|score| score.correspondence)
    };
    scored.iter().map(of).collect()
}

#[test]
fn a_batch_says_what_each_second_alone_says() {
    let still = still();
    let mut alone = engine(Precision::Fp32, Setting::new(Provider::Cpu));
    let one_by_one: Vec<_> = (0..11)
        .flat_map(|index| alone.score(batch(index..index + 1, false, &still)).unwrap())
        .collect();
    let expected = correspondences(&one_by_one);
    assert_eq!(expected.iter().filter(|score| score.is_none()).count(), 2);

    let mut together = engine(Precision::Fp32, Setting::new(Provider::Cpu));
    let scored = together.score(batch(0..11, false, &still)).unwrap();
    assert_eq!(correspondences(&scored), expected, "to the bit");

    let as_card = Setting {
        sizes: Some(Sizes::up_to(8)),
        bytes: true,
        ..Setting::new(Provider::Cpu)
    };
    let scored = engine(Precision::Fp32, as_card)
        .score(batch(0..11, true, &still))
        .unwrap();
    for (found, expected) in correspondences(&scored).into_iter().zip(expected) {
        assert_eq!(found.is_some(), expected.is_some());
        let gap = found.unwrap_or_default() - expected.unwrap_or_default();
        assert!(gap.abs() < 1e-4, "{gap}");
    }
}

#[test]
fn when_a_successor_takes_over_no_second_is_lost_and_rows_say_who_it_was() {
    let runtime = Runtime::load().expect("`make setup` was run");
    let (send, successor) = sync_channel(1);
    let opening = Opening {
        setting: Setting::new(Provider::Cpu),
        successor: Some(successor),
    };
    let stills = Stills::default();
    let first = [member(Precision::Fp32)];
    let mut engine = Engine::open(&runtime, &first, vec![opening], None, stills).unwrap();
    let mut next = Some(member(Precision::Fp16).files);
    let (still, mut scored) = (still(), Vec::new());
    for begin in (0..24).step_by(4) {
        if begin == 12 {
            let files = next.take().unwrap();
            let setting = Setting::new(Provider::Cpu);
            send.send(Network::with_setting(&runtime, &files, &setting).unwrap())
                .unwrap();
        }
        engine.change_over();
        scored.extend(
            engine
                .score(batch(begin..begin + 4, false, &still))
                .unwrap(),
        );
    }
    let indices: Vec<_> = scored.iter().map(|scored| scored.segment.index).collect();
    assert_eq!(indices, (0..24).collect::<Vec<_>>());
    assert!(
        correspondences(&scored)
            .iter()
            .filter(|score| score.is_some())
            .count()
            == 18
    );
    let precision = |scored: &Scored| scored.said_by.as_ref().unwrap()[0].precision.clone();
    let before = scored[..12]
        .iter()
        .all(|scored| precision(scored) == "fp32");
    let after = scored[12..]
        .iter()
        .all(|scored| precision(scored) == "fp16");
    assert!(before && after);
}
