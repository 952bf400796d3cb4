//! Links among the processes, made before the dataflow begins.
//!
//! A process dials those with lower numbers and waits for those with higher ones. Timely would
//! do so itself, but asks nobody who he is, and waits for ever.

use std::{
    collections::HashSet,
    fmt::Write as _,
    io,
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use socket2::{SockRef, TcpKeepalive};

use super::{
    hello::{self, Hello, HelloError, Kind, Terms},
    hosts::Hosts,
    line::LOST_AFTER,
    secret::Secret,
};
use crate::{fault::Fault, sources::Stop};

/// Time between two tries to reach a process that is not there.
const RETRY: Duration = Duration::from_millis(500);

/// How often whoever waits asks whether the run goes on.
const POLL: Duration = Duration::from_millis(100);

/// Strangers that may be listened to at the same time.
const MOST_GREETINGS: usize = 64;

/// Clocks further apart than this are told.
const CLOCKS_APART_MS: u64 = 2_000;

/// Which process of which cluster this is.
#[derive(Clone, Debug)]
pub struct Place {
    /// All of them.
    pub hosts: Hosts,
    /// This one's number.
    pub process: usize,
    /// What they know each other by.
    pub secret: Secret,
    /// How long they wait for each other.
    pub within: Duration,
}

/// The links of a process.
#[derive(Debug)]
pub struct Links {
    /// For the dataflow: to each other process, and nothing to itself.
    pub data: Vec<Option<TcpStream>>,
    /// Between process 0 and each other: on 0 to all others, elsewhere to 0 alone.
    pub control: Vec<Option<TcpStream>>,
    /// What is to be added to the own clock to have that of process 0, in milliseconds.
    pub clock_offset_ms: i64,
}

/// A link that is made.
struct Link {
    process: usize,
    kind: Kind,
    socket: TcpStream,
    /// Its clock less the own, in milliseconds.
    ahead_ms: i64,
}

impl Place {
    /// Links this process to all others.
    ///
    /// # Errors
    /// When the own address cannot be listened on, one refuses this process, one is not there in
    /// time, or the run is stopped.
    pub fn link(&self, terms: &Terms, stop: &Stop) -> Result<Links, Fault> {
        let own = self.hosts.own(self.process)?;
        let door = TcpListener::bind(own).map_err(|error| {
            Fault::environment(format!("cannot listen on {own}: {error}"))
                .tip("is this process already running, or is its number that of another?")
        })?;
        let (links, made) = mpsc::sync_channel(2 * self.hosts.count());
        let (faults, failed) = mpsc::sync_channel(self.hosts.count());
        let is_over = Arc::new(AtomicBool::new(false));
        let doing = Doing {
            place: self.clone(),
            terms: terms.clone(),
            links,
            until: Instant::now() + self.within,
            is_over: is_over.clone(),
            taken: Arc::default(),
            refusal: Arc::default(),
        };
        door.set_nonblocking(true).map_err(Fault::environment)?;
        let waiting = doing.clone();
        spawn(move || waiting.wait(&door))?;
        for process in 0..self.process {
            let (dialing, faults) = (doing.clone(), faults.clone());
            spawn(move || {
                if let Err(fault) = dialing.dial_all(process) {
                    let _ = faults.send(fault);
                }
            })?;
        }
        let gathered = self.gather(&made, &failed, &doing, stop);
        is_over.store(true, Ordering::Relaxed);
        gathered
    }

    fn gather(
        &self,
        made: &Receiver<Link>,
        failed: &Receiver<Fault>,
        doing: &Doing,
        stop: &Stop,
    ) -> Result<Links, Fault> {
        let count = self.hosts.count();
        let mut links = Links {
            data: (0..count).map(|_| None).collect(),
            control: (0..count).map(|_| None).collect(),
            clock_offset_ms: 0,
        };
        while let missing = links.missing(self.process)
            && !missing.is_empty()
        {
            if let Ok(fault) = failed.try_recv() {
                return Err(fault);
            }
            if stop.is_raised() {
                return Err(Fault::environment(
                    "stopped before all processes were there",
                ));
            }
            if Instant::now() >= doing.until {
                return Err(self.not_there(&missing, doing));
            }
            match made.recv_timeout(POLL) {
                Ok(link) => links.put(link),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
        Ok(links)
    }

    fn not_there(&self, missing: &[usize], doing: &Doing) -> Fault {
        let named = missing.iter().map(|process| {
            let address = self.hosts.of(*process);
            format!("process {process} ({address})")
        });
        let mut cause = format!(
            "{} did not appear within {} s",
            named.collect::<Vec<_>>().join(", "),
            self.within.as_secs()
        );
        let refusal = doing.refusal.lock();
        if let Some(refusal) = &*refusal.unwrap_or_else(PoisonError::into_inner) {
            let _ = write!(cause, "; {refusal}");
        }
        Fault::environment(cause).tip(
            "start it with the same hosts file; `sonoscope cluster check` tries the links; \
             --peers-within waits longer",
        )
    }
}

impl Links {
    /// The processes to which a link is missing.
    fn missing(&self, own: usize) -> Vec<usize> {
        let others = (0..self.data.len()).filter(|process| *process != own);
        let is_missing = |process: &usize| {
            let wants_control = own == 0 || *process == 0;
            self.data[*process].is_none() || wants_control && self.control[*process].is_none()
        };
        others.filter(is_missing).collect()
    }

    fn put(&mut self, link: Link) {
        let links = match link.kind {
            Kind::Data => &mut self.data,
            Kind::Control => &mut self.control,
        };
        if link.process == 0 && link.kind == Kind::Control {
            self.clock_offset_ms = link.ahead_ms;
        }
        links[link.process] = Some(link.socket);
    }
}

/// What the threads that make links share.
#[derive(Clone)]
struct Doing {
    place: Place,
    terms: Terms,
    links: SyncSender<Link>,
    until: Instant,
    is_over: Arc<AtomicBool>,
    /// Who has been taken.
    taken: Arc<Mutex<HashSet<(usize, Kind)>>>,
    /// Why somebody was not, last.
    refusal: Arc<Mutex<Option<String>>>,
}

impl Doing {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed) || Instant::now() >= self.until
    }

    /// Makes the links to a process with a lower number.
    fn dial_all(&self, process: usize) -> Result<(), Fault> {
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
    fn wait(&self, door: &TcpListener) {
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
                tracing::warn!("a connection from {from} was not taken: {error}");
                let told = format!("a connection from {from} was not taken: {error}");
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
fn now_ms() -> u64 {
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

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
    let thread = thread::Builder::new().name("cluster links".into());
    thread.spawn(work).map_err(Fault::environment)?;
    Ok(())
}
