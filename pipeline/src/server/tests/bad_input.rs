//! What nobody should send.

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{
    super::{body, routes},
    support::{Open, SECRET, answer, babble, networks, row, scored},
};
use crate::cameras::State;

#[test]
fn names_that_are_none_are_refused_and_not_repeated() {
    let open = Open::new(10);
    open.add("yard");
    for id in [
        "..",
        "%2e%2e",
        "..%2fetc%2fpasswd",
        "%2Fetc%2Fpasswd",
        "a%2Fb",
        ".hidden",
        "a..b",
        "A",
        "a%00b",
        "%ff%fe",
        "a%20b",
        "a%5Cb",
        &"x".repeat(101),
    ] {
        for rest in ["", "/live", "/frame.jpg"] {
            let refused = open.get(&format!("/api/sources/{id}{rest}"));
            assert!(
                [400, 404].contains(&refused.status),
                "{id}{rest}: {refused:?}"
            );
            assert!(!refused.text().contains("passwd"), "{refused:?}");
            assert!(refused.json()["tip"].is_string());
        }
        let deleted = open.delete(&format!("/api/sources/{id}"));
        assert!([400, 404].contains(&deleted.status));
    }
    assert_eq!(open.roster.all().len(), 1);
    for id in [
        "../x",
        "a/b",
        "Front Door",
        "",
        ".",
        "x\u{0}",
        &format!("rtsp://u:{SECRET}@h"),
    ] {
        let body = serde_json::json!({ "url": "rtsp://host/", "id": id });
        open.post(body.to_string()).explains(400, "`id`");
    }
}

#[test]
fn a_body_that_is_wrong_is_told_by_its_key() {
    let open = Open::new(10);
    let wrong = [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[]", "no object"),
        ("\"rtsp://host/\"", "no object"),
        ("{}", "`url`"),
        (r#"{"url": null}"#, "`url`"),
        (r#"{"url": 7}"#, "`url`"),
        (r#"{"url": ""}"#, "`url`"),
        (r#"{"url": "ftp://host/"}"#, "`url`"),
        (r#"{"url": "rtsp://"}"#, "`url`"),
        (r#"{"url": "-"}"#, "`url`"),
        (
            r#"{"url": "rtsp://host/", "transport": "pigeon"}"#,
            "`transport`",
        ),
        (r#"{"url": "rtsp://host/", "stall_s": "ten"}"#, "`stall_s`"),
        (r#"{"url": "rtsp://host/", "stall_s": 0}"#, "`stall_s`"),
        (r#"{"url": "rtsp://host/", "stall_s": 1e300}"#, "`stall_s`"),
        (r#"{"url": "rtsp://host/", "jitter_ms": -1}"#, "`jitter_ms`"),
        (
            r#"{"url": "rtsp://host/", "jitter_ms": 18446744073709551615}"#,
            "`jitter_ms`",
        ),
        (r#"{"url": "rtsp://host/", "insecure": 1}"#, "`insecure`"),
        (
            r#"{"url": "rtsp://host/", "silence_dbfs": 1}"#,
            "`silence_dbfs`",
        ),
        (
            r#"{"url": "rtsp://host/", "networks": "avol-small"}"#,
            "`networks`",
        ),
        (
            r#"{"url": "rtsp://host/", "networks": ["avol-small", "none"]}"#,
            "`networks`",
        ),
        (
            r#"{"url": "rtsp://host/", "sinks": ["null:", "jsonl:none"]}"#,
            "`sinks`",
        ),
        (r#"{"url": "rtsp://host/", "color": "red"}"#, "`color`"),
    ];
    for (body, word) in wrong {
        open.post(body).explains(400, word);
    }
    let long = format!(r#"{{"url": "rtsp://host/{}"}}"#, "x".repeat(5000));
    open.post(long).explains(400, "`url`");
    let deep = "[".repeat(60_000);
    open.post(deep).explains(400, "no JSON");
    let text = ["Content-Type: text/plain"];
    let body = br#"{"url": "rtsp://host/"}"#;
    open.ask("POST", "/api/sources", &text, body)
        .explains(415, "JSON");
    assert!(open.roster.all().is_empty());
}

#[test]
fn a_body_may_be_so_large_and_no_larger() {
    let open = Open::new(10);
    let body = |bytes: usize| {
        let rest = r#"{"url":"rtsp://host/"}"#;
        " ".repeat(bytes - rest.len()) + rest
    };
    assert_eq!(open.post(body(body::FORM.largest_bytes)).status, 201);
    open.post(body(body::FORM.largest_bytes + 1))
        .explains(413, "65536");
    // Who says that 30 GB follow is not waited for.
    let head = "POST /api/sources HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Content-Length: 30000000000\r\n\r\n";
    answer(open.server.address(), head.as_bytes())
        .unwrap()
        .explains(413, "65536");
    // Nor who does not say it.
    let mut chunked = b"POST /api/sources HTTP/1.1\r\nHost: localhost\r\nContent-Type: \
        application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    for _ in 0..17 {
        chunked.extend_from_slice(b"1000\r\n");
        chunked.extend_from_slice(&[b' '; 4096]);
        chunked.extend_from_slice(b"\r\n");
    }
    answer(open.server.address(), &chunked)
        .unwrap()
        .explains(413, "65536");
}

#[test]
fn bytes_of_any_kind_are_answered_or_refused_and_leave_it_alive() {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let open = Open::new(10_000);
    let pieces = [
        r#"{"url":"#,
        "\"rtsp://h/\"",
        ",",
        "}",
        "{",
        "[",
        "]",
        "\"id\":",
        "\"a\"",
        ":",
        "null",
        "1e999",
        "\\u0000",
        "\"transport\":",
        "true",
        "-",
        "\"",
        "\u{fe}",
    ];
    for _ in 0..300 {
        let body: Vec<u8> = match random.random_bool(0.5) {
            true => {
                let mut bytes = vec![0; random.random_range(0..2000)];
                random.fill_bytes(&mut bytes);
                bytes
            }
            false => (0..random.random_range(0..12))
                .flat_map(|_| pieces[random.random_range(0..pieces.len())].bytes())
                .collect(),
        };
        let answered = open.post(&body);
        match answered.status {
            201 | 409 => {}
            400 => answered.explains(400, ""),
            status => panic!("{status} for {body:?}"),
        }
    }
    // Not even HTTP, or too much of it.
    for _ in 0..100 {
        let mut bytes = vec![0; random.random_range(1..4000)];
        random.fill_bytes(&mut bytes);
        babble(open.server.address(), &bytes);
    }
    let headers: String = (0..20_000).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    let refused = answer(open.server.address(), request.as_bytes());
    assert!(refused.is_none_or(|refused| refused.status == 431));
    assert_eq!(open.get("/healthz").status, 200);
}

#[test]
fn no_answer_holds_a_secret() {
    crate::start_gstreamer().unwrap();
    let open = Open::new(3);
    let camera = open.add("yard");
    camera.fares(
        State::Failed,
        Some(format!("401 for rtsp://me:{SECRET}@10.0.0.7/live")),
        None,
    );
    open.observer.scored(&scored(&camera, 1), &networks());
    open.witness()(&[row(&camera, 1)]);
    let mut answers = Vec::new();
    for (path, _) in routes::table()
        .iter()
        .filter(|(path, _)| !path.ends_with("/live"))
    {
        answers.push(open.get(&path.replace("{id}", "yard")));
    }
    for body in [
        // Right, taken, full, and secrets in places where none should be.
        format!(r#"{{"url": "rtsp://me:{SECRET}@h/", "id": "gate"}}"#),
        format!(r#"{{"url": "rtsp://me:{SECRET}@h/", "id": "gate"}}"#),
        format!(r#"{{"url": "rtsp://me:{SECRET}@h/?pw={SECRET}"}}"#),
        format!(r#"{{"url": "rtsp://me:{SECRET}@h/", "id": "full"}}"#),
        format!(r#""rtsp://me:{SECRET}@h/""#),
        format!(r#"{{"url": "me:{SECRET}@h/"}}"#),
        format!(r#"{{"url": "rtsp://me:{SECRET}@"}}"#),
        format!(r#"{{"url": "rtsp://me:{SECRET}@h:99999/"}}"#),
        format!(r#"{{"url": ["rtsp://me:{SECRET}@h/"]}}"#),
        format!(r#"{{"rtsp://me:{SECRET}@h/": 1, "url": "rtsp://h/"}}"#),
        format!(r#"{{"url": "rtsp://h/", "id": "rtsp://me:{SECRET}@h/"}}"#),
        format!(r#"{{"url": "rtsp://h/", "transport": "{SECRET}"}}"#),
        format!(r#"{{"url": "rtsp://h/", "stall_s": "{SECRET}"}}"#),
        format!(r#"{{"url": "rtsp://h/", "networks": ["{SECRET}"]}}"#),
        format!(r#"{{"url": "rtsp://me:{SECRET}@h/""#),
    ] {
        answers.push(open.post(body));
    }
    answers.push(open.get(&format!("/api/sources/rtsp:%2F%2Fme:{SECRET}@h")));
    answers.push(open.get(&format!("/{SECRET}")));
    answers.push(open.delete("/api/sources/gate"));
    for answer in &answers {
        assert!(!answer.text().contains(SECRET), "{}", answer.text());
    }
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    for status in [200, 201, 400, 404, 409, 429] {
        assert!(
            statuses.contains(&status),
            "{status} is not among {statuses:?}"
        );
    }
}
