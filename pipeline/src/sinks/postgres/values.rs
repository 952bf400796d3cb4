//! A row as values of PostgreSQL.

use std::{error::Error, time::SystemTime};

use bytes::BytesMut;
use serde::Serialize;
use sonoscope_operators::{Include, Peak, ROW_SCHEMA, Row};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// The columns of `rows`, in the order of [`Values::in_order`].
pub const COLUMNS: [(&str, Type); 26] = [
    ("source", Type::TEXT),
    ("segment", Type::INT8),
    ("network", Type::TEXT),
    ("network_hash", Type::TEXT),
    ("session", Type::INT8),
    ("start_ns", Type::INT8),
    ("end_ns", Type::INT8),
    ("wall_clock", Type::TIMESTAMPTZ),
    ("clock_source", Type::TEXT),
    ("frame_pts_ns", Type::INT8),
    ("audio", Type::TEXT),
    ("video", Type::TEXT),
    ("audio_dbfs", Type::FLOAT4),
    ("dropped", Type::INT8),
    ("provider", Type::TEXT),
    ("precision", Type::TEXT),
    ("correspondence", Type::FLOAT4),
    ("distance", Type::FLOAT4),
    ("localizable", Type::BOOL),
    ("peak_x", Type::FLOAT4),
    ("peak_y", Type::FLOAT4),
    ("peak_value", Type::FLOAT4),
    ("heatmap", Type::FLOAT4_ARRAY),
    ("frame_embedding", Type::FLOAT4_ARRAY),
    ("audio_embedding", Type::FLOAT4_ARRAY),
    ("schema", Type::INT4),
];

/// What of a row is not there in the form in which it is written.
pub struct Values<'a> {
    row: &'a Row,
    source: &'a str,
    session: i64,
    dropped: i64,
    wall_clock: Option<SystemTime>,
    clock_source: String,
    audio: String,
    video: String,
    correspondence: Option<f32>,
    distance: Option<f32>,
    peak: [Option<f32>; 3],
    heatmap: Option<Floats<'a>>,
    frame_embedding: Option<Floats<'a>>,
    audio_embedding: Option<Floats<'a>>,
    schema: i32,
}

impl<'a> Values<'a> {
    /// Those of a row, with what was asked for.
    pub fn of(row: &'a Row, include: Include) -> Self {
        let score = row.score.as_ref();
        let peak = row.peak();
        let axis = |of: fn(&Peak) -> f32| peak.as_ref().map(of);
        let map = score.and_then(|score| score.heatmap.as_ref());
        let frame = score.and_then(|score| score.frame_embedding.as_deref());
        let sound = score.and_then(|score| score.audio_embedding.as_deref());
        let time = row.wall_clock.as_ref();
        let time = time.and_then(|time| time.parse::<jiff::Timestamp>().ok());
        Self {
            row,
            source: row.source.as_str(),
            session: row.session.into(),
            dropped: row.dropped.into(),
            wall_clock: time.map(SystemTime::from),
            clock_source: word(&row.clock_source),
            audio: word(&row.audio),
            video: word(&row.video),
            correspondence: score.and_then(|score| score.correspondence),
            distance: score.and_then(|score| score.distance),
            peak: [
                axis(|peak| peak.x),
                axis(|peak| peak.y),
                axis(|peak| peak.value),
            ],
            heatmap: map.filter(|_| include.heatmap).map(|map| Floats {
                columns: Some(map.columns),
                values: &map.cells,
            }),
            frame_embedding: frame.filter(|_| include.embeddings).map(Floats::line),
            audio_embedding: sound.filter(|_| include.embeddings).map(Floats::line),
            schema: ROW_SCHEMA as i32,
        }
    }

    /// As [`COLUMNS`] has them.
    pub fn in_order(&self) -> [&(dyn ToSql + Sync); COLUMNS.len()] {
        let network = &*self.row.provenance;
        [
            &self.source,
            &self.row.segment,
            &network.network,
            &network.network_hash,
            &self.session,
            &self.row.start_ns,
            &self.row.end_ns,
            &self.wall_clock,
            &self.clock_source,
            &self.row.frame_pts_ns,
            &self.audio,
            &self.video,
            &self.row.audio_dbfs,
            &self.dropped,
            &network.provider,
            &network.precision,
            &self.correspondence,
            &self.distance,
            &self.row.localizable,
            &self.peak[0],
            &self.peak[1],
            &self.peak[2],
            &self.heatmap,
            &self.frame_embedding,
            &self.audio_embedding,
            &self.schema,
        ]
    }
}

/// A status or the like, as it is written in all sinks.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // They are words, all of them.
        _ => String::new(),
    }
}

/// `real[]`, of lines of so many `columns` if it has lines.
#[derive(Debug)]
struct Floats<'a> {
    columns: Option<usize>,
    values: &'a [f32],
}

impl<'a> Floats<'a> {
    fn line(values: &'a [f32]) -> Self {
        Self {
            columns: None,
            values,
        }
    }

    fn sizes(&self) -> Vec<usize> {
        match self.columns {
            _ if self.values.is_empty() => Vec::new(),
            Some(columns) if columns > 0 && self.values.len().is_multiple_of(columns) => {
                vec![self.values.len() / columns, columns]
            }
            _ => vec![self.values.len()],
        }
    }
}

/// The binary form of arrays: the number of sizes, whether there are nulls, the type within, each
/// size with the number of its first element; then the elements, each behind its length in bytes.
impl ToSql for Floats<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let sizes = self.sizes();
        out.reserve(20 + 8 * self.values.len());
        let mut put = |number: u32| out.extend_from_slice(&number.to_be_bytes());
        put(u32::try_from(sizes.len())?);
        put(0);
        put(Type::FLOAT4.oid());
        for size in sizes {
            put(u32::try_from(size)?);
            put(1);
        }
        for value in self.values {
            put(4);
            put(value.to_bits());
        }
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::FLOAT4_ARRAY
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use tokio_postgres::types::FromSql;

    use super::*;

    #[test]
    fn arrays_are_those_of_the_client() {
        let values = [0.5, -1.0, f32::MIN_POSITIVE];
        let mut bytes = BytesMut::new();
        let kind = Type::FLOAT4_ARRAY;
        Floats::line(&values)
            .to_sql_checked(&kind, &mut bytes)
            .unwrap();
        assert_eq!(Vec::<f32>::from_sql(&kind, &bytes).unwrap(), values);
        let mut theirs = BytesMut::new();
        values
            .as_slice()
            .to_sql_checked(&kind, &mut theirs)
            .unwrap();
        assert_eq!(bytes, theirs);
        let map = Floats {
            columns: Some(2),
            values: &[1.0; 6],
        };
        assert_eq!(map.sizes(), [3, 2]);
        assert!(Floats::line(&[]).sizes().is_empty());
    }
}
