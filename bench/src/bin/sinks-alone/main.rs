//! `sinks-alone KIND URI ROWS ROUNDS`: rows a second with embeddings into a receiver, by the sink
//! and by a loop over the plain client, in turn. Prints the seconds of each round as JSON.
//!
//! `sinks-alone steady ROWS_A_SECOND SECONDS all|scores URI...`: what it costs to hand on rows as
//! they come, with embeddings or without, to all these sinks at once.
//!
//! `mock` in place of Kafka's hosts stands for librdkafka's own mock cluster.

mod plain;
mod rows;
mod steady;

use std::{
    error::Error,
    time::{Duration, Instant},
};

use sonoscope::{
    sinks::{Form, Opening, Sink, SinkSpec},
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
    let figures = match arguments.split_first() {
        Some((first, rest)) if first == "steady" => steady::run(rest)?,
        _ => in_turn(&arguments)?,
    };
    // The one thing that it is for.
    #[allow(clippy::print_stdout, reason = "a program of the command line")]
    {
        println!("{figures}");
    }
    Ok(())
}

fn in_turn(arguments: &[String]) -> Outcome<serde_json::Value> {
    let [kind, uri, count, rounds] = arguments else {
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
        sink_s.push(by_sink(&uri, &rows(0))?);
        let rows = rows(1);
        let begun = Instant::now();
        plain::run(kind, &uri, &rows)?;
        plain_s.push(begun.elapsed().as_secs_f64());
    }
    Ok(serde_json::json!({
        "kind": kind, "rows": count, "sink_seconds": sink_s, "plain_seconds": plain_s,
    }))
}

/// A sink as a configuration opens it.
fn open(uri: &str, include: Include) -> Outcome<Box<dyn Sink>> {
    let options = match uri.split_once(':') {
        Some(("nats", _)) => "[options]\ncreate-stream = 'bench'",
        Some(("mqtt", _)) => "[options]\ndiscovery = 'off'",
        _ => "",
    };
    let spec: SinkSpec = toml::from_str(&format!("uri = '{uri}'\n{options}"))?;
    let form = Form {
        include,
        ..Form::default()
    };
    let opening = Opening {
        form: &form,
        state: None,
        at: None,
        stop: &Stop::default(),
    };
    Ok(spec.open(&opening)?)
}

fn by_sink(uri: &str, rows: &[Row]) -> Outcome<f64> {
    let mut sink = open(uri, INCLUDE)?;
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
