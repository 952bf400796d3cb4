//! A live source as the body of a request asks for it.

use std::time::Duration;

use axum::{body::Bytes, extract::rejection::BytesRejection, http::HeaderMap};
use serde::Deserialize;
use sonoscope_operators::{NoSourceId, SourceId};
use utoipa::ToSchema;

use super::{
    Deps, Networks, Problem,
    keys::{Form, Keys},
};
use crate::{
    cameras::{Address, CameraSpec, Transport},
    sinks::SinkUri,
};

/// What asks for a live source.
pub const FORM: Form = Form {
    largest_bytes: 64 << 10,
    example: EXAMPLE,
    keys: "url, id, transport, stall_s, jitter_ms, insecure, silence_dbfs, networks, sinks",
};

/// A URL may have no more.
const LONGEST_URL_BYTES: usize = 4096;

/// Longer than this nobody waits for data.
const LONGEST_STALL_S: f64 = 3600.0;

/// Longer than this no packet is waited for.
const LONGEST_JITTER_MS: u64 = 10_000;

/// A live source to be put in. Keys that are left out have their defaults.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct NewSource {
    /// Where it is found: `rtsp://`, `rtsps://`, `http://`, `https://`, `srt://`, `rtmp://`,
    /// `v4l2:`, `test:`. User and password may be in it; no answer ever shows them.
    #[schema(example = "rtsp://user:password@10.0.0.7/stream")]
    pub url: String,
    /// Its name in rows: small letters, digits, `-`, `_` and `.`. Made of the URL, if left out.
    #[schema(example = "front-door", nullable)]
    pub id: Option<String>,
    /// How its data travels, if it is an RTSP camera: `auto`.
    pub transport: Option<Transport>,
    /// After so many seconds without data it is connected anew: 10.
    #[schema(minimum = 1, maximum = 3600)]
    pub stall_s: Option<f64>,
    /// How many milliseconds packets that are late are waited for: 100.
    #[schema(minimum = 0, maximum = 10000)]
    pub jitter_ms: Option<u64>,
    /// Whether a certificate is taken that nobody vouches for: no.
    pub insecure: Option<bool>,
    /// Below this level, in dB below full scale, its sound is silent: as for all.
    #[schema(minimum = -120, maximum = 0)]
    pub silence_dbfs: Option<f32>,
    /// The networks of the run that look at it: all.
    pub networks: Option<Vec<String>>,
    /// The sinks of the run that take its rows, as `GET /api/sinks` names them: all.
    pub sinks: Option<Vec<String>>,
}

/// What a request asks for.
///
/// # Errors
/// When the body is too large, is no JSON, or has a key that is wrong, which is named.
pub fn spec(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
    deps: &Deps,
) -> Result<CameraSpec, Problem> {
    NewSource::of(Keys::read(headers, body, FORM)?)?.spec(deps)
}

const EXAMPLE: &str = r#"send {"url": "rtsp://...", "id": "front-door"}"#;

impl NewSource {
    fn of(mut keys: Keys) -> Result<Self, Problem> {
        let url = keys.take("url", "a text")?;
        let this = Self {
            url: url.ok_or_else(|| Problem::bad("`url` is missing", EXAMPLE))?,
            id: keys.take("id", "a text")?,
            transport: keys.take("transport", "\"auto\", \"tcp\" or \"udp\"")?,
            stall_s: keys.take("stall_s", "a number of seconds")?,
            jitter_ms: keys.take("jitter_ms", "a whole number of milliseconds")?,
            insecure: keys.take("insecure", "true or false")?,
            silence_dbfs: keys.take("silence_dbfs", "a number of dB")?,
            networks: keys.take("networks", "a list of names")?,
            sinks: keys.take("sinks", "a list of names")?,
        };
        keys.end().map(|()| this)
    }

    fn spec(self, deps: &Deps) -> Result<CameraSpec, Problem> {
        let address = address(&self.url)?;
        let id = match &self.id {
            Some(id) => id.parse(),
            // What the URL makes may be too long for a name.
            None => SourceId::slug(&address.name()).as_str().parse(),
        };
        let id = id.map_err(|error: NoSourceId| {
            Problem::bad(format!("`id`: {error}"), "name it like `front-door`")
        })?;
        let default = CameraSpec::new(id, address);
        let stall = self.stall_s.map(stall).transpose()?;
        let jitter = self.jitter_ms.map(jitter).transpose()?;
        Ok(CameraSpec {
            transport: self.transport.unwrap_or(default.transport),
            stall: stall.unwrap_or(default.stall),
            jitter: jitter.unwrap_or(default.jitter),
            insecure: self.insecure.unwrap_or(default.insecure),
            silence_dbfs: self.silence_dbfs.map(silence).transpose()?,
            networks: known(&self.networks.unwrap_or_default(), &deps.networks)?,
            sinks: known_sinks(&self.sinks.unwrap_or_default(), &deps.sinks)?,
            ..default
        })
    }
}

fn address(url: &str) -> Result<Address, Problem> {
    let tip = "give it like rtsp://user:password@host/path";
    if url.len() > LONGEST_URL_BYTES {
        let error = format!("`url` is longer than {LONGEST_URL_BYTES} bytes");
        return Err(Problem::bad(error, tip));
    }
    let address = url.parse::<Address>();
    let address = address.map_err(|error| Problem::bad(format!("`url`: {error}"), tip))?;
    match address.exposed() {
        Some(_) => Ok(address),
        None => Err(Problem::bad(
            "`url`: what comes in on standard input is named on the command line alone",
            tip,
        )),
    }
}

fn stall(seconds: f64) -> Result<Duration, Problem> {
    if (1.0..=LONGEST_STALL_S).contains(&seconds) {
        return Ok(Duration::from_secs_f64(seconds));
    }
    let error = format!("`stall_s` is not between 1 and {LONGEST_STALL_S}");
    Err(Problem::bad(error, "leave it out for 10 seconds"))
}

fn jitter(milliseconds: u64) -> Result<Duration, Problem> {
    if milliseconds <= LONGEST_JITTER_MS {
        return Ok(Duration::from_millis(milliseconds));
    }
    let error = format!("`jitter_ms` is not between 0 and {LONGEST_JITTER_MS}");
    Err(Problem::bad(error, "leave it out for 100 milliseconds"))
}

fn silence(dbfs: f32) -> Result<f32, Problem> {
    if (-120.0..=0.0).contains(&dbfs) {
        return Ok(dbfs);
    }
    let error = "`silence_dbfs` is not between -120 and 0";
    Err(Problem::bad(error, "leave it out for that of the run"))
}

/// The networks of these names, as the run was told to use them.
fn known(names: &[String], networks: &Networks) -> Result<Vec<String>, Problem> {
    let asked = names
        .iter()
        .map(|name| networks.asked(name).map(str::to_owned));
    asked.collect::<Option<_>>().ok_or_else(|| {
        let error = "`networks` names one that is not of the run";
        Problem::bad(error, "GET /api/networks names those that are")
    })
}

/// The sinks that are shown by these names.
fn known_sinks(names: &[String], sinks: &[SinkUri]) -> Result<Vec<SinkUri>, Problem> {
    let shown = |name: &String| sinks.iter().find(|sink| sink.to_string() == *name);
    let found = names.iter().map(|name| shown(name).cloned());
    found.collect::<Option<_>>().ok_or_else(|| {
        let error = "`sinks` names one that is not of the run";
        Problem::bad(error, "GET /api/sinks names those that are")
    })
}
