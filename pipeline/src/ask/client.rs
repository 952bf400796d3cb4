//! A run's interface, as one who asks sees it.

use std::{
    io::{BufRead, BufReader},
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value;
use ureq::{
    Agent, Body,
    http::Response,
    tls::{RootCerts, TlsConfig},
};
use url::Url;

use crate::fault::Fault;

/// An answer begins within this time, or there is none.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer has no more bytes.
const LARGEST_BYTES: u64 = 16 << 20;

/// Asks one run. Clones ask the same.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    token: Option<String>,
}

/// What is told where something is wrong.
#[derive(Deserialize)]
struct Told {
    error: String,
    tip: String,
}

impl Client {
    /// For the run at this address, with the token that it asks for, if it asks for one.
    ///
    /// # Errors
    /// When this is no address of HTTP.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, Fault> {
        let is_http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        let parsed = url.parse::<Url>().ok().filter(is_http);
        let parsed = parsed.ok_or_else(|| {
            let fault = Fault::usage("--url is no address of HTTP");
            fault.tip("give it like http://127.0.0.1:8080, where the run listens")
        })?;
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .proxy(None)
            .user_agent(concat!("sonoscope/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build());
        Ok(Self {
            agent: config.build().new_agent(),
            base: parsed.as_str().trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// What is found at a path.
    ///
    /// # Errors
    /// When nobody answers, or the answer is that something is wrong.
    pub fn get(&self, path: &str) -> Result<Value, Fault> {
        self.read(self.with_token(self.agent.get(self.at(path))).call())
    }

    /// What comes of a body sent to a path.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let request = self.with_token(self.agent.post(self.at(path)));
        let request = request.header("content-type", "application/json");
        self.read(request.send(body.to_string()))
    }

    /// What was at a path and is gone now.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn delete(&self, path: &str) -> Result<Value, Fault> {
        self.read(self.with_token(self.agent.delete(self.at(path))).call())
    }

    /// Server-sent events of a path from now on, each by its name, until the other end has gone.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn events(
        &self,
        path: &str,
    ) -> Result<impl Iterator<Item = (String, Value)> + use<>, Fault> {
        let answer = self.with_token(self.agent.get(self.at(path))).call();
        let answer = self.good(answer)?;
        let mut lines = BufReader::new(answer.into_body().into_reader()).lines();
        let mut name = String::new();
        Ok(std::iter::from_fn(move || {
            loop {
                let line = lines.next()?.ok()?;
                if let Some(event) = line.strip_prefix("event:") {
                    event.trim().clone_into(&mut name);
                } else if let Some(data) = line.strip_prefix("data:") {
                    let data = serde_json::from_str(data).unwrap_or_default();
                    return Some((std::mem::take(&mut name), data));
                }
            }
        }))
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn with_token<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }

    fn read(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Value, Fault> {
        let mut answer = self.good(answer)?;
        let body = answer.body_mut().with_config().limit(LARGEST_BYTES);
        let text = body.read_to_string().map_err(|error| self.gone(&error))?;
        serde_json::from_str(&text).map_err(|_| self.other())
    }

    /// An answer, if it is none that says that something is wrong.
    fn good(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, Fault> {
        let mut answer = answer.map_err(|error| self.gone(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let body = answer.body_mut().with_config().limit(LARGEST_BYTES);
        let told = body.read_to_string().ok();
        let told = told.and_then(|text| serde_json::from_str::<Told>(&text).ok());
        let Told { error, tip } = told.ok_or_else(|| self.other())?;
        Err(match answer.status().is_server_error() {
            true => Fault::environment(error).tip(tip),
            false => Fault::usage(error).tip(tip),
        })
    }

    fn gone(&self, error: &ureq::Error) -> Fault {
        let fault = Fault::environment(format!("nobody answers at {}: {error}", self.base));
        fault.tip("name with --url where `sonoscope run --listen` serves")
    }

    fn other(&self) -> Fault {
        let fault = Fault::environment(format!("what answers at {} is no run", self.base));
        fault.tip("name with --url where `sonoscope run --listen` serves")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in ["", "8080", "127.0.0.1:8080", "ftp://host/", "http://"] {
            let fault = Client::new(wrong, None).err().unwrap().to_string();
            assert!(fault.contains("--url"), "{wrong}: {fault}");
        }
        let client = Client::new("http://localhost:1/", None).unwrap();
        assert_eq!(client.at("/api"), "http://localhost:1/api");
        let fault = client.get("/api/queries").unwrap_err().to_string();
        assert!(fault.contains("nobody answers"), "{fault}");
    }
}
