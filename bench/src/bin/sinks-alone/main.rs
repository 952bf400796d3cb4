//! `sinks-alone KIND URI ROWS ROUNDS`: rows a second with embeddings into a receiver, by the sink
//! and by a loop over the plain client, in turn. Prints the seconds of each round as JSON.
//!
//! `mock` in place of Kafka's hosts stands for librdkafka's own mock cluster.

mod plain;
mod rows;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use sonoscope::{
    sinks::{Form, Opening, SinkSpec},
    sources::Stop,
};
use sonoscope_operators::{Include, Row};

/// Rows that come together, as of many cameras in one epoch.
const EPOCH_ROWS: usize = 200;

/// Longer than this nobody waits.
const LIMIT: Duration = Duration::from_secs(300);

const INCLUDE: Include = Include {
    heatmap: false,
    embeddings: true,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, uri, count, rounds] = &arguments[..] else {
        return Err("usage: sinks-alone KIND URI ROWS ROUNDS".into());
    };
    let (count, rounds): (i64, i64) = (count.parse()?, rounds.parse()?);
    let (uri, _kept) = match kind.as_str() {
        "kafka" => plain::kafka::mock(uri)?,
        "webhook" => (plain::webhook::serve()?, None),
        _ => (uri.clone(), None),
    };
    let (mut sink_s, mut plain_s) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // No row comes twice, or a receiver might leave it out.
        let rows = |half: i64| rows::made(count, (2 * round + half) * count);
        sink_s.push(by_sink(&uri, kind, &rows(0))?);
        let rows = rows(1);
        let begun = Instant::now();
        plain::run(kind, &uri, &rows)?;
        plain_s.push(begun.elapsed().as_secs_f64());
    }
    let figures = serde_json::json!({
        "kind": kind, "rows": count, "sink_seconds": sink_s, "plain_seconds": plain_s,
    });
    // The one thing that it is for.
    #[allow(clippy::print_stdout, reason = "a program of the command line")]
    {
        println!("{figures}");
    }
    Ok(())
}

fn by_sink(uri: &str, kind: &str, rows: &[Row]) -> Outcome<f64> {
    let options = match kind {
        "nats" => "[options]\ncreate-stream = 'bench'",
        "mqtt" => "[options]\ndiscovery = 'off'",
        _ => "",
    };
    let spec: SinkSpec = toml::from_str(&format!("uri = '{uri}'\n{options}"))?;
    let form = Form {
        include: INCLUDE,
        ..Form::default()
    };
    let opening = Opening {
        form: &form,
        state: None,
        at: None,
        stop: &Stop::default(),
    };
    let mut sink = spec.open(&opening)?;
    let begun = Instant::now();
    for epoch in rows.chunks(EPOCH_ROWS) {
        sink.write(epoch)?;
        sink.flush()?;
    }
    sink.drain(Instant::now() + LIMIT)?;
    sink.commit()?;
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(account) = sink.counters().map(|counters| counters.read())
        && !account.is_settled()
    {
        return Err(format!("not all was delivered: {account:?}").into());
    }
    sink.finish()?;
    Ok(seconds)
}
