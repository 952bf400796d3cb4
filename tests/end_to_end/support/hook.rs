//! A web server that takes what a `webhook+http://` sink delivers.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;

/// Takes everything until the program ends.
pub struct Hook {
    address: SocketAddr,
    letters: Arc<Mutex<Vec<Value>>>,
}

impl Hook {
    /// One that nothing has reached yet.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let letters = Arc::<Mutex<Vec<Value>>>::default();
        let taken = letters.clone();
        named("hook", move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let taken = taken.clone();
                // Whoever delivers hangs up when it likes.
                named("delivery", move || drop(serve(&stream, &taken)));
            }
        });
        Self { address, letters }
    }

    /// Its sink.
    pub fn uri(&self) -> String {
        format!("webhook+http://{}/", self.address)
    }

    /// All that has come, in order.
    pub fn letters(&self) -> Vec<Value> {
        self.letters.lock().unwrap().clone()
    }

    /// What a view answers, by key, to whoever has followed all its changes.
    pub fn answers(&self, view: &str) -> BTreeMap<String, Value> {
        self.followed(view, |letter| {
            panic!("nobody has said what is taken back: {letter}")
        })
    }

    /// The same where the program was killed, so that it may say again what it said before.
    pub fn answers_after_kills(&self, view: &str) -> BTreeMap<String, Value> {
        self.followed(view, |_| {})
    }

    fn followed(&self, view: &str, unsaid: impl Fn(&Value)) -> BTreeMap<String, Value> {
        let mut answers = BTreeMap::new();
        for letter in self.letters().into_iter().filter(|l| l["kind"] == view) {
            let key = letter["key"].as_str().unwrap().to_owned();
            if letter["holds"].as_bool().unwrap() {
                answers.insert(key, letter["answer"].clone());
            } else if answers.remove(&key).is_none() {
                unsaid(&letter);
            }
        }
        answers
    }
}

fn serve(stream: &TcpStream, taken: &Mutex<Vec<Value>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some((is_delivery, body)) = request(&mut reader)? {
        if is_delivery {
            let letters: Vec<Value> = serde_json::from_slice(&body)?;
            taken.lock().unwrap().extend(letters);
        }
        writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
    Ok(())
}

/// Whether the next request delivers something, and its body; nothing if there is none.
fn request(reader: &mut impl BufRead) -> io::Result<Option<(bool, Vec<u8>)>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.eq_ignore_ascii_case("content-length")).then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(Some((head.starts_with("POST"), body)))
}

fn named(name: &str, run: impl FnOnce() + Send + 'static) {
    let builder = thread::Builder::new().name(name.into());
    builder.spawn(run).unwrap();
}
