//! How it ends.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use super::support::{Open, connect};
use crate::{
    cameras::Roster,
    metrics::Metrics,
    server::{Deps, Networks, Options, Server},
    views::ViewStore,
};

#[test]
fn it_ends_within_a_second_whoever_is_still_there() {
    let open = Open::new(10);
    let camera = open.add("yard");
    let address = open.server.address();
    let listening = {
        let mut stream = connect(address);
        write!(
            stream,
            "GET /api/sources/yard/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        .unwrap();
        let mut first = [0];
        stream.read_exact(&mut first).unwrap();
        stream
    };
    let silent = connect(address);
    let slow = {
        let mut stream = connect(address);
        stream
            .write_all(b"POST /api/sources HTTP/1.1\r\nHost: localhost\r\nContent-Ty")
            .unwrap();
        stream
    };
    let begun = Instant::now();
    drop(open.server);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    for mut stream in [listening, silent, slow] {
        let mut rest = Vec::new();
        // Cut off, or told that it is over: in any case no longer there.
        let _ = stream.read_to_end(&mut rest);
        let _ = stream.shutdown(Shutdown::Both);
    }
    assert!(camera.listeners.is_empty());
    assert!(
        TcpStream::connect(address).is_err(),
        "nobody listens any more"
    );
}

#[test]
fn a_port_that_is_taken_is_told() {
    let open = Open::new(1);
    let roster = Roster::new(1);
    let deps = Deps {
        desk: None,
        sinks: vec!["null:".parse().unwrap()],
        metrics: Metrics::new(&roster),
        networks: Networks::new(Vec::new()),
        views: ViewStore::default(),
        roster,
    };
    let options = Options {
        listen: open.server.address(),
        token: None,
    };
    let fault = Server::start(options, deps).err().unwrap().to_string();
    assert!(fault.contains("cannot listen on 127.0.0.1:"), "{fault}");
    assert!(fault.contains("--listen"), "{fault}");
}
