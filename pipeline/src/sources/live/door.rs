//! Whether a host that did not answer answers now, without asking anything of it.

use std::{
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::{Duration, Instant},
};

use crate::cameras::Address;

/// How often it is tried.
const EVERY: Duration = Duration::from_secs(2);

/// How long it may take.
const ANSWER: Duration = Duration::from_millis(500);

/// A door that was found closed. When it opens, the source is tried at once and not only when the
/// wait is over, which may be half a minute after a long outage.
pub struct Door {
    address: SocketAddr,
    was_closed: bool,
    next: Instant,
}

impl Door {
    /// The door of an address, where it has one.
    pub fn of(address: &Address) -> Option<Self> {
        let url = address.exposed()?;
        let default = match url.scheme() {
            "rtsp" => 554,
            "rtsps" => 322,
            "rtmp" => 1935,
            "http" => 80,
            "https" | "rtmps" => 443,
            // They do not use TCP, or no network at all.
            _ => return None,
        };
        let host = url.host_str()?.trim_matches(['[', ']']);
        let address = (host, url.port().unwrap_or(default))
            .to_socket_addrs()
            .ok()?
            .next()?;
        Some(Self {
            address,
            was_closed: false,
            next: Instant::now(),
        })
    }

    /// Whether it has opened since it was found closed. Takes a while now and then.
    pub fn has_opened(&mut self) -> bool {
        if Instant::now() < self.next {
            return false;
        }
        self.next = Instant::now() + EVERY;
        let is_open = TcpStream::connect_timeout(&self.address, ANSWER).is_ok();
        let has_opened = is_open && self.was_closed;
        self.was_closed |= !is_open;
        has_opened
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_door_that_opens_is_noticed_and_one_that_was_open_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut door = Door::of(&format!("rtsp://{address}/").parse().unwrap()).unwrap();
        assert!(!door.has_opened(), "it was never closed");
        drop(listener);
        door.next = Instant::now();
        assert!(!door.has_opened());
        let _listener = TcpListener::bind(address).unwrap();
        door.next = Instant::now();
        assert!(door.has_opened());
    }
}
