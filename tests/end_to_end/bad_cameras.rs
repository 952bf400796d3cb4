//! Cameras that do what they should not: each is told as it is, taken up again when it does better,
//! and harms no other.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{
    Rows,
    camera::{Camera, Feed},
    program::wait_until,
    proxy::{Proxy, Way, named},
    tls::Tls,
    watch::{Watch, assert_without_a_hole, is_gap, is_whole},
};

/// A `[[source]]` that is given up after two seconds in which nothing comes.
fn source(id: &str, url: &str) -> String {
    format!("[[source]]\nid = '{id}'\nurl = '{url}'\ntransport = 'tcp'\nstall = 2.0\n")
}

fn is_of<'a>(id: &'a str, is_one: impl Fn(&Value) -> bool + 'a) -> impl Fn(&Value) -> bool + 'a {
    move |row| row["source"] == id && is_one(row)
}

/// The most memory that a process has had, MiB.
fn most_resident_mib(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib: u64 = (line.unwrap().split_whitespace().nth(1).unwrap())
        .parse()
        .unwrap();
    kib / 1024
}

/// Nothing is missing, but perhaps of the second in which the program was told to end.
#[track_caller]
fn assert_undisturbed(rows: &Rows) {
    let (_, before) = rows.0.split_last().unwrap();
    assert!(!before.iter().any(is_gap), "{}", rows.runs("video"));
}

#[test]
fn what_one_does_disturbs_no_other_and_does_not_last() {
    let ways = [
        ("mute", Way::Mute),
        ("noise", Way::Noise),
        ("endless", Way::EndlessHead),
        ("garbled", Way::Garbled { one_in: 100 }),
        ("lossy", Way::Lossy { one_in: 3 }),
    ];
    let camera = Camera::of(Feed::default()).serve();
    let proxies = ways.map(|(id, way)| {
        let proxy = Proxy::before(camera.port());
        proxy.set(way);
        (id, proxy)
    });
    let bad = (proxies.iter()).map(|(id, proxy)| source(id, &camera.url_through(proxy)));
    let good = source("good", &camera.url());
    let watch = Watch::configured(&bad.chain([good]).collect::<String>(), &[]);
    watch.wait_for("whole seconds of the good one", 3, is_of("good", is_whole));
    for (id, _) in &proxies {
        watch.wait_for(&format!("gaps of {id}"), 2, is_of(id, is_gap));
    }
    // What would not end has been let go.
    let mib = most_resident_mib(watch.id());
    assert!(mib < 1024, "{mib} MiB");
    for (_, proxy) in &proxies {
        proxy.set(Way::Open);
        proxy.cut();
    }
    for (id, _) in &proxies {
        watch.wait_for_more(&format!("{id} at its best"), 2, is_of(id, is_whole));
    }
    let (rows, _) = watch.end();
    for id in ways.map(|(id, _)| id).iter().chain(&["good"]) {
        assert_without_a_hole(&rows.of(id));
    }
    assert_undisturbed(&rows.of("good"));
}

/// A camera that says of itself what cannot be, sets up whatever it is asked to, and sends nothing.
/// Gives its address, and counts who asks.
fn boaster(description: String) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("rtsp://{}/cam", listener.local_addr().unwrap());
    named("boaster", move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let description = description.clone();
            // Whoever asked may go at any time.
            named("boast", move || drop(boast(stream, &description)));
        }
    });
    url
}

fn boast(mut stream: TcpStream, description: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    loop {
        let mut request = Vec::new();
        for line in lines.by_ref() {
            let line = line?;
            if line.is_empty() {
                break;
            }
            request.push(line);
        }
        let Some(method) = request.first().and_then(|line| line.split(' ').next()) else {
            return Ok(());
        };
        let asked = |name: &str| {
            let value = request.iter().find_map(|line| line.strip_prefix(name));
            value.unwrap_or_default().trim().to_owned()
        };
        let more = match method {
            "OPTIONS" => "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n".into(),
            "DESCRIBE" => format!(
                "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{description}",
                description.len()
            ),
            "SETUP" => format!("Transport: {}\r\nSession: 1\r\n\r\n", asked("Transport:")),
            _ => "Session: 1\r\n\r\n".into(),
        };
        write!(
            stream,
            "RTSP/1.0 200 OK\r\nCSeq: {}\r\n{more}",
            asked("CSeq:")
        )?;
    }
}

#[test]
fn what_cannot_be_is_not_believed() {
    let head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    let video = |lines: &str| format!("{head}m=video 0 RTP/AVP 96\r\n{lines}a=control:track\r\n");
    let sets = "Z0IAKeKQFAe2AtwEBAaQeJEV".repeat(50_000);
    let absurd = [
        (
            "size",
            video(
                "b=AS:99999999999999\r\na=rtpmap:96 H264/90000\r\n\
                 a=framesize:96 999999999-999999999\r\na=framerate:1e300\r\n",
            ),
        ),
        ("clock", video("a=rtpmap:96 H264/4294967295\r\n")),
        (
            "no-clock",
            video("a=rtpmap:96 H264/0\r\na=framerate:-1\r\n"),
        ),
        (
            "sets",
            video(&format!(
                "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n"
            )),
        ),
        (
            "tracks",
            format!(
                "{head}{}",
                "m=audio 0 RTP/AVP 0\r\na=control:track\r\n".repeat(500)
            ),
        ),
        ("nothing", String::new()),
        ("binary", "\u{1}\u{7f}\u{fffd}".repeat(1000)),
    ];
    let camera = Camera::of(Feed::default()).serve();
    let sources = absurd
        .each_ref()
        .map(|(id, description)| source(id, &boaster(description.clone())));
    let good = source("good", &camera.url());
    let watch = Watch::configured(&format!("{}{good}", sources.concat()), &[]);
    for (id, _) in &absurd {
        watch.wait_for(&format!("gaps of {id}"), 2, is_of(id, is_gap));
    }
    watch.wait_for("whole seconds", 3, is_of("good", is_whole));
    let (rows, _) = watch.end();
    assert_undisturbed(&rows.of("good"));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_unless_told() {
    let home = tempfile::tempdir().unwrap();
    let camera = Camera::of(Feed::default())
        .tls(&Tls::new(home.path()))
        .serve();
    let wary = source("wary", &camera.url());
    let told = source("told", &camera.url()) + "insecure = true\n";
    let watch = Watch::configured(&(wary + &told), &[]);
    watch.wait_for("seconds over TLS", 2, is_of("told", is_whole));
    watch.wait_for("gaps", 2, is_of("wary", is_gap));
    let (rows, ended) = watch.end();
    assert!(rows.of("wary").0.iter().all(is_gap));
    ended.explains(&[
        "wary",
        "its certificate is not good (unknown-ca",
        "insecure = true",
    ]);
}

#[test]
fn one_that_does_not_let_go_holds_up_no_end() {
    let camera = Camera::of(Feed::default()).serve();
    let proxies = [(); 2].map(|()| Proxy::before(camera.port()));
    let sources = [("stalled", &proxies[0]), ("mute", &proxies[1])].map(|(id, proxy)| {
        format!(
            "[[source]]\nid = '{id}'\nurl = '{}'\n",
            camera.url_through(proxy)
        )
    });
    proxies[1].set(Way::Mute);
    let watch = Watch::configured(&sources.concat(), &[]);
    watch.wait_for("whole seconds", 1, is_of("stalled", is_whole));
    wait_until("the mute one is asked", || proxies[1].connections() > 0);
    proxies[0].set(Way::Stalled);
    let begun = Instant::now();
    watch.end();
    // Five seconds are promised, of a machine that does nothing else.
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}
