//! Files over the net, from a server that does all that servers do.

use std::{
    fs::File,
    io::{Read, Seek},
    time::{Duration, Instant},
};

use sonoscope::weights::fetch::{FetchError, Limits, address, base, fetch};

use crate::support::server::{Answer, Server, response, whole};

const LIMITS: Limits = Limits {
    size_bytes: 10_000,
    connect: Duration::from_secs(5),
    silence: Duration::from_secs(20),
    whole: Duration::from_secs(20),
    redirects: 3,
};

/// Numbers that tell where in the file they are.
fn content() -> Vec<u8> {
    (0..5000u32).map(|n| (n * n / 7 % 251) as u8).collect()
}

/// Fetches into a file; returns what is in it then.
fn into(file: &mut File, server: &Server) -> (Result<(), FetchError>, Vec<u8>) {
    within(&LIMITS, file, server)
}

fn within(limits: &Limits, file: &mut File, server: &Server) -> (Result<(), FetchError>, Vec<u8>) {
    let url = address(&base(&server.url()).unwrap(), "file.pt").unwrap();
    let mut told = Vec::new();
    let fetched = fetch(&url, file, limits, &mut |done, _| told.push(done));
    assert!(told.is_sorted());
    let mut found = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut found).unwrap();
    (fetched, found)
}

fn fresh(server: &Server) -> (Result<(), FetchError>, Vec<u8>) {
    into(&mut tempfile::tempfile().unwrap(), server)
}

/// Answers with the first bytes of the file, and then as the range wants it.
fn cut_after(count: usize) -> Server {
    Server::start(move |head| match head.contains("range:") {
        false => {
            let length = format!("Content-Length: {}\n", content().len());
            Answer::Bytes(response("200 OK", &length, &content()[..count]))
        }
        true => {
            let rest = &content()[count..];
            let headers = format!(
                "Content-Range: bytes {count}-4999/5000\nContent-Length: {}\n",
                rest.len()
            );
            Answer::Bytes(response("206 Partial Content", &headers, rest))
        }
    })
}

#[test]
fn a_file_arrives() {
    let server = Server::start(|_| whole(&content()));
    let (fetched, found) = fresh(&server);
    fetched.unwrap();
    assert_eq!(found, content());
    let head = &server.heads()[0];
    assert!(head.starts_with("get /file.pt http/1.1"), "{head}");
    assert!(head.contains("user-agent: sonoscope/"), "{head}");
}

#[test]
fn one_that_broke_off_goes_on_where_it_stopped() {
    let server = cut_after(1234);
    let mut file = tempfile::tempfile().unwrap();
    let (fetched, found) = into(&mut file, &server);
    let error = fetched.unwrap_err();
    assert!(
        matches!(
            error,
            FetchError::Broken {
                done_bytes: 1234,
                total: Some(5000),
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(found, content()[..1234]);
    let (fetched, found) = into(&mut file, &server);
    fetched.unwrap();
    assert_eq!(found, content());
    assert!(server.heads()[1].contains("range: bytes=1234-"));
}

#[test]
fn a_server_without_ranges_begins_anew() {
    let server = Server::start(|_| whole(&content()));
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, b"something old").unwrap();
    let (fetched, found) = into(&mut file, &server);
    fetched.unwrap();
    assert_eq!(found, content());
}

#[test]
fn a_range_that_is_none_begins_anew() {
    let server = Server::start(|head| match head.contains("range:") {
        true => Answer::Bytes(response("416 Range Not Satisfiable", "", b"")),
        false => whole(&content()),
    });
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &[0; 6000]).unwrap();
    let (fetched, found) = into(&mut file, &server);
    fetched.unwrap();
    assert_eq!(found, content());
}

#[test]
fn another_range_than_asked_for_is_no_answer() {
    let server = Server::start(|_| {
        let headers = "Content-Range: bytes 7-9/10\nContent-Length: 3\n";
        Answer::Bytes(response("206 Partial Content", headers, b"abc"))
    });
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, b"old").unwrap();
    let (fetched, found) = into(&mut file, &server);
    assert!(matches!(fetched, Err(FetchError::Status { .. })));
    assert_eq!(found, b"old");
}

#[test]
fn silence_ends_it_before_and_after_the_answer() {
    let begun = Instant::now();
    let impatient = Limits {
        silence: Duration::from_secs(1),
        ..LIMITS
    };
    let fresh = |server| within(&impatient, &mut tempfile::tempfile().unwrap(), &server);
    let (fetched, _) = fresh(Server::start(|_| Answer::Silence(Vec::new())));
    assert!(matches!(fetched, Err(FetchError::Unreachable { .. })));
    let (fetched, found) = fresh(Server::start(|_| {
        let begins = response("200 OK", "Content-Length: 5000\n", &content()[..100]);
        Answer::Silence(begins)
    }));
    let error = fetched.unwrap_err();
    let is_broken = matches!(
        error,
        FetchError::Broken {
            done_bytes: 100,
            ..
        }
    );
    assert!(is_broken, "{error}");
    assert_eq!(found, content()[..100]);
    assert!(begun.elapsed() < LIMITS.whole, "{:?}", begun.elapsed());
}

#[test]
fn what_is_too_large_is_not_taken_said_or_unsaid() {
    let said = Server::start(|_| {
        Answer::Silence(response("200 OK", "Content-Length: 10001\n", &content()))
    });
    let (fetched, found) = fresh(&said);
    assert!(matches!(fetched, Err(FetchError::TooLarge { .. })));
    assert_eq!(found, b"");
    let unsaid = Server::start(|_| Answer::Endless(response("200 OK", "", b""), vec![7; 1000]));
    let (fetched, found) = fresh(&unsaid);
    assert!(matches!(fetched, Err(FetchError::TooLarge { .. })));
    assert!(found.len() <= 10_000);
}

#[test]
fn what_goes_beyond_what_was_said_is_left() {
    let server =
        Server::start(|_| Answer::Bytes(response("200 OK", "Content-Length: 4000\n", &content())));
    let (fetched, found) = fresh(&server);
    fetched.unwrap();
    assert_eq!(found, content()[..4000]);
}

#[test]
fn refusals_are_told() {
    for status in [
        "404 Not Found",
        "403 Forbidden",
        "500 Oops",
        "304 Not Modified",
    ] {
        let server = Server::start(move |_| Answer::Bytes(response(status, "", b"no")));
        let (fetched, found) = fresh(&server);
        let error = fetched.unwrap_err().to_string();
        let told = error.contains(&status[..3]) || error.contains("sends on");
        assert!(told, "{error}");
        assert_eq!(found, b"", "a refusal is not the file");
    }
}

#[test]
fn redirects_are_followed_as_far_as_they_are_safe() {
    let server = Server::start(|head| {
        let to = |location: &str| {
            Answer::Bytes(response(
                "302 Found",
                &format!("Location: {location}\n"),
                b"",
            ))
        };
        match head.split(' ').nth(1).unwrap() {
            "/file.pt" => to("/moved/file.pt"),
            "/moved/file.pt" => to("../here"),
            _ => whole(&content()),
        }
    });
    let (fetched, found) = fresh(&server);
    fetched.unwrap();
    assert_eq!(found, content());
    for location in [
        "/file.pt",
        "http://example.org/file.pt",
        "file:///etc/passwd",
    ] {
        let headers = format!("Location: {location}\n");
        let server = Server::start(move |_| Answer::Bytes(response("302 Found", &headers, b"")));
        let (fetched, _) = fresh(&server);
        assert!(
            matches!(fetched, Err(FetchError::Redirect { .. })),
            "{location}"
        );
    }
}

#[test]
fn nobody_there_is_told() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address_text = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let url = address(&base(&address_text).unwrap(), "file.pt").unwrap();
    let mut file = tempfile::tempfile().unwrap();
    let error = fetch(&url, &mut file, &LIMITS, &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert!(error.tip().contains("networks import"));
}
