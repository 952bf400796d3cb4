//! Rows as of a hundred cameras and AVE-Net.

use std::sync::Arc;

use sonoscope_operators::{ClockSource, Provenance, Row, Score, SourceId, Status};

const SOURCES: i64 = 100;

/// Numbers of an embedding.
const LENGTH: usize = 128;

/// So many rows, the first of which is that of second `from`.
pub fn made(count: i64, from: i64) -> Vec<Row> {
    let provenance = Arc::new(Provenance {
        network: "ave-small".into(),
        network_hash: "8c736521d2d1b6b5e2a8b0c3a4f8f5a6e1d0c9b8a7f6e5d4c3b2a19088776655".into(),
        provider: "cpu".into(),
        precision: "fp32".into(),
    });
    (from..from + count)
        .map(|at| row(at, &provenance))
        .collect()
}

fn row(at: i64, provenance: &Arc<Provenance>) -> Row {
    let segment = 1_700_000_000 + at / SOURCES;
    let embedding = |sign: f32| {
        let value = |index: usize| sign * ((at as f32 + 1.7 * index as f32) * 0.37).sin() / 11.3;
        Some((0..LENGTH).map(value).collect())
    };
    Row {
        // Of recordings: a buffer that is full makes them wait.
        ordinal: (at % SOURCES) as u32,
        network_ordinal: 0,
        source: SourceId::slug(&format!("camera-{:03}", at % SOURCES)),
        segment,
        session: 0,
        start_ns: segment * 1_000_000_000,
        end_ns: (segment + 1) * 1_000_000_000,
        wall_clock: Some("2026-11-23T12:00:00Z".into()),
        clock_source: ClockSource::RtcpSr,
        frame_pts_ns: Some(segment * 1_000_000_000 + 500_000_000),
        audio: Status::Present,
        video: Status::Present,
        audio_dbfs: Some(-23.456),
        dropped: 0,
        provenance: provenance.clone(),
        score: Some(Score {
            correspondence: Some(0.712_345),
            distance: Some(0.812_345),
            heatmap: None,
            frame_embedding: embedding(1.0),
            audio_embedding: embedding(-1.0),
        }),
        localizable: false,
    }
}
