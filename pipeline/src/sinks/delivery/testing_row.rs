//! Rows for tests, of the crate and end to end.

use std::sync::Arc;

use sonoscope_operators::{ClockSource, Heatmap, Provenance, Row, Score, SourceId, Status};

/// A row of a source, with heatmap and embeddings where it has a correspondence.
pub fn row(source: &str, segment: i64, correspondence: Option<f32>) -> Row {
    let value = segment as f32 / 1000.0;
    Row {
        ordinal: 0,
        network_ordinal: 0,
        source: SourceId::slug(source),
        segment,
        session: 0,
        start_ns: segment * 1_000_000_000,
        end_ns: (segment + 1) * 1_000_000_000,
        wall_clock: Some("2026-11-23T12:00:00Z".into()),
        clock_source: ClockSource::Host,
        frame_pts_ns: Some(segment * 1_000_000_000 + 500_000_000),
        audio: Status::Present,
        video: correspondence.map_or(Status::Gap, |_| Status::Present),
        audio_dbfs: Some(-20.5),
        dropped: 0,
        provenance: Arc::new(Provenance {
            network: "net".into(),
            network_hash: "0123456789abcdef0123456789abcdef".into(),
            provider: "cpu".into(),
            precision: "fp32".into(),
        }),
        score: correspondence.map(|correspondence| Score {
            correspondence: Some(correspondence),
            distance: Some(1.0 - correspondence),
            heatmap: Some(Heatmap {
                columns: 14,
                cells: vec![value; 196],
            }),
            frame_embedding: Some(vec![value; 128]),
            audio_embedding: Some(vec![-value; 128]),
        }),
        localizable: correspondence.is_some_and(|value| value >= 0.5),
    }
}
