//! Rows for those who listen.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use serde_json::Value;

use super::{
    super::live::LISTENERS,
    support::{Open, connect, row},
};
use crate::cameras::WAITING_ROWS;

struct Listener(BufReader<TcpStream>);

impl Listener {
    /// One who is heard of by the interface.
    fn new(open: &Open, id: &str) -> Self {
        let mut stream = connect(open.server.address());
        write!(
            stream,
            "GET /api/sources/{id}/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut this = Self(BufReader::new(stream));
        let status = this.line().unwrap();
        assert_eq!(status, "HTTP/1.1 200 OK");
        while !this.line().unwrap().is_empty() {}
        this
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).expect("no silence");
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// Name and data of the next event; nothing at the end.
    fn event(&mut self) -> Option<(String, Value)> {
        let name = loop {
            // Lines in between are lengths of chunks.
            if let Some(name) = self.line()?.strip_prefix("event: ") {
                break name.to_owned();
            }
        };
        let data = self.line()?;
        let data = data.strip_prefix("data: ").expect("data behind the name");
        Some((name, serde_json::from_str(data).unwrap()))
    }
}

#[test]
fn rows_of_a_source_come_as_the_sinks_write_them() {
    let open = Open::new(10);
    let (yard, gate) = (open.add("yard"), open.add("gate"));
    let mut witness = open.witness();
    let mut listener = Listener::new(&open, "yard");
    witness(&[row(&gate, 7), row(&yard, 7)]);
    witness(&[row(&yard, 8)]);
    for segment in [7, 8] {
        let (name, data) = listener.event().unwrap();
        assert_eq!(name, "row");
        let written = serde_json::to_value(row(&yard, segment).json(Default::default())).unwrap();
        assert_eq!(data, written);
    }
    drop(yard);
    open.delete("/api/sources/yard");
    assert_eq!(listener.event().unwrap().0, "gone");
    assert_eq!(listener.event(), None);
}

#[test]
fn a_slow_listener_loses_the_oldest_and_hears_how_many() {
    let open = Open::new(10);
    let yard = open.add("yard");
    let mut witness = open.witness();
    let mut listener = Listener::new(&open, "yard");
    // More than fits into what the system keeps between the two ends.
    let rows: Vec<_> = (0..40_000).map(|segment| row(&yard, segment)).collect();
    for epoch in rows.chunks(100) {
        witness(epoch);
    }
    drop((witness, yard));
    open.delete("/api/sources/yard");

    let (mut received, mut lost, mut next) = (0, 0, 0);
    loop {
        match listener.event().unwrap() {
            (name, data) if name == "row" => {
                assert_eq!(data["segment"], next, "in order");
                (received, next) = (received + 1, next + 1);
            }
            (name, data) if name == "lost" => {
                let rows = data["rows"].as_i64().unwrap();
                (lost, next) = (lost + rows, next + rows);
            }
            (name, _) => {
                assert_eq!(name, "gone");
                break;
            }
        }
    }
    assert_eq!(received + lost, 40_000);
    assert!(
        lost > 0 && received > WAITING_ROWS as i64,
        "{received} came, {lost} were lost"
    );
}

#[test]
fn there_are_so_many_listeners_and_those_who_leave_make_room() {
    let open = Open::new(10);
    let yard = open.add("yard");
    let listeners: Vec<_> = (0..LISTENERS)
        .map(|_| Listener::new(&open, "yard"))
        .collect();
    open.get("/api/sources/yard/live")
        .explains(429, "listeners");
    assert_eq!(open.get("/healthz").status, 200);
    drop(listeners);
    while !yard.listeners.is_empty() {
        std::thread::yield_now();
    }
}
