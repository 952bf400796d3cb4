//! A server on this machine that answers as a test wants it to, badly as a rule.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What is sent for a request.
pub enum Answer {
    /// These bytes, and the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, and nothing more until whoever asked goes.
    Silence(Vec<u8>),
    /// These bytes, and the second ones over and over until whoever asked goes.
    Endless(Vec<u8>, Vec<u8>),
}

/// Answers until the program ends.
pub struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// One that gives this answer to the head of a request.
    pub fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            heads: Arc::default(),
        };
        let (heads, answer) = (server.heads.clone(), Arc::new(answer));
        named("server", move || {
            for stream in listener.incoming() {
                let (heads, answer) = (heads.clone(), answer.clone());
                named("connection", move || {
                    let mut stream = stream.unwrap();
                    let head = head(&stream);
                    heads.lock().unwrap().push(head.clone());
                    // Whoever asked may go at any time.
                    let _ = give(&mut stream, answer(&head));
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        server
    }

    /// Of a folder on it.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// A status, headers that end with a newline each, and a body.
pub fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let headers = headers.replace('\n', "\r\n");
    let mut bytes = format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The whole of a body.
pub fn whole(body: &[u8]) -> Answer {
    let length = format!("Content-Length: {}\n", body.len());
    Answer::Bytes(response("200 OK", &length, body))
}

/// The request up to its empty line.
fn head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines();
    let lines: Vec<_> = (lines.map_while(Result::ok))
        .take_while(|line| !line.is_empty())
        .collect();
    lines.join("\n").to_lowercase()
}

fn give(stream: &mut TcpStream, answer: Answer) -> std::io::Result<()> {
    match answer {
        Answer::Bytes(bytes) => stream.write_all(&bytes),
        Answer::Silence(bytes) => {
            stream.write_all(&bytes)?;
            std::io::copy(stream, &mut std::io::sink()).map(drop)
        }
        Answer::Endless(bytes, more) => {
            stream.write_all(&bytes)?;
            loop {
                stream.write_all(&more)?;
            }
        }
    }
}

fn named(name: &str, run: impl FnOnce() + Send + 'static) {
    let builder = thread::Builder::new().name(name.into());
    builder.spawn(run).unwrap();
}
