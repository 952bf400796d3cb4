//! Rows as they are committed, all the way to what a sink writes.

use std::sync::{Arc, Mutex};

use sonoscope_operators::{
    ClockSource, Heatmap, Provenance, Row, SECOND_NS, Score, SourceId, Status,
    views::{Delta, EpisodeSettings, Feed, Network, Observation, deltas, episodes},
};
use timely::dataflow::operators::{ToStream, generic::operator::empty};

fn row(segment: i64, correspondence: f32) -> Row {
    let provenance = Provenance {
        network: "tiny".into(),
        network_hash: "0123456789abcdef".into(),
        provider: "cpu".into(),
        precision: "fp32".into(),
    };
    let score = Score {
        correspondence: Some(correspondence),
        heatmap: Some(Heatmap {
            columns: 2,
            cells: vec![0.1, 0.2, 0.9, 0.3],
        }),
        audio_embedding: Some(vec![0.6, 0.8]),
        ..Score::default()
    };
    Row {
        ordinal: 0,
        network_ordinal: 0,
        source: SourceId::slug("door"),
        segment,
        session: 0,
        start_ns: segment * SECOND_NS,
        end_ns: (segment + 1) * SECOND_NS,
        wall_clock: None,
        clock_source: ClockSource::RtcpSr,
        frame_pts_ns: None,
        audio: Status::Present,
        video: Status::Present,
        audio_dbfs: Some(-30.0),
        dropped: 0,
        provenance: Arc::new(provenance),
        score: Some(score),
        localizable: correspondence >= 0.5,
    }
}

#[test]
fn a_row_is_seen_as_it_was_said() {
    let seen = Observation::from(&row(7, 0.75));
    assert_eq!(seen.network, Network::new("tiny", "0123456789abcdef"));
    assert_eq!(seen.network.to_string(), "tiny@0123456789ab");
    assert_eq!((seen.segment, seen.seconds, seen.live), (7, 1, true));
    let place = seen.place.unwrap();
    assert_eq!((place.x.get(), place.y.get()), (0.25, 0.75));
    assert_eq!(seen.audio_embedding.unwrap().values(), [0.6, 0.8]);
    assert_eq!(seen.frame_embedding, None);
    assert_eq!(
        Observation::from(&row(7, 0.25)).place,
        None,
        "it is not to be believed"
    );
    let outage = Row {
        end_ns: 60 * SECOND_NS,
        score: None,
        ..row(7, 0.0)
    };
    assert_eq!(Observation::from(&outage).seconds, 53);
}

#[test]
fn rows_become_what_a_sink_writes() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let heard = written.clone();
    timely::example(move |scope| {
        let rows = (0..4)
            .map(|k| (row(k, 0.75), 1))
            .chain([(row(3, 0.75), -1)]);
        let rows = rows.to_stream(scope).container::<Vec<_>>();
        let feed = Feed::of_rows(rows, empty(scope));
        let answers = episodes(feed, EpisodeSettings::default()).changes;
        answers.inspect(move |(episode, _, diff)| {
            heard.lock().unwrap().push((episode.clone(), *diff))
        });
    });
    let changes = written.lock().unwrap().clone();
    let [Delta::Upsert { key, answer }] = &deltas(changes)[..] else {
        panic!("there is one episode");
    };
    assert_eq!(key, "episodes/door/tiny@0123456789ab/0");
    let expected = r#"{"source":"door","network":{"name":"tiny","hash":"0123456789abcdef"},"start":0,"end":3,"seconds":3,"peak":0.75,"peak_segment":0,"mean":0.75,"place":{"x":0.25,"y":0.75}}"#;
    assert_eq!(serde_json::to_string(answer).unwrap(), expected);
}
