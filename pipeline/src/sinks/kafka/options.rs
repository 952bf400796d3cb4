//! What the URI and its options say, in the words of librdkafka.

use std::time::Duration;

use rdkafka::{ClientConfig, error::KafkaError};

use super::CARD;
use crate::sinks::{
    SinkSpec,
    endpoint::{Endpoint, EndpointError, bad},
};

/// What nobody else sets: the promise rests on it.
const OURS: [&str; 7] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "enable.idempotence",
    "request.required.acks",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "test.mock.num.brokers",
];

/// The longest name of a topic.
const LONGEST_TOPIC_BYTES: usize = 249;

/// Where it produces to, and how.
pub struct Options {
    /// Brokers, security, and what else librdkafka is told.
    pub config: ClientConfig,
    /// The topic.
    pub topic: String,
    /// How long a batch may take.
    pub timeout: Duration,
    /// What nobody is to read.
    pub secrets: Vec<String>,
}

impl Options {
    /// As a URI and its options say.
    ///
    /// # Errors
    /// When they cannot be understood, or librdkafka does not know one of them.
    pub fn read(spec: &SinkSpec) -> Result<Self, EndpointError> {
        let variable = |name: &str| std::env::var(name).ok();
        let mut to = Endpoint::read(spec.uri.exposed(), &spec.options(), variable)?;
        let secrets = to.secrets();
        let topic = topic(&to.path)?;
        let mut config = ClientConfig::new();
        let hosts: Vec<_> = to.hosts.iter().map(|host| host.or_port(9092)).collect();
        config
            .set("bootstrap.servers", hosts.join(","))
            .set("client.id", "sonoscope")
            .set("acks", "all")
            .set("enable.idempotence", "true")
            // There is one time limit, and it is ours.
            .set("message.timeout.ms", "0")
            // A source is in the partition in which clients in Java would look for it.
            .set("partitioner", "murmur2_random");
        security(&mut to, &mut config)?;
        for (name, value) in to.take_rest() {
            if !name.contains('.') {
                return Err(EndpointError::UnknownOption {
                    name,
                    known: CARD.option_names().join(", "),
                });
            }
            if OURS.contains(&name.as_str()) {
                return Err(bad(&name, "what is promised rests on it"));
            }
            config.set(name, value);
        }
        config
            .create_native_config()
            .map_err(|error| wrong(&error))?;
        Ok(Self {
            config,
            topic,
            timeout: spec.retry.timeout,
            secrets,
        })
    }
}

/// Who has a password does not send it in the open, unless told to.
fn security(to: &mut Endpoint, config: &mut ClientConfig) -> Result<(), EndpointError> {
    let ca = to.take("ca");
    let is_insecure = to.take_parsed("insecure")?.unwrap_or(false);
    let is_tls = ca.is_some() || is_insecure;
    if let Some(user) = &to.user {
        config
            .set("security.protocol", "sasl_ssl")
            .set("sasl.mechanism", "PLAIN")
            .set("sasl.username", user)
            .set("sasl.password", to.password.as_deref().unwrap_or_default());
    } else if is_tls {
        config.set("security.protocol", "ssl");
    }
    if let Some(ca) = ca {
        let read = std::fs::read(&ca);
        read.map_err(|error| bad("ca", format!("{ca}: {error}")))?;
        config.set("ssl.ca.location", ca);
    }
    if is_insecure {
        config.set("enable.ssl.certificate.verification", "false");
    }
    Ok(())
}

/// The topic, which is a path without a `/` in it.
fn topic(path: &str) -> Result<String, EndpointError> {
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let is_topic = !path.is_empty()
        && path.len() <= LONGEST_TOPIC_BYTES
        && !matches!(path, "." | "..")
        && path.chars().all(is_of_it);
    match is_topic {
        true => Ok(path.to_owned()),
        false => Err(bad(
            "topic",
            format!(
                "`{path}` is none; it has 1 to {LONGEST_TOPIC_BYTES} of a-z, A-Z, 0-9, `.`, `_`, `-` \
                 (tip: kafka://HOST/TOPIC)"
            ),
        )),
    }
}

fn wrong(error: &KafkaError) -> EndpointError {
    match error {
        KafkaError::ClientConfig(_, reason, name, _) => bad(
            name,
            format!("librdkafka: {}", reason.trim_end_matches('\n')),
        ),
        other => bad("librdkafka", other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sinks::SinkUri;

    fn read(uri: &str) -> Result<Options, EndpointError> {
        Options::read(&SinkSpec::from(uri.parse::<SinkUri>().unwrap()))
    }

    #[test]
    fn what_librdkafka_is_told() {
        let options =
            read("kafka://me:p%40ss@a,[::1]:7/my.rows?linger.ms=9&sasl.mechanism=SCRAM-SHA-512");
        let options = options.unwrap();
        assert_eq!(options.topic, "my.rows");
        for (name, value) in [
            ("bootstrap.servers", "a:9092,[::1]:7"),
            ("security.protocol", "sasl_ssl"),
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.password", "p@ss"),
            ("linger.ms", "9"),
            ("acks", "all"),
        ] {
            assert_eq!(options.config.get(name), Some(value), "{name}");
        }
        let plain = read("kafka://h/t").unwrap();
        assert_eq!(plain.config.get("security.protocol"), None);
        let tls = read("kafka://h/t?insecure=true").unwrap();
        assert_eq!(tls.config.get("security.protocol"), Some("ssl"));
    }

    #[test]
    fn what_cannot_be_meant_is_told_without_its_secrets() {
        for (uri, told) in [
            ("kafka://h/t?no.such=hush", "`no.such`: librdkafka: No such"),
            ("kafka://h/t?linger.ms=hush", "`linger.ms`"),
            ("kafka://h/t?security.protocol=hush", "`security.protocol`"),
            ("kafka://h/t?compression=gzip", "no option `compression`"),
            ("kafka://h/t?enable.idempotence=false", "promised"),
            ("kafka://u:hush@h/", "`topic`"),
            ("kafka://u:hush@h/a/b", "`a/b` is none"),
            ("kafka://h/t?ca=/nowhere.pem", "/nowhere.pem"),
        ] {
            let error = read(uri).err().unwrap().to_string();
            assert!(error.contains(told), "{uri}: {error}");
            assert!(
                !uri.contains("u:hush") || !error.contains("hush"),
                "{error}"
            );
        }
    }
}
