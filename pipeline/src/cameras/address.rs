//! Where a live source is found, without telling its password to anyone.

use std::{fmt, str::FromStr};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use url::Url;

use crate::secret::{self, HIDDEN};

/// Schemes of live sources that are addressed by a URL.
const SCHEMES: [&str; 9] = [
    "rtsp", "rtsps", "http", "https", "srt", "rtmp", "rtmps", "v4l2", "test",
];

/// Where a live source is found: a URL, or `-` for what comes in on standard input.
///
/// Shown without what only the camera may know: user, password and the values of the query.
///
/// ```
/// # use sonoscope::cameras::Address;
/// let address: Address = "rtsp://me:hush@10.0.0.7/live?token=hush".parse().unwrap();
/// assert_eq!(address.to_string(), "rtsp://***@10.0.0.7/live?token=***");
/// assert!(!format!("{address:?}").contains("hush"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Url(Url),
    StandardInput,
}

/// Why something is no address of a live source.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not of the form of URLs.
    #[error("it is no URL: {0}")]
    Form(#[from] url::ParseError),
    /// Of a kind that is not known here.
    #[error("{0}:// is no kind of live source; known are {known}", known = SCHEMES.join(", "))]
    Scheme(String),
    /// A URL of the network without a host.
    #[error("it names no host")]
    NoHost,
}

/// How the data of an RTSP camera travels.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP, and TCP where nothing comes by it.
    #[default]
    Auto,
    /// Within the connection that controls the camera.
    Tcp,
    /// UDP alone.
    Udp,
}

impl Address {
    /// Whether this, named as a source, is that of a live one.
    pub fn is_live(text: &str) -> bool {
        text == "-"
            || text
                .split_once(':')
                .is_some_and(|(scheme, _)| SCHEMES.contains(&scheme))
    }

    /// Whether it is found at this host alone: a device, or standard input.
    pub fn is_of_this_host(&self) -> bool {
        matches!(self.scheme(), "v4l2" | "-")
    }

    /// The scheme, `-` for standard input.
    pub fn scheme(&self) -> &str {
        match &self.0 {
            Kind::Url(url) => url.scheme(),
            Kind::StandardInput => "-",
        }
    }

    /// The URL with all secrets in it: for whoever connects, and for nobody else.
    pub fn exposed(&self) -> Option<&Url> {
        match &self.0 {
            Kind::Url(url) => Some(url),
            Kind::StandardInput => None,
        }
    }

    /// Who asks, and the word that proves it, both as they were before they became part of a URL.
    pub fn credentials(&self) -> Option<(String, String)> {
        let url = self.exposed()?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let is_there = !url.username().is_empty() || url.password().is_some();
        is_there.then(|| {
            (
                decoded(url.username()),
                decoded(url.password().unwrap_or_default()),
            )
        })
    }

    /// A text with all secrets of this address hidden in it.
    pub fn hide_in(&self, text: &str) -> String {
        let Some(url) = self.exposed() else {
            return text.to_owned();
        };
        let (user, password) = self.credentials().unwrap_or_default();
        let values = url.query_pairs().map(|(_, value)| value.into_owned());
        let secrets = [
            password,
            url.password().unwrap_or_default().to_owned(),
            user,
        ];
        let secrets: Vec<_> = secrets.into_iter().chain(values).collect();
        let whole = text.replace(url.as_str(), &self.to_string());
        secret::hide_in(&whole, &secrets)
    }

    /// A name for it, if nobody gives a better one: host and path.
    pub fn name(&self) -> String {
        let Some(url) = self.exposed() else {
            return "stdin".into();
        };
        format!("{}{}", url.host_str().unwrap_or(url.scheme()), url.path())
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "-" {
            return Ok(Self(Kind::StandardInput));
        }
        let url = Url::parse(text)?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(AddressError::Scheme(url.scheme().to_owned()));
        }
        let is_local = matches!(url.scheme(), "v4l2" | "test");
        if !is_local && url.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::NoHost);
        }
        Ok(Self(Kind::Url(url)))
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kind::Url(url) = &self.0 else {
            return f.write_str("-");
        };
        let mut shown = url.clone();
        // Neither fails where there is a host, and without one there is nothing to hide.
        let _ = shown.set_password(None);
        if !url.username().is_empty() || url.password().is_some() {
            let _ = shown.set_username(HIDDEN);
        }
        if url.query().is_some() {
            let hidden = url.query_pairs().map(|(key, _)| format!("{key}={HIDDEN}"));
            shown.set_query(Some(&hidden.collect::<Vec<_>>().join("&")));
        }
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    #[test]
    fn secrets_are_in_no_text_of_it() {
        let secret = address("rtsp://admin:p%40ss%20w@cam.local:554/s0?user=admin&pw=hunter2");
        for text in [secret.to_string(), format!("{secret:?}")] {
            assert!(
                !text.contains("p%40ss") && !text.contains("hunter2"),
                "{text}"
            );
        }
        let (user, password) = secret.credentials().unwrap();
        assert_eq!((user.as_str(), password.as_str()), ("admin", "p@ss w"));
        let told = secret.hide_in("cannot open rtsp://x/?pw=hunter2 with 'p@ss w' (p%40ss%20w)");
        assert_eq!(told, "cannot open rtsp://x/?pw=*** with '***' (***)");
    }

    #[test]
    fn what_is_live_and_what_is_not() {
        for live in [
            "rtsp://x/",
            "-",
            "test:",
            "v4l2:/dev/video0",
            "srt://h:9000",
        ] {
            assert!(Address::is_live(live), "{live}");
        }
        for recorded in ["a.mp4", "file:///a.mp4", "./-", "dir:name/a.mkv", "@-"] {
            assert!(!Address::is_live(recorded), "{recorded}");
        }
        for wrong in ["rtsp://", "ftp://host/x", "rtsp//x"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
        assert_eq!(address("test:").name(), "test");
        assert_eq!(
            address("rtsp://u:p@cam.local/a/b?c=d").name(),
            "cam.local/a/b"
        );
    }
}
