//! Messages by async-nats, to JetStream.

use async_nats::{HeaderMap, jetstream};
use sonoscope_operators::Row;

use super::{AT_ONCE, Outcome, host, json};

pub async fn run(uri: &str, rows: &[Row]) -> Outcome<()> {
    let client = async_nats::connect(host(uri)).await?;
    let context = jetstream::new(client);
    for batch in rows.chunks(AT_ONCE) {
        let mut waiting = Vec::new();
        for row in batch {
            let subject = format!("sonoscope.{}.{}", row.source, row.provenance.network);
            let mut headers = HeaderMap::new();
            let id = format!("plain/{}/{}", row.source, row.segment);
            headers.insert("Nats-Msg-Id", id.as_str());
            let payload = json(row)?.into();
            waiting.push(
                context
                    .publish_with_headers(subject, headers, payload)
                    .await?,
            );
        }
        for one in waiting {
            one.await?;
        }
    }
    Ok(())
}
