//! Records by rdkafka's producer.

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    mocking::MockCluster,
    producer::{DefaultProducerContext, FutureProducer, FutureRecord},
};
use sonoscope_operators::Row;

use super::{AT_ONCE, Outcome, host, json, waited};

type Cluster = MockCluster<'static, DefaultProducerContext>;

/// librdkafka's own cluster in place of `mock`, for as long as what comes back is kept.
pub fn mock(uri: &str) -> Outcome<(String, Option<Cluster>)> {
    if host(uri) != "mock" {
        return Ok((uri.to_owned(), None));
    }
    let cluster = MockCluster::new(1)?;
    cluster.create_topic("rows", 8, 1)?;
    Ok((
        format!("kafka://{}/rows", cluster.bootstrap_servers()),
        Some(cluster),
    ))
}

pub fn run(uri: &str, rows: &[Row]) -> Outcome<()> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", host(uri))
        .set("enable.idempotence", "true");
    let producer: FutureProducer = config.create()?;
    waited(async {
        for batch in rows.chunks(AT_ONCE) {
            let mut waiting = Vec::new();
            for row in batch {
                let payload = json(row)?;
                let record = FutureRecord::to("rows")
                    .key(row.source.as_str())
                    .payload(&payload);
                waiting.push(producer.send_result(record).map_err(|(error, _)| error)?);
            }
            for one in waiting {
                tokio::time::timeout(Duration::from_secs(30), one)
                    .await??
                    .map_err(|(error, _)| error)?;
            }
        }
        Ok(())
    })
}
