//! A PostgreSQL that takes rows.

mod server;
mod tables;

use std::{path::Path, sync::Arc};

use serde_json::{Value, json};
use sonoscope_operators::{Provenance, Row};

use super::{
    compliance::compliance,
    house::{Guarded, House, Tls},
    row::row,
};
use server::Database;

compliance!(Postgres);

/// The server, as one sink sees it.
pub struct Postgres {
    database: Database,
}

/// Rows as they are read back. Numbers come as `1` where JSON Lines have `1.0`.
const QUERY: &str = "SELECT schema, source, segment, session, start_ns, end_ns, \
    to_char(wall_clock AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS wall_clock, \
    clock_source, frame_pts_ns, audio, video, audio_dbfs, dropped, network, network_hash, \
    provider, precision, correspondence, distance, localizable, \
    CASE WHEN peak_x IS NOT NULL \
        THEN json_build_object('x', peak_x, 'y', peak_y, 'value', peak_value) END AS peak, \
    heatmap, frame_embedding, audio_embedding \
    FROM sonoscope.rows ORDER BY source, segment";

/// What is a number with a fraction, wherever in it.
const FRACTIONS: [&str; 7] = [
    "audio_dbfs",
    "correspondence",
    "distance",
    "peak",
    "heatmap",
    "frame_embedding",
    "audio_embedding",
];

impl House for Postgres {
    const EXACTLY_ONCE: bool = true;

    fn open(_: &Path) -> Self {
        Self {
            database: Database::start(None),
        }
    }

    fn sink(&self) -> String {
        let port = self.database.port();
        format!("uri = 'postgres://cameras@127.0.0.1:{port}/cameras'")
    }

    fn stop(&mut self) {
        self.database.stop();
    }

    fn start(&mut self) {
        self.database.start_again();
    }

    fn hang(&mut self, does: bool) {
        self.database.hang(does);
    }

    fn rows(&mut self) -> Vec<Value> {
        let mut rows = self.database.json(QUERY).unwrap_or_default();
        for row in &mut rows {
            for name in FRACTIONS {
                fraction(&mut row[name]);
            }
        }
        rows
    }

    /// No text of PostgreSQL has a zero in it.
    fn refused(&self) -> Option<Row> {
        let row = row("yard", 4242, Some(0.5));
        let provenance = Provenance {
            network: "n\0t".into(),
            ..(*row.provenance).clone()
        };
        Some(Row {
            provenance: Arc::new(provenance),
            ..row
        })
    }

    fn guarded(home: &Path) -> Option<Guarded<Self>> {
        let tls = Tls::new(home);
        let house = Self {
            database: Database::start(Some(&tls)),
        };
        let port = house.database.port();
        let uri = |password: &str, database: &str| {
            format!("uri = 'postgres://cameras:{password}@localhost:{port}/{database}'")
        };
        let ca = |path: &Path| format!("ca = '{}'", path.display());
        let (ours, other) = (ca(&tls.ca), ca(&tls.other_ca));
        let good = uri("hush-hush", "cameras");
        let bad = [
            (uri("hush-hash", "cameras"), ours.clone(), "check user"),
            (good.clone(), other, "TLS"),
            (good.clone(), "sslmode = 'verify-full'".into(), "TLS"),
            (good.clone(), "sslmode = 'disable'".into(), "pg_hba.conf"),
            (uri("hush-hush", "nowhere"), ours.clone(), "CREATE DATABASE"),
        ];
        Some(Guarded {
            good: (good, ours),
            bad: bad.into(),
            secret: "hush-hush",
            house,
        })
    }
}

fn fraction(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Array(items) => items.iter_mut().for_each(fraction),
        Value::Object(fields) => fields.values_mut().for_each(fraction),
        _ => {}
    }
}
