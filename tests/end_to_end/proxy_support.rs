//! The bad line of the tests, by itself: it does the harm that it is told to do, and no other.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use crate::support::{
    camera::{Camera, Feed},
    proxy::{Proxy, Way, named},
    viewer::Viewer,
};

/// Nothing takes this long, not on a slow machine that does other things as well.
const LIMIT: Duration = Duration::from_secs(20);

/// In which a line that is stalled hands nothing on.
const QUIET: Duration = Duration::from_millis(100);

/// Something behind a proxy that sends a pattern to whoever says something.
struct Behind {
    port: u16,
    length: usize,
}

impl Behind {
    fn with(length: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let run = move || {
            for stream in listener.incoming().map_while(Result::ok) {
                named("answer", move || answer(stream, length));
            }
        };
        named("behind", run);
        Self { port, length }
    }

    fn pattern(&self) -> Vec<u8> {
        pattern(self.length)
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

/// Sends the pattern for each word, until there are no more.
fn answer(mut stream: TcpStream, length: usize) {
    while let Ok(1..) = stream.read(&mut [0; 16]) {
        if stream.write_all(&pattern(length)).is_err() {
            return;
        }
    }
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Says a word and reads so many bytes of the answer.
fn ask(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    stream.write_all(b"word").unwrap();
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).unwrap();
    answer
}

#[test]
fn an_open_line_hands_on_every_byte() {
    let behind = Behind::with(300_000);
    let proxy = Proxy::before(behind.port);
    let mut stream = connect(&proxy);
    for _ in 0..2 {
        assert!(ask(&mut stream, behind.length) == behind.pattern());
    }
    assert_eq!((proxy.connections(), proxy.sent_bytes()), (1, 600_000));
}

#[test]
fn a_cut_closes_what_there_is_and_nothing_else() {
    let behind = Behind::with(10);
    let proxy = Proxy::before(behind.port);
    let mut cut = connect(&proxy);
    ask(&mut cut, 10);
    proxy.cut();
    assert_eq!(cut.read(&mut [0; 10]).unwrap_or(0), 0);
    assert_eq!(ask(&mut connect(&proxy), 10), behind.pattern());
}

#[test]
fn a_closed_port_refuses_until_it_is_open_again() {
    let behind = Behind::with(10);
    let proxy = Proxy::before(behind.port);
    let mut kept = connect(&proxy);
    ask(&mut kept, 10);
    for _ in 0..3 {
        proxy.set(Way::Closed);
        let refused = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port()));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(ask(&mut kept, 10), behind.pattern());
        proxy.set(Way::Open);
        ask(&mut connect(&proxy), 10);
    }
}

#[test]
fn a_stalled_line_hands_on_later_what_it_held_back() {
    let behind = Behind::with(1000);
    let proxy = Proxy::before(behind.port);
    let mut stream = connect(&proxy);
    ask(&mut stream, 1000);
    proxy.set(Way::Stalled);
    stream.write_all(b"word").unwrap();
    stream.set_read_timeout(Some(QUIET)).unwrap();
    let quiet = stream.read(&mut [0; 1]).unwrap_err();
    assert_eq!(quiet.kind(), ErrorKind::WouldBlock);
    proxy.set(Way::Open);
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut answer = vec![0; 1000];
    stream.read_exact(&mut answer).unwrap();
    assert!(answer == behind.pattern());
}

#[test]
fn a_late_line_is_late_and_whole() {
    let behind = Behind::with(100_000);
    let proxy = Proxy::before(behind.port);
    let late = Duration::from_millis(120);
    proxy.set(Way::Late(late));
    let begun = Instant::now();
    assert!(ask(&mut connect(&proxy), behind.length) == behind.pattern());
    // The word is late, and so is the answer.
    assert!(begun.elapsed() >= 2 * late, "{:?}", begun.elapsed());
}

#[test]
fn a_lossy_line_loses_blocks_and_a_garbled_one_bits() {
    let behind = Behind::with(100_000);
    let proxy = Proxy::before(behind.port);
    proxy.set(Way::Lossy { one_in: 10 });
    let kept: Vec<u8> = (0..)
        .zip(behind.pattern())
        .filter(|(position, _)| position / 1000 % 10 != 9)
        .map(|(_, byte)| byte)
        .collect();
    assert!(ask(&mut connect(&proxy), kept.len()) == kept);

    proxy.set(Way::Garbled { one_in: 1000 });
    let garbled = ask(&mut connect(&proxy), behind.length);
    let flipped: u32 = (garbled.iter().zip(behind.pattern()))
        .map(|(garbled, byte)| (garbled ^ byte).count_ones())
        .sum();
    assert_eq!(flipped, 100);
}

#[test]
fn it_gives_answers_of_its_own() {
    let behind = Behind::with(10);
    let proxy = Proxy::before(behind.port);

    proxy.set(Way::Noise);
    let noise = ask(&mut connect(&proxy), 65_536);
    assert!((0..=255).all(|byte| noise.contains(&byte)));

    proxy.set(Way::EndlessHead);
    let head = ask(&mut connect(&proxy), 1_000_000);
    assert!(head.starts_with(b"RTSP/1.0 200 OK\r\n"));
    assert!(!head.windows(4).any(|bytes| bytes == b"\r\n\r\n"));

    proxy.set(Way::Mute);
    let mut mute = connect(&proxy);
    mute.write_all(b"word").unwrap();
    mute.set_read_timeout(Some(QUIET)).unwrap();
    let quiet = mute.read(&mut [0; 1]).unwrap_err();
    assert_eq!(quiet.kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_camera_is_to_be_seen_through_it() {
    let camera = Camera::of(Feed::default()).serve();
    let proxy = Proxy::before(camera.port());
    let url = camera.url_through(&proxy);
    let viewer = Viewer::of(&url);
    viewer.picture();
    viewer.sound();
    proxy.set(Way::Stalled);
    let within = gstreamer::ClockTime::from_mseconds(500);
    while viewer.picture_within(within).is_some() {}
    proxy.set(Way::Open);
    viewer.picture();
    proxy.set(Way::Closed);
    proxy.cut();
    viewer.end();
    assert!(Viewer::of(&url).end().contains("Failed to connect"));
}
