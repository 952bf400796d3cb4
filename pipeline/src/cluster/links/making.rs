//! The making of links: dialling, and answering the door.

use std::{
    collections::HashSet,
    io,
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc::SyncSender,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use socket2::{SockRef, TcpKeepalive};

use super::{
    super::{
        hello::{self, Hello, HelloError, Kind, Terms},
        line::LOST_AFTER,
    },
    Link, POLL, Place, spawn,
};
use crate::fault::Fault;

/// Time between two tries to reach a process that is not there.
const RETRY: Duration = Duration::from_millis(500);

/// Strangers that may be listened to at the same time.
const MOST_GREETINGS: usize = 64;

/// Clocks further apart than this are told.
const CLOCKS_APART_MS: u64 = 2_000;

/// What the threads that make links share.
#[derive(Clone)]
pub(super) struct Making {
    pub place: Place,
    pub terms: Terms,
    pub links: SyncSender<Link>,
    pub until: Instant,
    pub is_over: Arc<AtomicBool>,
    /// Who has been taken.
    pub taken: Arc<Mutex<HashSet<(usize, Kind)>>>,
    /// Why somebody was not, last.
    pub refusal: Arc<Mutex<Option<String>>>,
}

impl Making {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed) || Instant::now() >= self.until
    }

    /// Makes the links to a process with a lower number.
    pub fn dial_all(&self, process: usize) -> Result<(), Fault> {
        let kinds = match process {
            0 => &[Kind::Data, Kind::Control][..],
            _ => &[Kind::Data],
        };
        for kind in kinds {
            self.dial(process, *kind)?;
        }
        Ok(())
    }

    fn dial(&self, process: usize, kind: Kind) -> Result<(), Fault> {
        let address = self.place.hosts.of(process);
        while !self.is_over() {
            let greeted = connect(address)
                .map_err(HelloError::from)
                .and_then(|socket| {
                    let hello = Hello {
                        process: self.place.process,
                        kind,
                        now_ms: now_ms(),
                        terms: self.terms.clone(),
                    };
                    hello::dial(&socket, &self.place.secret, &hello).map(|theirs| (socket, theirs))
                });
            match greeted {
                Ok((socket, theirs)) => {
                    self.linked(process, kind, socket, theirs);
                    return Ok(());
                }
                Err(HelloError::Broken(cause)) => {
                    tracing::debug!("process {process} ({address}): {cause}");
                    thread::sleep(RETRY);
                }
                Err(error) => {
                    return Err(
                        Fault::usage(format!("process {process} ({address}): {error}")).tip(
                            "all processes need the same program, options and secret, and \
                              each a number of its own",
                        ),
                    );
                }
            }
        }
        Ok(())
    }

    /// Takes those with higher numbers in, each greeted on a thread of its own: whoever is silent
    /// holds nobody else up.
    pub fn wait(&self, door: &TcpListener) {
        let greetings = Arc::new(());
        while !self.is_over() {
            let socket = match door.accept() {
                Ok((socket, _)) => socket,
                Err(_) => {
                    thread::sleep(POLL);
                    continue;
                }
            };
            if Arc::strong_count(&greetings) > MOST_GREETINGS {
                continue;
            }
            let (this, greeting) = (self.clone(), greetings.clone());
            let _ = spawn(move || {
                this.greet(socket);
                drop(greeting);
            });
        }
    }

    fn greet(&self, socket: TcpStream) {
        let from = socket
            .peer_addr()
            .map_or("nobody".into(), |from| from.to_string());
        let ready = socket
            .set_nonblocking(false)
            .and_then(|()| made_ready(&socket));
        let greeted = ready
            .map_err(HelloError::from)
            .and_then(|()| hello::listen(&socket, &self.place.secret, |hello| self.judge(hello)));
        match greeted {
            Ok(Hello {
                process,
                kind,
                now_ms: theirs,
                ..
            }) => {
                self.linked(process, kind, socket, theirs);
            }
            Err(error) => {
                let _ = socket.shutdown(Shutdown::Both);
                let told = format!("a connection from {from} was not taken: {error}");
                tracing::warn!("{told}");
                *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
            }
        }
    }

    fn linked(&self, process: usize, kind: Kind, socket: TcpStream, theirs_ms: u64) {
        let ahead_ms = theirs_ms as i64 - now_ms() as i64;
        if ahead_ms.unsigned_abs() > CLOCKS_APART_MS && kind == Kind::Data {
            tracing::warn!(
                "the clock of process {process} is {:+.1} s from this one's",
                ahead_ms as f64 / 1000.0
            );
        }
        let _ = self.links.send(Link {
            process,
            kind,
            socket,
            ahead_ms,
        });
    }

    fn judge(&self, hello: &Hello) -> hello::Verdict {
        let (own, count) = (self.place.process, self.place.hosts.count());
        let process = hello.process;
        if let Some(told) = hello::differs((own, &self.terms), (process, &hello.terms)) {
            return Err(told);
        }
        if process <= own || process >= count {
            return Err(format!(
                "there can be no process {process} that dials process {own}"
            ));
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.insert((process, hello.kind)) {
            true => Ok(now_ms()),
            false => Err(format!("there is a process {process} already")),
        }
    }
}

/// The clock, in milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| since.as_millis() as u64)
}

fn connect(address: &str) -> io::Result<TcpStream> {
    use std::net::ToSocketAddrs as _;
    let Some(address) = address.to_socket_addrs()?.next() else {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no such host"));
    };
    let socket = TcpStream::connect_timeout(&address, hello::PATIENCE)?;
    made_ready(&socket)?;
    Ok(socket)
}

/// Nothing waits for more to send, and whoever is silently gone is noticed.
fn made_ready(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let probes = TcpKeepalive::new()
        .with_time(Duration::from_secs(2))
        .with_interval(Duration::from_secs(1))
        .with_retries(4);
    SockRef::from(socket).set_tcp_keepalive(&probes)?;
    SockRef::from(socket).set_tcp_user_timeout(Some(LOST_AFTER))
}
