//! Where the interface listens, as people write it.

use std::{
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
};

/// An address and a port, or a port alone, which is then one of this machine's own.
///
/// ```
/// # use sonoscope::server::Listen;
/// assert_eq!("8080".parse::<Listen>().unwrap().0.to_string(), "127.0.0.1:8080");
/// assert_eq!("[::]:80".parse::<Listen>().unwrap().0.to_string(), "[::]:80");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

/// Why something is no address to listen on.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no ADDRESS:PORT (tip: 8080 for this machine alone, 0.0.0.0:8080 for others)")]
pub struct NoListen(String);

impl FromStr for Listen {
    type Err = NoListen;

    fn from_str(text: &str) -> Result<Self, NoListen> {
        let of_port = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let address = text.parse().or_else(|_| text.parse().map(of_port));
        address.map(Self).map_err(|_| NoListen(text.to_owned()))
    }
}
