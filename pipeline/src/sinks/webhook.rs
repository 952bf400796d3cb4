//! `webhook+https://HOST/PATH`: rows as requests to a web server, an array of them each.
//!
//! Requests are signed as Standard Webhooks wants it, so that its libraries can check them:
//! `webhook-id`, `webhook-timestamp` and `webhook-signature: v1,BASE64`, an HMAC-SHA256 of
//! `id.timestamp.body`. The id is the same whenever the same rows are sent.

use std::{fs, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use ureq::{
    Agent,
    http::StatusCode,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use super::{
    SinkSpec,
    delivery::{
        letter::{Letter, Style},
        receiver::{Receiver, SendError},
    },
    endpoint::{Endpoint, EndpointError, bad},
    open::Card,
};

/// How it is listed.
pub const CARD: Card = Card {
    name: "webhook+https://",
    about: "rows as signed requests to a web server, an array of them each",
    example: "webhook+https://example.org/rows",
    options: &[
        (
            "secret",
            "signs requests (Standard Webhooks); as it is, or whsec_ and base64",
        ),
        ("bearer", "a token for the header Authorization"),
        ("batch", "rows a request at most [100]"),
        (
            "ca",
            "a PEM file with the certificates to trust, in place of the machine's",
        ),
        ("insecure", "true: take any certificate"),
    ],
};

/// Rows in a request, if nothing else is said.
const BATCH: usize = 100;

/// The receiver.
pub struct Webhook {
    agent: Agent,
    url: String,
    authorization: Option<String>,
    key: Option<Vec<u8>>,
    batch: usize,
    style: Style,
    secrets: Vec<String>,
}

impl Webhook {
    /// As a URI and its options say.
    ///
    /// # Errors
    /// When they cannot be understood.
    pub fn new(spec: &SinkSpec, style: Style) -> Result<Self, EndpointError> {
        let uri = spec.uri.exposed();
        // The query is the server's own.
        let (before, query) = uri
            .split_once('?')
            .map_or((uri, None), |(a, b)| (a, Some(b)));
        let variable = |name: &str| std::env::var(name).ok();
        let mut to = Endpoint::read(before, &spec.options(), variable)?;
        let mut secrets = to.secrets();
        let password = to.password.clone().unwrap_or_default();
        let basic = (to.user.as_ref()).map(|user| BASE64.encode(format!("{user}:{password}")));
        let bearer = to.take("bearer");
        let key = to.take("secret").map(|secret| key(&secret)).transpose()?;
        let batch = to.take_parsed("batch")?.unwrap_or(BATCH);
        if !(1..=10_000).contains(&batch) {
            return Err(bad("batch", "it is not within 1 and 10000"));
        }
        let tls = tls(to.take("ca"), to.take_parsed("insecure")?.unwrap_or(false))?;
        to.no_more(&CARD.option_names())?;
        secrets.extend(basic.clone());
        Ok(Self {
            agent: agent(tls, spec.retry.timeout),
            url: url(&to, before, query),
            authorization: (basic.map(|basic| format!("Basic {basic}")))
                .or(bearer.map(|token| format!("Bearer {token}"))),
            key,
            batch,
            style,
            secrets,
        })
    }

    /// One request. Rows that are refused as a whole are tried one by one by whoever calls.
    fn post(&self, letters: &[Letter]) -> Result<StatusCode, SendError> {
        let mut body = vec![b'['];
        let mut ids = Sha256::new();
        for (at, letter) in letters.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            body.extend(letter.content.json(self.style).map_err(SendError::lost)?);
            ids.update(letter.content.id());
            ids.update("\n");
        }
        body.push(b']');
        let hex: String = (ids.finalize().iter().take(16))
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let id = format!("msg_{hex}");
        let timestamp = jiff::Timestamp::now().as_second().to_string();
        let kind = match self.style.cloudevents {
            true => "application/cloudevents-batch+json",
            false => "application/json",
        };
        let mut request = (self.agent.post(&self.url))
            .header("content-type", kind)
            .header("idempotency-key", &id)
            .header("webhook-id", &id)
            .header("webhook-timestamp", &timestamp);
        if let Some(key) = &self.key {
            let signature = sign(key, &id, &timestamp, &body);
            request = request.header("webhook-signature", signature);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let mut answer = request.send(&body[..]).map_err(|error| self.lost(&error))?;
        let status = answer.status();
        // A connection is used again only when the answer has been read.
        let _ = answer.body_mut().with_config().limit(1 << 20).read_to_vec();
        Ok(status)
    }

    fn lost(&self, error: &ureq::Error) -> SendError {
        match error {
            ureq::Error::Tls(reason) => SendError::denied(format!("TLS: {reason}")),
            ureq::Error::Rustls(error) => refuses_tls(error),
            ureq::Error::Io(error) => {
                match error.get_ref().and_then(|error| error.downcast_ref()) {
                    Some(error) => refuses_tls(error),
                    None => SendError::lost(error),
                }
            }
            other => SendError::lost(other),
        }
        .without(&self.secrets)
    }
}

impl Receiver for Webhook {
    /// Asks for nothing but an answer.
    fn connect(&mut self) -> Result<Option<u64>, SendError> {
        let mut request = self.agent.options(&self.url);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let answer = request.call().map_err(|error| self.lost(&error))?;
        match verdict(answer.status()) {
            Verdict::Denied => Err(denied(answer.status())),
            Verdict::Later if answer.status().is_server_error() => {
                // Not every server knows this method.
                match answer.status() {
                    StatusCode::NOT_IMPLEMENTED => Ok(None),
                    status => Err(SendError::lost(format!("it answers {status}"))),
                }
            }
            _ => Ok(None),
        }
    }

    fn send(&mut self, letters: &[Letter]) -> Result<usize, SendError> {
        let mut taken = 0;
        for batch in letters.chunks(self.batch) {
            let status = self.post(batch).map_err(|error| error.behind(taken))?;
            match verdict(status) {
                Verdict::Taken => taken += batch.len(),
                Verdict::Later => {
                    let reason = format!("it answers {status}");
                    return Err(SendError::Lost { taken, reason });
                }
                Verdict::Denied => return Err(denied(status).behind(taken)),
                Verdict::Refused => {
                    return self.one_by_one(letters, taken, batch.len());
                }
            }
        }
        Ok(taken)
    }
}

impl Webhook {
    /// Finds the one that is refused among `count` letters behind those that were taken. How many
    /// are taken then.
    fn one_by_one(
        &self,
        letters: &[Letter],
        taken: usize,
        count: usize,
    ) -> Result<usize, SendError> {
        for (index, letter) in letters.iter().enumerate().skip(taken).take(count) {
            let alone = std::slice::from_ref(letter);
            let status = self.post(alone).map_err(|error| error.behind(index))?;
            let reason = format!("it answers {status}");
            match verdict(status) {
                Verdict::Taken => {}
                Verdict::Refused => return Err(SendError::Refused { index, reason }),
                Verdict::Denied => return Err(denied(status).behind(index)),
                Verdict::Later => {
                    return Err(SendError::Lost {
                        taken: index,
                        reason,
                    });
                }
            }
        }
        // Each was taken by itself; those behind them come with the next call.
        Ok(taken + count)
    }
}

fn refuses_tls(error: &rustls::Error) -> SendError {
    SendError::denied(format!(
        "TLS: {error} (tip: option `ca` names the certificates to trust)"
    ))
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    Later,
    Denied,
    Refused,
}

fn verdict(status: StatusCode) -> Verdict {
    match status.as_u16() {
        200..=299 => Verdict::Taken,
        408 | 409 | 425 | 429 | 500..=599 => Verdict::Later,
        300..=399 | 401 | 403 | 404 | 407 | 410 => Verdict::Denied,
        _ => Verdict::Refused,
    }
}

fn denied(status: StatusCode) -> SendError {
    let tip = match status.as_u16() {
        300..=399 => "name the address that it points to",
        401 | 403 | 407 => "check user, password, bearer",
        _ => "check the path",
    };
    SendError::denied(format!("it answers {status} (tip: {tip})"))
}

/// A secret as it is, or in the form of Standard Webhooks.
fn key(secret: &str) -> Result<Vec<u8>, EndpointError> {
    match secret.strip_prefix("whsec_") {
        Some(coded) => BASE64
            .decode(coded)
            .map_err(|_| bad("secret", "behind whsec_ is no base64")),
        None => Ok(secret.as_bytes().to_vec()),
    }
}

fn sign(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return String::new();
    };
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
}

fn tls(ca: Option<String>, is_insecure: bool) -> Result<TlsConfig, EndpointError> {
    let mut tls = TlsConfig::builder().disable_verification(is_insecure);
    tls = match ca {
        None => tls.root_certs(RootCerts::PlatformVerifier),
        Some(path) => {
            let wrong = |error: &dyn std::fmt::Display| bad("ca", format!("{path}: {error}"));
            let pem = fs::read(&path).map_err(|error| wrong(&error))?;
            let items = parse_pem(&pem).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            let certificates: Vec<Certificate<'static>> = items.collect();
            if certificates.is_empty() {
                return Err(wrong(&"there is no certificate in it"));
            }
            tls.root_certs(RootCerts::new_with_certs(&certificates))
        }
    };
    Ok(tls.build())
}

fn agent(tls: TlsConfig, timeout: Duration) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(timeout))
        .user_agent(concat!("sonoscope/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls);
    config.build().new_agent()
}

/// The address without who asks, as the server knows it.
fn url(to: &Endpoint, uri: &str, query: Option<&str>) -> String {
    let scheme = to.scheme.trim_start_matches("webhook+");
    let default = if scheme == "http" { 80 } else { 443 };
    let host = to
        .hosts
        .first()
        .map(|host| host.or_port(default))
        .unwrap_or_default();
    // The path as it was written, with its escapes.
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    match query {
        Some(query) => format!("{scheme}://{host}/{path}?{query}"),
        None => format!("{scheme}://{host}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's reference libraries is of this form:
    /// computed here with Python's `hmac`.
    #[test]
    fn a_signature_is_that_of_python() {
        let key = key("whsec_c2VjcmV0IG9mIDI0IGJ5dGVzIGxvbmc=").unwrap();
        assert_eq!(
            sign(&key, "msg_1", "1700000000", b"[{\"a\":1}]"),
            "v1,/GZnUV3flxqAvyA4Dno8ylND3kX/JealoqFsDk7nTNE="
        );
        assert!(super::key("whsec_%%").is_err());
    }

    #[test]
    fn the_servers_own_query_and_escapes_stay() {
        let spec: SinkSpec =
            toml::from_str("uri = 'webhook+https://me:hush@h:8/a%20b/c?x=1&y=%2F'").unwrap();
        let hook = Webhook::new(&spec, Style::default()).unwrap();
        assert_eq!(hook.url, "https://h:8/a%20b/c?x=1&y=%2F");
        assert_eq!(hook.authorization.as_deref(), Some("Basic bWU6aHVzaA=="));
    }
}
