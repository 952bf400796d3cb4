//! The body of a request: an object of JSON, taken key by key.

use axum::{
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Problem;

/// What a body may be.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// It has no more bytes.
    pub largest_bytes: usize,
    /// What to send.
    pub example: &'static str,
    /// The keys that there are.
    pub keys: &'static str,
}

/// The keys of a body that have not been taken yet.
pub struct Keys {
    keys: Map<String, Value>,
    form: Form,
}

impl Keys {
    /// Those of a body.
    ///
    /// # Errors
    /// When it is too large, is not said to be JSON, or is no object of it.
    pub fn read(
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
        form: Form,
    ) -> Result<Self, Problem> {
        must_be_json(headers)?;
        let body = body.map_err(|rejection| unread(&rejection, form))?;
        let value = serde_json::from_slice::<Value>(&body)
            // What serde_json says of the form of JSON repeats nothing of it.
            .map_err(|error| Problem::bad(format!("the body is no JSON: {error}"), form.example))?;
        match value {
            Value::Object(keys) => Ok(Self { keys, form }),
            _ => Err(Problem::bad("the body is no object", form.example)),
        }
    }

    /// The value of a key, if there is one. What is wrong is told by the key's name and what it
    /// should be, never by its value, which may be a password in the wrong place.
    ///
    /// # Errors
    /// When it is not `what` it should be.
    pub fn take<T: DeserializeOwned>(
        &mut self,
        key: &str,
        what: &str,
    ) -> Result<Option<T>, Problem> {
        let value = self.keys.remove(key).filter(|value| !value.is_null());
        let value = value.map(serde_json::from_value).transpose();
        let example = self.form.example;
        value.map_err(|_| Problem::bad(format!("`{key}` is not {what}"), example))
    }

    /// Sees that all have been taken.
    ///
    /// # Errors
    /// When there is one that is none.
    pub fn end(self) -> Result<(), Problem> {
        let Some(key) = self.keys.keys().next() else {
            return Ok(());
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let error = match key.len() <= 40 && key.chars().all(is_word) {
            true => format!("there is no key `{key}`"),
            false => "there is a key that is none".to_owned(),
        };
        Err(Problem::bad(error, format!("keys are {}", self.form.keys)))
    }
}

/// A page of the web may make a browser send other types unasked.
fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default();
    if kind.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "the body is not said to be JSON",
        "send `Content-Type: application/json`",
    ))
}

/// The body is too large.
pub fn too_large(form: Form) -> Problem {
    let error = format!("the body is larger than {} bytes", form.largest_bytes);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error, form.example)
}

fn unread(rejection: &BytesRejection, form: Form) -> Problem {
    let status = rejection.status();
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(form);
    }
    Problem::new(status, "the body did not come in whole", "send it again")
}
