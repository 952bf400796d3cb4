//! Which addresses files may be fetched from: HTTPS ones, and this machine itself.

use thiserror::Error;
use ureq::{
    Body,
    http::{Response, header},
};
use url::{Host, Url};

/// Why files are not fetched from an address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadAddress {
    /// It is no URL.
    #[error("is no URL: {0}")]
    NotOne(url::ParseError),
    /// Anyone on the way could read and change what comes from there.
    #[error("is not https")]
    Unsafe,
    /// A password would end up in messages and in the network's card.
    #[error("has a user name or password in it")]
    Secret,
    /// File names cannot be added to it.
    #[error("has a query or fragment")]
    NotABase,
}

/// The address of a folder: file names are added to it.
///
/// # Errors
/// When it is no address that files may be fetched from.
pub fn base(text: &str) -> Result<Url, BadAddress> {
    let text = format!("{}/", text.trim_end_matches('/'));
    let url = Url::parse(&text).map_err(BadAddress::NotOne)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadAddress::Secret);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BadAddress::NotABase);
    }
    if !is_safe(&url) {
        return Err(BadAddress::Unsafe);
    }
    Ok(url)
}

/// Of a file in a folder.
///
/// # Errors
/// When the name is none.
pub fn address(base: &Url, file: &str) -> Result<Url, BadAddress> {
    base.join(file).map_err(BadAddress::NotOne)
}

/// Where an answer sends on to, if it is as safe as where it came from.
pub(super) fn redirected(from: &Url, answer: &Response<Body>) -> Option<Url> {
    let location = answer.headers().get(header::LOCATION)?.to_str().ok()?;
    let to = from.join(location).ok()?;
    let is_step_down = from.scheme() == "https" && to.scheme() != "https";
    (is_safe(&to) && !is_step_down).then_some(to)
}

fn is_safe(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Whether it is this machine itself.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine() {
        for good in [
            "https://example.org/a/b",
            "http://127.0.0.1:80",
            "http://[::1]/",
            "http://localhost:1/x/",
        ] {
            let url = base(good).unwrap();
            assert!(address(&url, "f.pt").unwrap().path().ends_with("/f.pt"));
        }
        for (bad, why) in [
            ("http://example.org/", BadAddress::Unsafe),
            ("http://localhost.example.org/", BadAddress::Unsafe),
            ("ftp://127.0.0.1/", BadAddress::Unsafe),
            ("file:///tmp", BadAddress::Unsafe),
            ("https://me:secret@example.org/", BadAddress::Secret),
            ("https://example.org/?a=b", BadAddress::NotABase),
        ] {
            assert_eq!(base(bad), Err(why), "{bad}");
        }
        assert!(matches!(base("weights"), Err(BadAddress::NotOne(_))));
    }
}
