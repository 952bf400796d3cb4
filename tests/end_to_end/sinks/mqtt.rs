//! A Mosquitto, and a client of ours that hears everything.

use std::{
    fs,
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rumqttc::v5::{
    AsyncClient, Event, EventLoop, Incoming, MqttOptions,
    mqttbytes::{QoS, v5::Publish},
};
use serde_json::Value;
use sonoscope_operators::{Heatmap, Row, SourceId};

use super::{
    compliance::{self, Bench, compliance, drained, write},
    house::{Guarded, House, Server, Tls, free_port, runtime},
    row::row,
};
use crate::support::{
    jobs::clip,
    program::{run_with_one_network, tool, wait_until},
};

compliance!(Mosquitto);

/// The broker, and what was heard of it.
pub struct Mosquitto {
    server: Server,
    port: u16,
    heard: Arc<Mutex<Vec<Publish>>>,
    reader: AsyncClient,
}

impl Mosquitto {
    /// One with this in its configuration besides.
    fn new(home: &Path, config: &str) -> Self {
        let port = free_port();
        let path = home.join("mosquitto.conf");
        let text = format!(
            "user root\nper_listener_settings true\npersistence true\n\
             persistence_location {}/\nmax_queued_messages 0\n\
             listener {port} 127.0.0.1\nallow_anonymous true\n{config}\n",
            home.display(),
        );
        fs::write(&path, text).unwrap();
        let server = Server::start(home, port, move || {
            let mut command = Command::new("mosquitto");
            command.arg("-c").arg(&path);
            command
        });
        let (heard, reader) = listen(port);
        Self {
            server,
            port,
            heard,
            reader,
        }
    }

    fn uri(&self) -> String {
        format!("uri = 'mqtt://127.0.0.1:{}/site/cams'", self.port)
    }

    /// What was said on topics that end so, in order.
    fn heard(&self, end: &str) -> Vec<String> {
        let heard = self.heard.lock().unwrap();
        let said = heard.iter().filter(|said| topic(said).ends_with(end));
        said.map(|said| String::from_utf8(said.payload.to_vec()).unwrap())
            .collect()
    }

    /// What somebody is told who comes now.
    fn retained(&self) -> Vec<(String, String)> {
        let (heard, _reader) = listen(self.port);
        wait_until("what is retained is told", || {
            let heard = heard.lock().unwrap();
            heard
                .iter()
                .any(|said| topic(said) == "site/cams/available")
        });
        let heard = heard.lock().unwrap();
        let said = heard.iter().filter(|said| said.retain);
        said.map(|said| {
            let payload = String::from_utf8_lossy(&said.payload).into_owned();
            (topic(said), payload)
        })
        .collect()
    }
}

fn topic(said: &Publish) -> String {
    String::from_utf8(said.topic.to_vec()).unwrap()
}

/// Hears everything from now on. While the broker is away, it keeps what comes for us.
fn listen(port: u16) -> (Arc<Mutex<Vec<Publish>>>, AsyncClient) {
    let mut options = MqttOptions::new(format!("reader-{}", free_port()), "127.0.0.1", port);
    options
        .set_clean_start(false)
        .set_session_expiry_interval(Some(3600))
        .set_max_packet_size(Some(10_000_000));
    let (client, mut events) = AsyncClient::new(options, 10);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (told, asker) = (heard.clone(), client.clone());
    runtime().block_on(async {
        client.subscribe("#", QoS::AtLeastOnce).await.unwrap();
        until_subscribed(&mut events, &told).await;
    });
    runtime().spawn(async move {
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Incoming::Publish(said))) => told.lock().unwrap().push(said),
                Ok(Event::Incoming(Incoming::ConnAck(welcome))) if !welcome.session_present => {
                    // It has forgotten us.
                    let _ = asker.try_subscribe("#", QoS::AtLeastOnce);
                }
                Ok(_) => {}
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    });
    (heard, client)
}

async fn until_subscribed(events: &mut EventLoop, heard: &Mutex<Vec<Publish>>) {
    loop {
        match events.poll().await.unwrap() {
            Event::Incoming(Incoming::SubAck(_)) => return,
            Event::Incoming(Incoming::Publish(said)) => heard.lock().unwrap().push(said),
            _ => {}
        }
    }
}

/// A row whose message has about so many bytes.
fn large(segment: i64, bytes: usize) -> Row {
    let mut large = row("yard", segment, Some(0.5));
    if let Some(score) = &mut large.score {
        score.heatmap = Some(Heatmap {
            columns: 100,
            cells: vec![0.125; bytes / 6 / 100 * 100],
        });
    }
    large
}

impl House for Mosquitto {
    fn open(home: &Path) -> Self {
        Self::new(home, "max_packet_size 1000000")
    }

    fn sink(&self) -> String {
        self.uri()
    }

    /// It is asked to go: only then does it write down what it keeps for others.
    fn stop(&mut self) {
        self.server.signal("TERM");
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
        self.server.end();
    }

    fn start(&mut self) {
        self.server.run();
    }

    fn hang(&mut self, does: bool) {
        self.server.signal(if does { "STOP" } else { "CONT" });
    }

    fn rows(&mut self) -> Vec<Value> {
        let heard = self.heard("/score");
        heard
            .iter()
            .map(|said| serde_json::from_str(said).unwrap())
            .collect()
    }

    fn refused(&self) -> Option<Row> {
        Some(large(4242, 1_500_000))
    }

    fn guarded(home: &Path) -> Option<Guarded<Self>> {
        let tls = Tls::new(home);
        let (port, words) = (free_port(), home.join("words"));
        let who = ["me".as_ref(), "s3cret-of-mine".as_ref()];
        let path = words.as_os_str();
        tool(
            "mosquitto_passwd",
            ["-b".as_ref(), "-c".as_ref(), path].into_iter().chain(who),
        );
        let config = format!(
            "listener {port} 127.0.0.1\ncertfile {}\nkeyfile {}\npassword_file {}",
            tls.certificate.display(),
            tls.key.display(),
            words.display()
        );
        let house = Self::new(home, &config);
        let uri = |word: &str| format!("uri = 'mqtts://me:{word}@localhost:{port}/site/cams'");
        let ca = |path: &Path| format!("ca = '{}'", path.display());
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

#[test]
fn what_holds_is_retained_and_rows_and_events_are_not() {
    let bench = Bench::new();
    let house = Mosquitto::new(bench.home(), "");
    let mut sink = bench.open(&house.uri(), "heatmap = true").unwrap();
    write(sink.as_mut(), &compliance::rows(0..3));
    sink.withdraw(&SourceId::slug("yard")).unwrap();
    sink.close_source(&SourceId::slug("yard")).unwrap();
    assert!(drained(sink.as_mut()).is_settled());
    wait_until("we have left", || {
        house.heard("cams/available") == ["online", "offline"]
    });
    let retained = house.retained();
    let topics: Vec<_> = retained.iter().map(|(topic, _)| topic.as_str()).collect();
    let discovery = topics.iter().filter(|topic| topic.ends_with("/config"));
    assert_eq!(discovery.count(), 3 * 2, "{topics:?}");
    let statuses = topics.iter().filter(|topic| topic.ends_with("/status"));
    assert_eq!(statuses.count(), 3, "{topics:?}");
    assert_eq!(topics.len(), 3 * 2 + 3 + 1, "{topics:?}");
    let ended = retained
        .iter()
        .find(|(topic, _)| topic == "site/cams/yard/status");
    assert!(ended.unwrap().1.contains("\"ended\""), "{ended:?}");
    assert_eq!(house.heard("yard/events").len(), 1);
    let heard = house.heard.lock().unwrap();
    let pictures = heard
        .iter()
        .filter(|said| topic(said).ends_with("/heatmap"));
    let pictures: Vec<_> = pictures.collect();
    // Of the first second nothing was heard.
    assert_eq!(pictures.len(), 3 * 2);
    assert!(
        pictures
            .iter()
            .all(|said| said.payload.starts_with(b"\x89PNG"))
    );
}

#[test]
fn all_is_said_again_when_the_broker_or_home_assistant_is_back() {
    let bench = Bench::new();
    let mut house = Mosquitto::new(bench.home(), "");
    let mut sink = bench.open(&house.uri(), "discovery = 'ha'").unwrap();
    write(sink.as_mut(), &[row("yard", 0, Some(0.9))]);
    wait_until("it is there", || house.heard("/score").len() == 1);
    let birth = house
        .reader
        .publish("ha/status", QoS::AtLeastOnce, false, "online");
    runtime().block_on(birth).unwrap();
    wait_until("all is said again", || house.heard("/score").len() == 2);
    assert_eq!(house.heard("/config").len(), 4);
    // It comes back with nothing in its mind.
    house.stop();
    fs::remove_file(bench.home().join("mosquitto.db")).unwrap();
    house.start();
    write(sink.as_mut(), &[row("yard", 1, Some(0.9))]);
    wait_until("the row is there", || {
        house
            .heard("/score")
            .iter()
            .any(|said| said.contains("\"segment\":1,"))
    });
    let retained = house.retained();
    let is_told = |part: &str| retained.iter().any(|(topic, _)| topic.contains(part));
    assert!(is_told("ha/sensor/sonoscope_yard_"), "{retained:?}");
    assert!(is_told("ha/binary_sensor/sonoscope_yard_"), "{retained:?}");
    assert!(is_told("site/cams/yard/status"), "{retained:?}");
    assert!(retained.contains(&("site/cams/available".into(), "online".into())));
    drained(sink.as_mut());
}

#[test]
fn a_program_that_is_killed_is_offline() {
    let bench = Bench::new();
    let house = Mosquitto::new(bench.home(), "");
    let sink = format!("mqtt://127.0.0.1:{}/site/cams", house.port);
    let running = run_with_one_network(["--sink", &sink])
        .and([clip(0, 16), clip(1, 17), clip(2, 18)])
        .start();
    wait_until("it is online", || !house.heard("cams/available").is_empty());
    running.kill();
    wait_until("it is offline", || {
        house.heard("cams/available") == ["online", "offline"]
    });
}

#[test]
fn a_row_that_is_too_large_is_found_among_others_if_the_broker_only_says_so() {
    let bench = Bench::new();
    let house = Mosquitto::new(bench.home(), "message_size_limit 100000");
    let rows = [
        row("yard", 0, None),
        row("yard", 1, None),
        large(2, 200_000),
        row("yard", 3, None),
    ];
    let mut sink = bench.open(&house.uri(), "").unwrap();
    write(sink.as_mut(), &rows);
    let account = drained(sink.as_mut());
    assert_eq!((account.sent, account.refused), (3, 1), "{account:?}");
    wait_until("the last is there", || {
        house
            .heard("/score")
            .iter()
            .any(|said| said.contains("\"segment\":3,"))
    });
    let is_there = |part: &str| house.heard("/score").iter().any(|said| said.contains(part));
    assert!(is_there("\"segment\":1,") && !is_there("\"segment\":2,"));
}
