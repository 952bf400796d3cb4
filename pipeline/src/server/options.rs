//! How the interface is opened.

use std::net::SocketAddr;

use super::Token;
use crate::fault::Fault;

/// Where the interface listens, and whom it answers.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What a request has to bring. Without one, only this machine is answered.
    pub token: Option<Token>,
}

impl Options {
    /// Whether it may be opened so.
    ///
    /// # Errors
    /// When others reach the address and there is no token.
    pub fn check(&self) -> Result<(), Fault> {
        if self.listen.ip().is_loopback() || self.token.is_some() {
            return Ok(());
        }
        Err(Fault::usage(format!(
            "others than this machine reach {}, and there is no token to keep them out",
            self.listen
        ))
        .tip("give one with --token-file FILE or SONOSCOPE_TOKEN, or listen on 127.0.0.1"))
    }
}
