//! A file over HTTPS, with a limit to everything: redirects, size, silence, time.
//!
//! What came before a connection broke is kept, and asked for no more the next time.

mod address;
mod error;

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    time::Duration,
};

use ureq::{
    Agent, Body, Proxy,
    http::{Response, StatusCode, header},
    tls::{RootCerts, TlsConfig},
};
use url::Url;

pub use address::{BadAddress, address, base};
pub use error::FetchError;

const BUFFER_BYTES: usize = 1 << 16;

/// What a download may take at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The file's size.
    pub size_bytes: u64,
    /// Until a connection is there.
    pub connect: Duration,
    /// Between one byte and the next.
    pub silence: Duration,
    /// The whole of it.
    pub whole: Duration,
    /// From one address to another.
    pub redirects: u32,
}

impl Limits {
    /// For files up to this size.
    pub fn for_size(size_bytes: u64) -> Self {
        Self {
            size_bytes,
            connect: Duration::from_secs(20),
            silence: Duration::from_secs(30),
            whole: Duration::from_secs(3600),
            redirects: 5,
        }
    }
}

/// Fetches what is at `url` into `file`, going on behind what the file holds already. `told` learns
/// of bytes in the file, and of how many there will be, once that is known.
///
/// # Errors
/// What went wrong; what has come stays in the file.
pub fn fetch(
    url: &Url,
    file: &mut File,
    limits: &Limits,
    told: &mut dyn FnMut(u64, Option<u64>),
) -> Result<(), FetchError> {
    let held_bytes = file.seek(SeekFrom::End(0)).map_err(FetchError::Disk)?;
    let mut answer = ask(url, held_bytes, limits)?;
    if held_bytes > 0 && answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        answer = ask(url, 0, limits)?;
    }
    let begins_at = begin(url, &answer, held_bytes)?;
    file.set_len(begins_at).map_err(FetchError::Disk)?;
    file.seek(SeekFrom::End(0)).map_err(FetchError::Disk)?;
    let total = length(&answer).map(|length| begins_at.saturating_add(length));
    if total.is_some_and(|total| total > limits.size_bytes) {
        return Err(FetchError::too_large(url, limits));
    }
    let mut transfer = Transfer {
        url,
        limits,
        done_bytes: begins_at,
        total,
    };
    transfer.run(answer.into_body().into_reader(), file, told)
}

/// Asks for the file from a byte on, following redirects to addresses that are as safe.
fn ask(url: &Url, from_byte: u64, limits: &Limits) -> Result<Response<Body>, FetchError> {
    let mut at = url.clone();
    for _ in 0..=limits.redirects {
        let mut request = agent(&at, limits).get(at.as_str());
        if from_byte > 0 {
            request = request.header(header::RANGE, format!("bytes={from_byte}-"));
        }
        let answer = request
            .call()
            .map_err(|error| FetchError::unreachable(url, error))?;
        if !answer.status().is_redirection() {
            return Ok(answer);
        }
        at = address::redirected(&at, &answer).ok_or_else(|| FetchError::redirect(url))?;
    }
    Err(FetchError::redirect(url))
}

/// Each address gets an agent of its own, since a proxy is not for the machine itself. `ureq` reads
/// the proxy from the environment.
fn agent(url: &Url, limits: &Limits) -> Agent {
    let proxy = match address::is_loopback(url) {
        true => None,
        false => Proxy::try_from_env(),
    };
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
    Agent::config_builder()
        .tls_config(tls.build())
        .proxy(proxy)
        .user_agent(concat!("sonoscope/", env!("CARGO_PKG_VERSION")))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(limits.connect))
        .timeout_recv_response(Some(limits.silence))
        .timeout_per_read(Some(limits.silence))
        .timeout_recv_body(Some(limits.whole))
        .build()
        .into()
}

/// The byte at which the answer begins: 0, or behind what there is already.
fn begin(url: &Url, answer: &Response<Body>, held_bytes: u64) -> Result<u64, FetchError> {
    match answer.status() {
        StatusCode::OK => Ok(0),
        StatusCode::PARTIAL_CONTENT => {
            let range = answer.headers().get(header::CONTENT_RANGE);
            let range = range.and_then(|range| range.to_str().ok());
            (range.filter(|range| range.starts_with(&format!("bytes {held_bytes}-"))))
                .map(|_| held_bytes)
                .ok_or_else(|| FetchError::status(url, answer.status()))
        }
        status => Err(FetchError::status(url, status)),
    }
}

fn length(answer: &Response<Body>) -> Option<u64> {
    let length = answer.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Bytes on their way from the net to the disk.
struct Transfer<'a> {
    url: &'a Url,
    limits: &'a Limits,
    done_bytes: u64,
    total: Option<u64>,
}

impl Transfer<'_> {
    fn run(
        &mut self,
        mut body: impl Read,
        file: &mut File,
        told: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), FetchError> {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            told(self.done_bytes, self.total);
            let count = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.broken(&error)),
            };
            if self.done_bytes + count as u64 > self.limits.size_bytes {
                return Err(FetchError::too_large(self.url, self.limits));
            }
            file.write_all(&buffer[..count]).map_err(FetchError::Disk)?;
            self.done_bytes += count as u64;
        }
        match self.total {
            Some(total) if self.done_bytes < total => Err(self.broken(&"it ended early")),
            _ => Ok(()),
        }
    }

    fn broken(&self, problem: &dyn std::fmt::Display) -> FetchError {
        FetchError::Broken {
            url: self.url.to_string(),
            done_bytes: self.done_bytes,
            total: self.total,
            problem: problem.to_string(),
        }
    }
}
