//! Messages by rumqttc, each acknowledged.

use std::time::Duration;

use rumqttc::{AsyncClient, Event, Incoming, MqttOptions, QoS};
use sonoscope_operators::Row;

use super::{AT_ONCE, Outcome, host, json};

pub async fn run(uri: &str, rows: &[Row]) -> Outcome<()> {
    let (name, port) = host(uri).split_once(':').ok_or("no port")?;
    let mut options = MqttOptions::new("plain", name, port.parse()?);
    options.set_keep_alive(Duration::from_secs(30));
    options.set_inflight(100);
    options.set_max_packet_size(1 << 20, 1 << 20);
    let (client, mut events) = AsyncClient::new(options, AT_ONCE);
    let sent = async {
        for row in rows {
            let topic = format!("sonoscope/{}/score", row.source);
            client
                .publish(topic, QoS::AtLeastOnce, false, json(row)?)
                .await?;
        }
        Outcome::Ok(())
    };
    let acknowledged = async {
        let mut left = rows.len();
        while left > 0 {
            if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await? {
                left -= 1;
            }
        }
        Outcome::Ok(())
    };
    let (sent, acknowledged) = tokio::join!(sent, acknowledged);
    sent.and(acknowledged)
}
