//! Whether a host that was away is there now, without asking anything of it.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::cameras::Address;

/// How often it is tried.
const EVERY: Duration = Duration::from_secs(2);

/// How long each step of it may take.
const ANSWER: Duration = Duration::from_millis(500);

/// What every RTSP server answers to, whoever asks.
const GREETING: &[u8] = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n";

/// A door that was found closed. When it opens, the source is tried at once and not only when the
/// wait is over, which may be half a minute after a long outage.
pub struct Door {
    address: SocketAddr,
    /// Whether it is open only when RTSP is spoken behind it. A server that hangs accepts
    /// connections and says nothing.
    speaks_rtsp: bool,
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
        Some(Self {
            address: resolve(host, url.port().unwrap_or(default))?,
            speaks_rtsp: url.scheme() == "rtsp",
            was_closed: false,
            next: Instant::now(),
        })
    }

    /// Whether it has opened since it was last found closed; told once. Takes a while now and then.
    pub fn has_opened(&mut self) -> bool {
        if Instant::now() < self.next {
            return false;
        }
        self.next = Instant::now() + EVERY;
        let is_open = self.is_open().unwrap_or(false);
        let was_closed = std::mem::replace(&mut self.was_closed, !is_open);
        is_open && was_closed
    }

    fn is_open(&self) -> io::Result<bool> {
        let mut line = TcpStream::connect_timeout(&self.address, ANSWER)?;
        if !self.speaks_rtsp {
            return Ok(true);
        }
        line.set_read_timeout(Some(ANSWER))?;
        line.set_write_timeout(Some(ANSWER))?;
        line.write_all(GREETING)?;
        let mut answer = [0; 16];
        let length = line.read(&mut answer)?;
        Ok(answer[..length].starts_with(b"RTSP/"))
    }
}

/// Where a host is. The system may take its time over a name, and nobody waits for it that long.
fn resolve(host: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some((ip, port).into());
    }
    let (found, wait) = mpsc::sync_channel(1);
    let host = host.to_owned();
    let look_up = move || {
        let addresses = (host.as_str(), port).to_socket_addrs();
        let first = addresses.ok().and_then(|mut addresses| addresses.next());
        // Whoever asked may have gone.
        let _ = found.send(first);
    };
    let thread = thread::Builder::new().name("resolve".into()).spawn(look_up);
    thread.ok()?;
    wait.recv_timeout(ANSWER).ok()?
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn knock(door: &mut Door) -> bool {
        door.next = Instant::now();
        door.has_opened()
    }

    fn door(scheme: &str, address: SocketAddr) -> Door {
        Door::of(&format!("{scheme}://{address}/").parse().unwrap()).unwrap()
    }

    /// Takes one connection and says this to whoever greets.
    fn answer(listener: &TcpListener, word: &[u8]) {
        let mut line = listener.accept().unwrap().0;
        let mut greeting = [0; GREETING.len()];
        line.read_exact(&mut greeting).unwrap();
        line.write_all(word).unwrap();
    }

    #[test]
    fn a_door_that_opens_is_noticed_and_one_that_was_open_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut door = door("http", address);
        assert!(!knock(&mut door), "it was never closed");
        drop(listener);
        assert!(!knock(&mut door));
        let _listener = TcpListener::bind(address).unwrap();
        assert!(knock(&mut door));
        assert!(!knock(&mut door), "that is known");
    }

    #[test]
    fn behind_an_open_door_rtsp_has_to_be_spoken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut door = door("rtsp", listener.local_addr().unwrap());
        let mut knock_and_hear = |word: &[u8]| {
            thread::scope(|scope| {
                scope.spawn(|| answer(&listener, word));
                knock(&mut door)
            })
        };
        assert!(!knock_and_hear(b"RTSP/1.0 200 OK\r\n\r\n"), "it was open");
        assert!(!knock_and_hear(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
        assert!(knock_and_hear(b"RTSP/1.0 401 Unauthorized\r\n\r\n"));
    }

    #[test]
    fn a_name_that_means_nothing_has_no_door() {
        assert_eq!(resolve("::1", 7), Some("[::1]:7".parse().unwrap()));
        assert!(resolve("localhost", 7).is_some_and(|found| found.ip().is_loopback()));
        assert_eq!(resolve("no-such-host.invalid", 7), None);
    }
}
