//! What the suite needs of a receiver.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;
use sonoscope_operators::Row;
use tokio::runtime::{Builder, Runtime};

use crate::support::program::tool;

/// A real receiver, which has a folder of its own and is gone when it is dropped.
pub trait House: Sized {
    /// Whether nothing may arrive twice.
    const EXACTLY_ONCE: bool = false;

    /// Starts one, and takes note of all that arrives from now on.
    fn open(home: &Path) -> Self;

    /// The `uri = ...` line of a `[[sink]]` table that leads to it, and whatever else belongs there
    /// before its sub-tables.
    fn sink(&self) -> String;

    /// Its `[sink.options]`, a line each.
    fn options(&self) -> String {
        String::new()
    }

    /// It goes away. What it has taken for sure, it keeps.
    fn stop(&mut self);

    /// It is back, at the same address.
    fn start(&mut self);

    /// It answers nothing from now on, or answers again.
    fn hang(&mut self, does: bool);

    /// The rows that have arrived, in order.
    fn rows(&mut self) -> Vec<Value>;

    /// A row that it will never take.
    fn refused(&self) -> Option<Row> {
        None
    }

    /// A house with TLS that asks who comes: with the table that is let in, and others, each with a
    /// word of why it is not.
    fn guarded(home: &Path) -> Option<Guarded<Self>> {
        let _ = home;
        None
    }
}

/// A house with a door.
pub struct Guarded<H> {
    /// The house.
    pub house: H,
    /// The table that is let in: first lines, then options.
    pub good: (String, String),
    /// Those that are not, and what is said.
    pub bad: Vec<(String, String, &'static str)>,
    /// What nobody may read.
    pub secret: &'static str,
}

/// A port that nobody has.
pub fn free_port() -> u16 {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    free.local_addr().unwrap().port()
}

/// For clients that are asynchronous.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().unwrap()
    })
}

/// A server of its own process, ended when it is dropped.
pub struct Server {
    command: Box<dyn Fn() -> Command + Send>,
    child: Option<Child>,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts one that is ready when its port is open.
    pub fn start(home: &Path, port: u16, command: impl Fn() -> Command + Send + 'static) -> Self {
        let mut server = Self {
            command: Box::new(command),
            child: None,
            port,
            log: home.join("server.log"),
        };
        server.run();
        server
    }

    /// Starts it again.
    pub fn run(&mut self) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        let mut command = (self.command)();
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        // A group of its own: what it starts is ended with it.
        let started = command.process_group(0).spawn();
        let name = command.get_program().display();
        self.child = Some(started.unwrap_or_else(|error| {
            panic!("cannot start {name}: {error} (tip: install it with apt-get)")
        }));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(address).is_err() {
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(Instant::now() < end, "no server at {address}: {}", log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends all its processes a signal.
    pub fn signal(&self, name: &str) {
        if let Some(child) = &self.child {
            tool(
                "kill",
                [format!("-{name}"), "--".into(), format!("-{}", child.id())],
            );
        }
    }

    /// The processes that it has started, for servers that put each in a group of its own.
    pub fn children(&self) -> Vec<String> {
        let Some(child) = &self.child else {
            return Vec::new();
        };
        let listed = Command::new("pgrep")
            .args(["-P", &child.id().to_string()])
            .output()
            .unwrap_or_else(|error| panic!("pgrep: {error}; run `make setup`"));
        let listed = String::from_utf8(listed.stdout).unwrap();
        listed.lines().map(str::to_owned).collect()
    }

    /// Waits until it has ended, as it was asked to.
    pub fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.wait().unwrap();
        }
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let group = format!("-{}", child.id());
            tool("kill", ["-KILL", "--", &group]);
            child.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Certificates for `localhost` and `127.0.0.1`.
pub struct Tls {
    /// Who vouches for it, as a file.
    pub ca: PathBuf,
    /// Another, who does not.
    pub other_ca: PathBuf,
    /// Its certificate, as a file.
    pub certificate: PathBuf,
    /// Its key, as a file.
    pub key: PathBuf,
}

impl Tls {
    /// New ones, in a folder.
    pub fn new(home: &Path) -> Self {
        let issuer = || {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
        };
        let (ca, other) = (issuer(), issuer());
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &ca)
            .unwrap();
        let put = |name: &str, text: String| {
            let path = home.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        Self {
            ca: put("ca.pem", ca.pem()),
            other_ca: put("other-ca.pem", other.pem()),
            certificate: put("certificate.pem", certificate.pem()),
            key: put("key.pem", key.serialize_pem()),
        }
    }
}
