//! A NATS server with JetStream.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use async_nats::{
    Client, ConnectOptions,
    jetstream::{self, context::Context, message::StreamMessage, stream},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::{Value, json};
use sonoscope_operators::{Heatmap, Row, SourceId};

use super::{
    compliance::{self, Bench, compliance, drained, write},
    house::{Guarded, House, Server, Tls, free_port, runtime},
    row::row,
};
use crate::support::program::wait_until;

compliance!(Nats);

const STREAM: &str = "ROWS";

/// The server, and a client of ours that reads the stream.
pub struct Nats {
    server: Server,
    port: u16,
    client: Client,
    seen: Vec<StreamMessage>,
}

impl Nats {
    /// A server with this in its configuration besides, reached with these options, and a stream.
    fn new(home: &Path, config: &str, options: ConnectOptions, stream: stream::Config) -> Self {
        let mut house = Self::bare(home, config, options);
        runtime().block_on(async {
            house.context().create_stream(stream).await.unwrap();
        });
        house.seen.clear();
        house
    }

    /// One without a stream.
    fn bare(home: &Path, config: &str, options: ConnectOptions) -> Self {
        let port = free_port();
        let path = home.join("nats.conf");
        let store = home.join("jetstream");
        let text = format!(
            "listen: 127.0.0.1:{port}\njetstream {{ store_dir: '{}' }}\n{config}\n",
            store.display()
        );
        fs::write(&path, text).unwrap();
        let server = Server::start(home, port, move || command(&path));
        let options = options.retry_on_initial_connect();
        let address = format!("nats://localhost:{port}");
        let client = runtime().block_on(options.connect(address)).unwrap();
        let house = Self {
            server,
            port,
            client,
            seen: Vec::new(),
        };
        house.wait_for_jetstream();
        house
    }

    fn context(&self) -> Context {
        let mut context = jetstream::new(self.client.clone());
        context.set_timeout(Duration::from_secs(1));
        context
    }

    /// The port is open before streams are there.
    fn wait_for_jetstream(&self) {
        wait_until("JetStream is there", || {
            let asked = json!({});
            let told = async { self.context().request("STREAM.NAMES", &asked).await };
            runtime().block_on(told).is_ok_and(|_: Value| true)
        });
    }

    /// All messages, in order.
    fn messages(&mut self) -> &[StreamMessage] {
        let context = runtime().block_on(async { self.context() });
        loop {
            let next = self.seen.len() as u64 + 1;
            let message = runtime().block_on(async {
                let stream = context.get_stream_no_info(STREAM).await.ok()?;
                stream.get_raw_message(next).await.ok()
            });
            match message {
                Some(message) => self.seen.push(message),
                None => return &self.seen,
            }
        }
    }

    fn uri(&self) -> String {
        format!("uri = 'nats://127.0.0.1:{}/site.cams'", self.port)
    }
}

fn command(config: &Path) -> Command {
    let mut command = Command::new("nats-server");
    command.arg("--config").arg(config);
    command
}

fn stream() -> stream::Config {
    stream::Config {
        name: STREAM.into(),
        subjects: vec!["site.cams.>".into()],
        ..stream::Config::default()
    }
}

fn plain(home: &Path) -> Nats {
    Nats::new(home, "", ConnectOptions::new(), stream())
}

/// A row that no server takes as it is set up.
fn huge() -> Row {
    let mut huge = row("yard", 4242, Some(0.5));
    if let Some(score) = &mut huge.score {
        score.heatmap = Some(Heatmap {
            columns: 500,
            cells: vec![0.125; 300_000],
        });
    }
    huge
}

impl House for Nats {
    fn open(home: &Path) -> Self {
        plain(home)
    }

    fn sink(&self) -> String {
        self.uri()
    }

    fn stop(&mut self) {
        self.server.kill();
    }

    fn start(&mut self) {
        self.server.run();
        self.wait_for_jetstream();
    }

    fn hang(&mut self, does: bool) {
        self.server.signal(if does { "STOP" } else { "CONT" });
    }

    fn rows(&mut self) -> Vec<Value> {
        let said = self.messages().iter();
        said.map(|message| serde_json::from_slice(&message.payload).unwrap())
            .filter(|said: &Value| said.get("segment").is_some())
            .collect()
    }

    fn refused(&self) -> Option<Row> {
        Some(huge())
    }

    fn guarded(home: &Path) -> Option<Guarded<Self>> {
        let tls = Tls::new(home);
        let config = format!(
            "tls {{ cert_file: '{}', key_file: '{}' }}\n\
             authorization {{ user: me, password: 's3cret-of-mine' }}",
            tls.certificate.display(),
            tls.key.display()
        );
        let options = ConnectOptions::new()
            .user_and_password("me".into(), "s3cret-of-mine".into())
            .tls_client_config(trusting(&tls.ca));
        let house = Self::new(home, &config, options, stream());
        let uri = |word: &str| {
            format!(
                "uri = 'nats://me:{word}@localhost:{}/site.cams'",
                house.port
            )
        };
        let (ours, other) = (ca(&tls.ca), ca(&tls.other_ca));
        Some(Guarded {
            good: (uri("s3cret-of-mine"), ours.clone()),
            bad: vec![
                (uri("s3cret-of-yours"), ours, "password"),
                (uri("s3cret-of-mine"), other, "TLS"),
                (uri("s3cret-of-mine"), String::new(), "TLS"),
            ],
            secret: "s3cret-of-mine",
            house,
        })
    }
}

fn ca(path: &Path) -> String {
    format!("ca = '{}'", path.display())
}

fn trusting(ca: &PathBuf) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).unwrap())
        .unwrap();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Rows written by a run of its own, all of which are taken.
fn deliver(bench: &Bench, table: &str, options: &str, rows: &[Row]) {
    let mut sink = bench.open(table, options).unwrap();
    write(sink.as_mut(), rows);
    let account = drained(sink.as_mut());
    assert!(account.is_settled(), "{account:?}");
    assert_eq!(account.sent, rows.len() as u64);
}

#[test]
fn what_is_delivered_twice_is_in_the_stream_once() {
    let bench = Bench::new();
    let mut house = plain(bench.home());
    let rows = compliance::rows(0..20);
    deliver(&bench, &house.uri(), "", &rows);
    deliver(&bench, &house.uri(), "", &rows);
    assert_eq!(house.messages().len(), rows.len());
}

#[test]
fn rows_that_come_anew_behind_a_withdrawal_are_no_repeats() {
    let bench = Bench::new();
    let mut house = plain(bench.home());
    let rows: Vec<_> = (0..9).map(|segment| row("yard", segment, None)).collect();
    let mut sink = bench.open(&house.uri(), "").unwrap();
    write(sink.as_mut(), &rows);
    sink.withdraw(&SourceId::slug("yard")).unwrap();
    write(sink.as_mut(), &rows);
    sink.close_source(&SourceId::slug("yard")).unwrap();
    assert!(drained(sink.as_mut()).is_settled());
    let subjects: Vec<_> = house
        .messages()
        .iter()
        .map(|m| m.subject.to_string())
        .collect();
    assert_eq!(subjects.len(), 9 + 1 + 9 + 1);
    assert_eq!(subjects[0], "site.cams.yard.net");
    assert_eq!(subjects[9], "site.cams.yard.withdrawn");
    assert_eq!(subjects[19], "site.cams.yard.ended");
}

#[test]
fn a_stream_must_be_bound_or_is_made_if_asked_for() {
    let bench = Bench::new();
    let mut house = Nats::bare(bench.home(), "", ConnectOptions::new());
    let refused = bench.open(&house.uri(), "").map(drop).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("nats stream add"), "{refused}");
    let make = format!("create-stream = '{STREAM}'");
    let rows = compliance::rows(0..2);
    deliver(&bench, &house.uri(), &make, &rows);
    deliver(&bench, &house.uri(), "", &compliance::rows(2..4));
    assert_eq!(house.messages().len(), 2 * rows.len());
}

#[test]
fn a_server_without_jetstream_is_told_of() {
    let bench = Bench::new();
    let port = free_port();
    let arguments = ["-a", "127.0.0.1", "-p", &port.to_string()].map(String::from);
    let _server = Server::start(bench.home(), port, move || {
        let mut command = Command::new("nats-server");
        command.args(&arguments);
        command
    });
    let table = format!("uri = 'nats://127.0.0.1:{port}/x'");
    let refused = bench.open(&table, "").map(drop).unwrap_err().to_string();
    assert!(refused.contains("nats-server -js"), "{refused}");
}

#[test]
fn what_is_too_large_for_the_stream_is_refused() {
    let bench = Bench::new();
    let limited = stream::Config {
        max_message_size: 100_000,
        ..stream()
    };
    let mut house = Nats::new(bench.home(), "", ConnectOptions::new(), limited);
    let mut large = row("yard", 1, Some(0.5));
    if let Some(score) = &mut large.score {
        score.frame_embedding = Some(vec![0.125; 50_000]);
    }
    let rows = [row("yard", 0, None), large, row("yard", 2, None)];
    let mut sink = bench.open(&house.uri(), "").unwrap();
    write(sink.as_mut(), &rows);
    let account = drained(sink.as_mut());
    assert_eq!((account.sent, account.refused), (2, 1), "{account:?}");
    let segments: Vec<_> = house
        .rows()
        .iter()
        .map(|row| row["segment"].clone())
        .collect();
    assert_eq!(segments, [0, 2]);
}

#[test]
fn any_of_several_servers_will_do_and_a_token_lets_us_in() {
    let bench = Bench::new();
    let options = ConnectOptions::with_token("t0ken".into());
    let config = "authorization { token: t0ken }";
    let mut house = Nats::new(bench.home(), config, options, stream());
    let table = format!(
        "uri = 'nats://127.0.0.1:{},127.0.0.1:{}/site.cams'\ncloudevents = true",
        free_port(),
        house.port
    );
    let rows = compliance::rows(0..1);
    deliver(&bench, &table, "token = 't0ken'", &rows);
    let first = &house.messages()[0];
    let event: Value = serde_json::from_slice(&first.payload).unwrap();
    assert_eq!(event["id"], "yard/0/net@0123456789ab");
    assert_eq!(event["data"]["segment"], 0);
    let header = |name: &str| first.headers.get(name).map(|value| value.to_string());
    let kind = header("content-type").unwrap();
    assert_eq!(kind, "application/cloudevents+json");
    let id = header("Nats-Msg-Id").unwrap();
    assert!(id.starts_with("yard/0/net@0123456789ab#"), "{id}");
}
