//! One connection through the proxy.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::{Shared, Way};

/// What is read at once, and how much of it waits at most.
const CHUNK_BYTES: usize = 16 * 1024;
const CHUNKS: usize = 64;

/// Lost bytes are lost a thousand at once.
const BLOCK_BYTES: u64 = 1000;

/// Both ends of a connection.
pub struct Link {
    pub client: TcpStream,
    target: OnceLock<TcpStream>,
    is_cut: AtomicBool,
}

/// Bytes, and when they were read.
type Chunk = (Instant, Vec<u8>);

impl Link {
    pub fn new(client: TcpStream) -> Self {
        Self {
            client,
            target: OnceLock::new(),
            is_cut: AtomicBool::new(false),
        }
    }

    /// Closes it. Whoever waits for the proxy's state has to be woken then.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
        for stream in [Some(&self.client), self.target.get()]
            .into_iter()
            .flatten()
        {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Waits for the first word of whoever looks.
    pub fn hear_something(&self) -> io::Result<()> {
        (&self.client).read(&mut [0; 1024]).map(drop)
    }

    /// Waits until whoever looks has gone.
    pub fn hear_out(&self) -> io::Result<()> {
        io::copy(&mut &self.client, &mut io::sink()).map(drop)
    }

    fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Acquire)
    }
}

/// Hands on both ways until one end closes.
pub fn relay(shared: &Shared, link: &Link) -> io::Result<()> {
    let target = TcpStream::connect(shared.target)?;
    let target = link.target.get_or_init(|| target);
    for stream in [&link.client, target] {
        stream.set_nodelay(true)?;
    }
    if link.is_cut() {
        return Ok(());
    }
    thread::scope(|scope| {
        let (requests, asked) = sync_channel(CHUNKS);
        let (answers, shown) = sync_channel(CHUNKS);
        let end = |_: io::Result<()>| {
            link.cut();
            // Not between a look at the state and the wait that follows from it.
            drop(shared.lock());
            shared.changed.notify_all();
        };
        spawn(scope, "proxy-asks", move || read(&link.client, requests));
        spawn(scope, "proxy-hands", move || {
            end(hand_on(shared, link, asked, target))
        });
        spawn(scope, "proxy-hears", move || read(target, answers));
        end(show(shared, link, shown));
    });
    Ok(())
}

fn spawn<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    name: &str,
    run: impl FnOnce() + Send + 'scope,
) {
    let builder = thread::Builder::new().name(name.into());
    builder.spawn_scoped(scope, run).unwrap();
}

/// Reads until there is no more, or nobody who wants it.
fn read(mut from: &TcpStream, to: SyncSender<Chunk>) {
    let mut bytes = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let chunk = (Instant::now(), bytes[..count].to_vec());
        if to.send(chunk).is_err() {
            break;
        }
    }
}

/// Requests to the camera. They come through unharmed.
fn hand_on(
    shared: &Shared,
    link: &Link,
    from: Receiver<Chunk>,
    mut to: &TcpStream,
) -> io::Result<()> {
    for (read_at, bytes) in from {
        if await_turn(shared, link, read_at).is_none() {
            break;
        }
        to.write_all(&bytes)?;
    }
    Ok(())
}

/// What comes from the camera.
fn show(shared: &Shared, link: &Link, from: Receiver<Chunk>) -> io::Result<()> {
    let mut position = 0;
    for (read_at, mut bytes) in from {
        let Some(way) = await_turn(shared, link, read_at) else {
            break;
        };
        let count = bytes.len() as u64;
        harm(way, position, &mut bytes);
        position += count;
        shared.count(bytes.len());
        (&link.client).write_all(&bytes)?;
    }
    Ok(())
}

/// Waits until a chunk may go on, and says how. None when the connection is cut.
fn await_turn(shared: &Shared, link: &Link, read_at: Instant) -> Option<Way> {
    let mut state = shared.lock();
    loop {
        if link.is_cut() || state.has_ended {
            return None;
        }
        let wait = match state.way {
            Way::Stalled => Duration::MAX,
            Way::Late(by) => by.saturating_sub(read_at.elapsed()),
            _ => Duration::ZERO,
        };
        match wait {
            Duration::ZERO => return Some(state.way),
            Duration::MAX => state = shared.wait(state),
            wait => state = shared.changed.wait_timeout(state, wait).unwrap().0,
        }
    }
}

/// Does to bytes at a position of the stream what the way has for them.
fn harm(way: Way, position: u64, bytes: &mut Vec<u8>) {
    let mut positions = position..;
    match way {
        Way::Lossy { one_in } => bytes.retain(|_| {
            // The range has no end.
            let position = positions.next().unwrap();
            (position / BLOCK_BYTES) % one_in != one_in - 1
        }),
        Way::Garbled { one_in } => {
            for (byte, position) in bytes.iter_mut().zip(positions) {
                if position % one_in == one_in - 1 {
                    *byte ^= 1 << (mixed(position) % 8);
                }
            }
        }
        _ => {}
    }
}

/// A number that has little to do with its neighbours' (SplitMix64's finish).
pub fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A thread with a name.
pub fn named(name: &str, run: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    let builder = thread::Builder::new().name(name.into());
    builder.spawn(run).unwrap()
}
