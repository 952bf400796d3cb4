//! A bad line between a camera and whoever looks at it: a TCP proxy that does harm when told to.
//!
//! Harm is done to what comes from the camera, and is a function of the position in the stream, so
//! that it is the same each time. RTSP goes through it where its media are interleaved (over TCP).

mod link;

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use link::Link;
pub use link::named;

/// What becomes of connections, and of what is on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// They are handed on.
    Open,
    /// New ones are refused. Those that are there stay; see [`Proxy::cut`].
    Closed,
    /// They stay, and nothing is handed on either way.
    Stalled,
    /// All comes later by this.
    Late(Duration),
    /// Of so many thousands of bytes one thousand is missing.
    Lossy { one_in: u64 },
    /// Of so many bytes one has a bit that is wrong.
    Garbled { one_in: u64 },
    /// New ones are taken, and never answered.
    Mute,
    /// New ones are answered with noise, and closed.
    Noise,
    /// New ones are answered with headers that do not end.
    EndlessHead,
}

/// It hands on until it is dropped; then the port is free and all its threads have ended.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listens: Option<thread::JoinHandle<()>>,
}

struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
    /// Bytes that were sent to those who look.
    sent_bytes: AtomicU64,
}

struct State {
    way: Way,
    is_listening: bool,
    has_ended: bool,
    connections: usize,
    links: Vec<(Arc<Link>, thread::JoinHandle<()>)>,
}

impl Proxy {
    /// One before a port of this machine.
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target: (Ipv4Addr::LOCALHOST, port).into(),
            state: Mutex::new(State {
                way: Way::Open,
                is_listening: true,
                has_ended: false,
                connections: 0,
                links: Vec::new(),
            }),
            changed: Condvar::new(),
            sent_bytes: AtomicU64::new(0),
        });
        let run = {
            let shared = shared.clone();
            move || shared.listen(address, listener)
        };
        Self {
            address,
            shared,
            listens: Some(named("proxy", run)),
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// From now on it goes this way. When this returns, the port is closed or open as it says.
    pub fn set(&self, way: Way) {
        let mut state = self.shared.lock();
        state.way = way;
        self.shared.changed.notify_all();
        let listens = way != Way::Closed;
        if state.is_listening && !listens {
            drop(state);
            self.poke();
            state = self.shared.lock();
        }
        while state.is_listening != listens {
            state = self.shared.wait(state);
        }
    }

    /// Closes all connections that there are.
    pub fn cut(&self) {
        for (link, _) in &self.shared.lock().links {
            link.cut();
        }
        self.shared.changed.notify_all();
    }

    /// How many connections have been taken so far.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }

    /// How many bytes have been sent to those who look.
    pub fn sent_bytes(&self) -> u64 {
        self.shared.sent_bytes.load(Ordering::Relaxed)
    }

    /// Wakes the thread that waits for connections, if it does.
    fn poke(&self) {
        // Where nobody listens, nobody waits.
        let _ = TcpStream::connect(self.address);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.lock().has_ended = true;
        self.cut();
        self.poke();
        if let Some(thread) = self.listens.take() {
            // A panic of it has been told by now.
            let _ = thread.join();
        }
        let links = std::mem::take(&mut self.shared.lock().links);
        for (link, thread) in links {
            link.cut();
            self.shared.changed.notify_all();
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap()
    }

    fn listen(self: &Arc<Self>, address: SocketAddr, listener: TcpListener) {
        let mut listener = Some(listener);
        loop {
            let stream = listener.as_ref().map(TcpListener::accept);
            let mut state = self.lock();
            if state.has_ended {
                return;
            }
            if state.way == Way::Closed {
                listener = None;
                state.is_listening = false;
                self.changed.notify_all();
                while state.way == Way::Closed && !state.has_ended {
                    state = self.wait(state);
                }
            } else if let Some(stream) = stream {
                state.take(self, stream.unwrap().0);
            }
            if listener.is_none() && !state.has_ended {
                listener = Some(TcpListener::bind(address).unwrap());
                state.is_listening = true;
                self.changed.notify_all();
            }
        }
    }

    fn count(&self, bytes: usize) {
        self.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl State {
    fn take(&mut self, shared: &Arc<Shared>, client: TcpStream) {
        self.connections += 1;
        self.links.retain(|(_, thread)| !thread.is_finished());
        let link = Arc::new(Link::new(client));
        let (shared, of_thread, way) = (shared.clone(), link.clone(), self.way);
        let run = move || {
            // Either side may go at any time.
            let _ = match way {
                Way::Mute => of_thread.hear_out(),
                Way::Noise => shared.answer_with_noise(&of_thread),
                Way::EndlessHead => shared.answer_without_end(&of_thread),
                _ => link::relay(&shared, &of_thread),
            };
            of_thread.cut();
        };
        self.links.push((link, named("proxy-link", run)));
    }
}

impl Shared {
    fn answer_with_noise(&self, link: &Link) -> io::Result<()> {
        link.hear_something()?;
        let noise: Vec<u8> = (0..65_536)
            .map(|position| link::mixed(position) as u8)
            .collect();
        (&link.client).write_all(&noise)?;
        self.count(noise.len());
        Ok(())
    }

    fn answer_without_end(&self, link: &Link) -> io::Result<()> {
        link.hear_something()?;
        let mut words = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n".to_vec();
        loop {
            (&link.client).write_all(&words)?;
            self.count(words.len());
            words = format!("X-More: {}\r\n", "more ".repeat(200)).into_bytes();
        }
    }
}
