//! What the sink wants to know.

use std::time::Duration;

use rumqttc::{
    NetworkOptions, TlsConfiguration, Transport,
    v5::{
        MqttOptions,
        mqttbytes::{QoS, v5::LastWill},
    },
};

use super::{CARD, topics::Layout};
use crate::sinks::{
    SinkSpec,
    delivery::letter::Style,
    endpoint::{Endpoint, EndpointError, bad},
    tls,
    token::check_prefix,
};

/// What topics begin with, if nothing else is said.
const PREFIX: &str = "sonoscope";

/// Where Home Assistant looks for what is there.
const DISCOVERY: &str = "homeassistant";

/// The silence before the broker is asked whether it is there, in seconds.
const KEEP_ALIVE_S: u64 = 30;

/// Messages that may be on their way at once; brokers allow less.
const IN_FLIGHT: u16 = 1000;

/// The options of a sink.
pub struct Options {
    /// What is said where.
    pub layout: Layout,
    /// What nobody is to read.
    pub secrets: Vec<String>,
    client: MqttOptions,
}

impl Options {
    /// As a URI and its options say.
    ///
    /// # Errors
    /// When they cannot be understood.
    pub fn read(spec: &SinkSpec, style: Style) -> Result<Self, EndpointError> {
        let variable = |name: &str| std::env::var(name).ok();
        let mut to = Endpoint::read(spec.uri.exposed(), &spec.options(), variable)?;
        let secrets = to.secrets();
        let layout = Layout {
            prefix: prefix(&mut to)?,
            discovery: discovery(&mut to)?,
            has_heatmaps: to.take_parsed("heatmap")?.unwrap_or(false),
            style,
        };
        let client = client(&mut to, &layout, spec.retry.timeout)?;
        to.no_more(&CARD.option_names())?;
        Ok(Self {
            layout,
            secrets,
            client,
        })
    }

    /// What a client is to connect with.
    pub fn client(&self) -> MqttOptions {
        self.client.clone()
    }
}

fn prefix(to: &mut Endpoint) -> Result<String, EndpointError> {
    let prefix = match (to.take("prefix"), to.path.as_str()) {
        (None, "") => PREFIX.to_owned(),
        (None, path) => path.to_owned(),
        (Some(prefix), "") => prefix,
        (Some(_), _) => return Err(bad("prefix", "the path says it already")),
    };
    check_prefix(&prefix, '/').map_err(|wrong| bad("prefix", wrong))?;
    Ok(prefix)
}

fn discovery(to: &mut Endpoint) -> Result<Option<String>, EndpointError> {
    match to.take("discovery") {
        None => Ok(Some(DISCOVERY.to_owned())),
        Some(off) if off == "off" || off == "false" => Ok(None),
        Some(prefix) => {
            check_prefix(&prefix, '/').map_err(|wrong| bad("discovery", wrong))?;
            Ok(Some(prefix))
        }
    }
}

fn client(
    to: &mut Endpoint,
    layout: &Layout,
    timeout: Duration,
) -> Result<MqttOptions, EndpointError> {
    let [host] = to.hosts.as_slice() else {
        return Err(bad(
            "HOST",
            "it names several brokers, and there can be one",
        ));
    };
    let is_tls = to.scheme == "mqtts";
    let port = host.port.unwrap_or(if is_tls { 8883 } else { 1883 });
    let name = match host.name.contains(':') {
        true => format!("[{}]", host.name),
        false => host.name.clone(),
    };
    let anybody = || format!("sonoscope-{:08x}", rand::random::<u32>());
    let id = to.take("client-id").unwrap_or_else(anybody);
    let mut client = MqttOptions::new(id, name, port);
    if let Some(user) = &to.user {
        client.set_credentials(user, to.password.clone().unwrap_or_default());
    }
    let keep_alive = to.take_parsed("keep-alive")?.unwrap_or(KEEP_ALIVE_S);
    if !(5..=65535).contains(&keep_alive) {
        return Err(bad("keep-alive", "it is not within 5 and 65535 seconds"));
    }
    let tls = tls::config(to)?;
    if is_tls {
        client.set_transport(Transport::Tls(TlsConfiguration::Rustls(tls.into())));
    }
    // What is left of a batch goes at once, and does not wait for what the broker says of the rest.
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    let last = layout.available(false);
    client
        .set_network_options(network)
        .set_keep_alive(Duration::from_secs(keep_alive))
        .set_connection_timeout(timeout.as_secs().max(1))
        .set_outgoing_inflight_upper_limit(IN_FLIGHT)
        .set_last_will(LastWill::new(
            last.topic,
            last.payload,
            QoS::AtLeastOnce,
            true,
            None,
        ));
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Result<Options, EndpointError> {
        let spec: SinkSpec = toml::from_str(&format!("uri = '{uri}'")).unwrap();
        Options::read(&spec, Style::default())
    }

    #[test]
    fn what_is_not_said_is_as_everywhere() {
        let options = read("mqtt://10.0.0.7").unwrap();
        assert_eq!(options.layout.prefix, "sonoscope");
        assert_eq!(options.layout.discovery.as_deref(), Some("homeassistant"));
        let client = options.client();
        assert_eq!(client.broker_address(), ("10.0.0.7".into(), 1883));
        let will = client.last_will().unwrap();
        assert_eq!(will.topic, "sonoscope/available");
        assert!(will.retain && will.message == "offline");
        let options = read("mqtts://me:hush@[::1]/site/cams?discovery=off").unwrap();
        assert_eq!(options.layout.prefix, "site/cams");
        assert_eq!(options.layout.discovery, None);
        assert_eq!(options.client().broker_address(), ("[::1]".into(), 8883));
    }

    #[test]
    fn what_cannot_be_meant_is_told_without_secrets() {
        for (uri, told) in [
            ("mqtt://h/a/%23", "`prefix`"),
            ("mqtt://h/a?prefix=b", "`prefix`"),
            ("mqtt://h/?discovery=a/+", "`discovery`"),
            ("mqtt://h/?keep-alive=1", "`keep-alive`"),
            ("mqtt://h/?heatmap=perhaps", "`heatmap`"),
            ("mqtt://u:hush@a,b/", "`HOST`"),
            ("mqtt://u:hush@a/?colour=red", "`colour`"),
        ] {
            let error = read(uri).map(drop).unwrap_err().to_string();
            assert!(error.contains(told) && !error.contains("hush"), "{error}");
        }
    }
}
