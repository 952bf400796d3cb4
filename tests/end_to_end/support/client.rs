//! Somebody who asks a run over HTTP.

use std::time::Duration;

use serde_json::Value;
use ureq::{Agent, RequestBuilder};

/// What lets one ask.
pub const TOKEN: &str = "correct-horse-battery";

/// Somebody who asks a run.
pub struct Client {
    agent: Agent,
    at: String,
}

impl Client {
    /// Of the run that listens at this port.
    pub fn new(port: u16) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(10)));
        Self {
            agent: config.build().into(),
            at: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Status and body; nothing if nobody answers.
    pub fn get(&self, path: &str, token: &str) -> Option<(u16, String)> {
        let request = self.agent.get(self.url(path));
        let mut answer = with(request, token).call().ok()?;
        let body = answer.body_mut().read_to_string().unwrap();
        Some((answer.status().as_u16(), body))
    }

    /// The status of what is answered with the right token, which may be no text.
    pub fn status(&self, path: &str) -> u16 {
        let request = self.agent.get(self.url(path));
        with(request, TOKEN).call().unwrap().status().as_u16()
    }

    /// What is answered with the right token.
    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path, TOKEN).unwrap().1).unwrap()
    }

    /// Puts a live source in; the status.
    pub fn post(&self, body: &Value) -> u16 {
        let request = self.agent.post(self.url("/api/sources"));
        let request = with(request, TOKEN).content_type("application/json");
        request.send(body.to_string()).unwrap().status().as_u16()
    }

    /// Takes a live source out; the status.
    pub fn delete(&self, id: &str) -> u16 {
        let request = self.agent.delete(self.url(&format!("/api/sources/{id}")));
        with(request, TOKEN).call().unwrap().status().as_u16()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.at)
    }
}

fn with<B>(request: RequestBuilder<B>, token: &str) -> RequestBuilder<B> {
    request.header("Authorization", format!("Bearer {token}"))
}
