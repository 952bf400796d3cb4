//! Someone who always looks at a camera, so that it runs like one: what it sends is sent when it
//! is captured. GStreamer's server gets ready for the first who looks with packets that it then
//! holds back until they ask for more, and would send them late.
//!
//! Whoever that is asks for all tracks over TCP and reads what comes, unseen.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use super::pump::Plan;

/// A camera runs by then, on a slow machine that does other things as well.
const LIMIT: Duration = Duration::from_secs(20);

/// After so long what was held back has come, and the rest comes as it is captured.
const SETTLES: Duration = Duration::from_millis(200);

/// A server takes someone for gone who says nothing for a minute.
const WORD_EVERY: Duration = Duration::from_secs(20);

/// Looks until it is dropped.
pub struct Keeper {
    path: String,
    /// Tracks that are not late.
    at_once: usize,
    stream: TcpStream,
    begun: Receiver<()>,
    thread: Option<thread::JoinHandle<io::Result<()>>>,
}

impl Keeper {
    /// Begins to look at these tracks. `credentials` are `USER:PASSWORD` in base 64, or empty.
    pub fn of(port: u16, path: &str, plans: &[Plan], credentials: &str) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let (begins, begun) = sync_channel(plans.len());
        let is_late: Vec<_> = plans.iter().map(|plan| plan.late_ns > 0).collect();
        let at_once = is_late.iter().filter(|is_late| !**is_late).count();
        let mut talk = Talk {
            url: format!("rtsp://127.0.0.1:{port}{path}"),
            credentials: credentials.into(),
            session: String::new(),
            asked: 0,
            reader: BufReader::new(stream.try_clone().unwrap()),
        };
        let run = move || talk.look(&is_late, &begins);
        let builder = thread::Builder::new().name("camera-keeper".into());
        Self {
            path: path.into(),
            at_once,
            stream,
            begun,
            thread: Some(builder.spawn(run).unwrap()),
        }
    }

    /// Waits until each track that is not late comes as it is captured.
    pub fn wait(&self) {
        for _ in 0..self.at_once {
            let begun = self.begun.recv_timeout(LIMIT);
            begun.unwrap_or_else(|error| panic!("{}: {error}", self.path));
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // The server may have closed it.
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            // How it ended has no bearing on anything now.
            let _ = thread.join();
        }
    }
}

/// What is said to a server, and heard.
struct Talk {
    url: String,
    credentials: String,
    session: String,
    asked: u32,
    reader: BufReader<TcpStream>,
}

impl Talk {
    fn look(&mut self, is_late: &[bool], begins: &SyncSender<()>) -> io::Result<()> {
        let mut awaited = Vec::new();
        for (track, is_late) in is_late.iter().enumerate() {
            let (rtp, rtcp) = (2 * track, 2 * track + 1);
            awaited.extend((!is_late).then_some((rtp, None)));
            let transport = format!("Transport: RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}\r\n");
            self.ask("SETUP", &format!("/stream={track}"), &transport)?;
            self.session = self.hear_session()?;
        }
        self.ask("PLAY", "", "")?;
        let mut asked_at = Instant::now();
        loop {
            let channel = self.pass_over()?;
            awaited.retain_mut(|(awaited, first_at)| {
                let waits = channel != Some(*awaited)
                    || first_at.get_or_insert_with(Instant::now).elapsed() < SETTLES;
                if !waits {
                    // Nobody waits any more once it has been too long.
                    let _ = begins.try_send(());
                }
                waits
            });
            if asked_at.elapsed() > WORD_EVERY {
                self.ask("OPTIONS", "", "")?;
                asked_at = Instant::now();
            }
        }
    }

    fn ask(&mut self, what: &str, of: &str, headers: &str) -> io::Result<()> {
        self.asked += 1;
        let mut words = format!(
            "{what} {}{of} RTSP/1.0\r\nCSeq: {}\r\n",
            self.url, self.asked
        );
        words += headers;
        if !self.session.is_empty() {
            words += &format!("Session: {}\r\n", self.session);
        }
        if !self.credentials.is_empty() {
            words += &format!("Authorization: Basic {}\r\n", self.credentials);
        }
        words += "\r\n";
        self.reader.get_ref().write_all(words.as_bytes())
    }

    /// The session that an answer names.
    fn hear_session(&mut self) -> io::Result<String> {
        let mut session = None;
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let line = line.trim_end();
            if let Some(value) = line.strip_prefix("Session: ") {
                session = value.split(';').next().map(str::to_owned);
            }
            if line.is_empty() {
                let missing = || io::Error::other("no session");
                return session.ok_or_else(missing);
            }
        }
    }

    /// Reads a packet, and says of which channel, or a line of an answer.
    fn pass_over(&mut self) -> io::Result<Option<usize>> {
        let first = self.reader.fill_buf()?.first().copied();
        match first {
            Some(b'$') => {
                let mut head = [0; 4];
                self.reader.read_exact(&mut head)?;
                let length = u16::from_be_bytes([head[2], head[3]]);
                let mut packet = (&mut self.reader).take(length.into());
                io::copy(&mut packet, &mut io::sink())?;
                Ok(Some(head[1].into()))
            }
            Some(_) => self.reader.read_line(&mut String::new()).map(|_| None),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
