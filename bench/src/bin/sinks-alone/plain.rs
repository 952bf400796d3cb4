//! The plain client libraries, each in a loop as one would write it in an afternoon.

pub mod kafka;
mod lines;
mod mqtt;
mod nats;
mod postgres;
pub mod webhook;

use sonoscope_operators::Row;

use super::{INCLUDE, Outcome};

/// Letters that wait for their acknowledgements at once, as many as the sinks have.
const AT_ONCE: usize = 500;

/// Hands all rows over.
pub fn run(kind: &str, uri: &str, rows: &[Row]) -> Outcome<()> {
    match kind {
        "jsonl" => lines::run(uri, rows),
        "webhook" => webhook::run(uri, rows),
        "kafka" => kafka::run(uri, rows),
        "nats" => waited(nats::run(uri, rows)),
        "mqtt" => waited(mqtt::run(uri, rows)),
        "postgres" => waited(postgres::run(uri, rows)),
        _ => Err(format!("there is no kind {kind}").into()),
    }
}

fn waited(work: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(1)
        .enable_all()
        .build()?
        .block_on(work)
}

fn json(row: &Row) -> Outcome<Vec<u8>> {
    Ok(serde_json::to_vec(&row.json(INCLUDE))?)
}

/// Host and port of a URI.
fn host(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
