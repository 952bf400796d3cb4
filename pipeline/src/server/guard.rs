//! Who is answered, and for how long an answer is waited for.

use std::{net::IpAddr, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    Problem, Token, keys,
    routes::{self, Shared},
};

/// The path that everybody may ask, as those do who start a program again when it is dead.
pub const OPEN: &str = "/healthz";

/// An answer begins within this time, however slowly the question comes in.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets through who may ask.
pub async fn admit(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let is_open = request.uri().path() == OPEN;
    let admitted = match &shared.token {
        _ if is_open => Ok(()),
        Some(token) => bears(token, request.headers()),
        None => names_this_machine(&request),
    };
    match admitted {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Refuses a body at once that says itself that it is too large.
pub async fn limit_size(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let form = routes::form_of(request.uri().path());
    match length.is_some_and(|length| length > form.largest_bytes as u64) {
        true => keys::too_large(form).into_response(),
        false => next.run(request).await,
    }
}

/// Gives up on what takes too long.
pub async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let error = format!("there is no answer within {PATIENCE:?}");
            let tip = "send the whole request at once, or try again when there is less to do";
            Problem::new(StatusCode::REQUEST_TIMEOUT, error, tip).into_response()
        }
    }
}

fn bears(token: &Token, headers: &HeaderMap) -> Result<(), Problem> {
    let given = (headers.get(header::AUTHORIZATION))
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, given)| given.trim());
    let error = match given {
        Some(given) if token.is(given) => return Ok(()),
        Some(_) => "this is not the token",
        None => "this asks for a token",
    };
    let tip = "send `Authorization: Bearer TOKEN`, the token that the run was started with";
    Err(Problem::new(StatusCode::UNAUTHORIZED, error, tip))
}

/// Without a token only this machine is answered. A page of the web can make a browser on this
/// machine ask, under a name of the page's own that leads here: that name gives it away.
fn names_this_machine(request: &Request) -> Result<(), Problem> {
    let host = (request.headers().get(header::HOST)).and_then(|host| host.to_str().ok());
    if host.is_none_or(is_this_machine) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "without a token this is for 127.0.0.1 and localhost alone, by these names",
        "ask under one of these names, or start the run with a token",
    ))
}

/// Whether a name, with or without a port, means this machine.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for own in [
            "localhost",
            "LocalHost:80",
            "127.0.0.1:1",
            "127.1.2.3",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in [
            "evil.example:80",
            "localhost.evil",
            "10.0.0.1",
            "[::2]:80",
            "",
            "127.0.0.1.x",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
