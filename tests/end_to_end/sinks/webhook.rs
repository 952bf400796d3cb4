//! A small web server that takes rows, with TLS or without.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::Value;
use sonoscope_operators::Row;

use super::{
    compliance::compliance,
    house::{Guarded, House, Tls, free_port},
    row::row,
};

compliance!(Hook);

/// The segment that it answers with 422.
const STRANGE: i64 = 4242;

/// The server. It forgets nothing when it is stopped.
pub struct Hook {
    port: u16,
    inner: Arc<Inner>,
    config: Option<Arc<ServerConfig>>,
    is_open: Arc<AtomicBool>,
}

#[derive(Default)]
struct Inner {
    rows: Mutex<Vec<Value>>,
    requests: Mutex<Vec<(String, Vec<u8>)>>,
    is_hanging: AtomicBool,
    bearer: Option<&'static str>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Hook {
    fn new(bearer: Option<&'static str>, config: Option<Arc<ServerConfig>>) -> Self {
        let inner = Inner {
            bearer,
            ..Inner::default()
        };
        let mut hook = Self {
            port: free_port(),
            inner: Arc::new(inner),
            config,
            is_open: Arc::default(),
        };
        hook.start();
        hook
    }
}

impl House for Hook {
    fn open(_: &Path) -> Self {
        Self::new(None, None)
    }

    fn sink(&self) -> String {
        format!("uri = 'webhook+http://127.0.0.1:{}/rows?of=all'", self.port)
    }

    fn options(&self) -> String {
        "secret = 'hush-hush'\nbatch = 7".into()
    }

    fn stop(&mut self) {
        self.is_open.store(false, SeqCst);
        // The listener wakes up, sees that it is over, and is gone when a connection is refused.
        let address = (Ipv4Addr::LOCALHOST, self.port);
        while TcpStream::connect(address).is_ok() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn start(&mut self) {
        let is_open = Arc::new(AtomicBool::new(true));
        self.is_open = is_open.clone();
        let listener = loop {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)) {
                Ok(listener) => break listener,
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(error) => panic!("{error}"),
            }
        };
        let (inner, config) = (self.inner.clone(), self.config.clone());
        let listen = move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if !is_open.load(SeqCst) {
                    break;
                }
                let (inner, config, is_open) = (inner.clone(), config.clone(), is_open.clone());
                let serve = move || {
                    let stream: Box<dyn Stream> = match config {
                        None => Box::new(stream),
                        Some(config) => {
                            let connection = ServerConnection::new(config).unwrap();
                            Box::new(StreamOwned::new(connection, stream))
                        }
                    };
                    let _ = inner.serve(stream, &is_open);
                };
                thread::Builder::new().spawn(serve).unwrap();
            }
        };
        thread::Builder::new().spawn(listen).unwrap();
    }

    fn hang(&mut self, does: bool) {
        self.inner.is_hanging.store(does, SeqCst);
    }

    fn rows(&mut self) -> Vec<Value> {
        self.inner.rows.lock().unwrap().clone()
    }

    fn refused(&self) -> Option<Row> {
        Some(row("yard", STRANGE, Some(0.5)))
    }

    fn guarded(home: &Path) -> Option<Guarded<Self>> {
        let tls = Tls::new(home);
        let chain = CertificateDer::pem_slice_iter(&fs::read(&tls.certificate).unwrap())
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_file(&tls.key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let house = Self::new(Some("t0ken-of-mine"), Some(Arc::new(config)));
        let uri = format!("uri = 'webhook+https://localhost:{}/rows'", house.port);
        let ca = |path: &Path| format!("ca = '{}'", path.display());
        let (ours, other) = (ca(&tls.ca), ca(&tls.other_ca));
        let bearer = |token: &str| format!("bearer = '{token}'");
        Some(Guarded {
            good: (uri.clone(), format!("{ours}\n{}", bearer("t0ken-of-mine"))),
            bad: vec![
                (
                    uri.clone(),
                    format!("{ours}\n{}", bearer("t0ken-of-yours")),
                    "bearer",
                ),
                (
                    uri.clone(),
                    format!("{other}\n{}", bearer("t0ken-of-mine")),
                    "TLS",
                ),
                (uri, bearer("t0ken-of-mine"), "TLS"),
            ],
            secret: "t0ken-of-mine",
            house,
        })
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Inner {
    /// Answers requests until one side has enough.
    fn serve(&self, stream: Box<dyn Stream>, is_open: &AtomicBool) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let Some((head, body)) = request(&mut stream)? else {
                return Ok(());
            };
            while self.is_hanging.load(SeqCst) {
                thread::sleep(Duration::from_millis(5));
            }
            if !is_open.load(SeqCst) {
                return Ok(());
            }
            let status = self.answer(&head, &body);
            write!(
                stream.get_mut(),
                "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"
            )?;
            stream.get_mut().flush()?;
        }
    }

    fn answer(&self, head: &str, body: &[u8]) -> &'static str {
        let bearer = self
            .bearer
            .map(|token| format!("authorization: bearer {token}"));
        if bearer.is_some_and(|line| !head.to_lowercase().contains(&line)) {
            return "401 Unauthorized";
        }
        if head.starts_with("OPTIONS") {
            return "405 Method Not Allowed";
        }
        let rows: Vec<Value> = serde_json::from_slice(body).unwrap();
        if rows.iter().any(|row| row["segment"] == STRANGE) {
            return "422 Unprocessable Content";
        }
        let is_row = |row: &Value| row.get("segment").is_some();
        self.requests
            .lock()
            .unwrap()
            .push((head.to_owned(), body.to_vec()));
        self.rows
            .lock()
            .unwrap()
            .extend(rows.into_iter().filter(is_row));
        "204 No Content"
    }
}

/// The next request: its head, and its body. Nothing if there is none.
fn request(stream: &mut impl BufRead) -> io::Result<Option<(String, Vec<u8>)>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Ok(None);
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.eq_ignore_ascii_case("content-length")).then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(Some((head, body)))
}
