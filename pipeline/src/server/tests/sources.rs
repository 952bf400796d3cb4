//! Putting in, looking at, taking out.

use std::thread;

use super::support::{Open, SECRET, ask, row};
use crate::cameras::{Spread, State};

#[test]
fn a_source_is_put_in_looked_at_and_taken_out() {
    let open = Open::new(10);
    let body = format!(
        r#"{{"url": "rtsp://me:{SECRET}@10.0.0.7/live", "id": "front-door", "transport": "tcp",
            "stall_s": 2.5, "jitter_ms": 40, "insecure": true,
            "silence_dbfs": -45.5, "networks": ["avol-small"]}}"#
    );
    let added = open.post(&body);
    assert_eq!(added.status, 201);
    assert!(
        added.head.contains("location: /api/sources/front-door"),
        "{}",
        added.head
    );

    let one = open.get("/api/sources/front-door").json();
    assert_eq!(one["id"], "front-door");
    assert_eq!(one["url"], "rtsp://***@10.0.0.7/live");
    assert_eq!(one["transport"], "tcp");
    assert_eq!(one["stall_s"], 2.5);
    assert_eq!(one["jitter_ms"], 40);
    assert_eq!(one["insecure"], true);
    assert_eq!(one["silence_dbfs"], -45.5);
    assert_eq!(
        one["networks"][0], "models/avol-small",
        "as the run names it"
    );
    assert_eq!(one["state"], "connecting");
    assert_eq!(open.get("/api/sources").json()[0]["id"], "front-door");

    let spread = Spread { here: 1, all: 1 };
    let camera = open
        .roster
        .take(&(0..1), spread)
        .expect("a worker takes it up");
    assert_eq!(camera.spec.stall.as_millis(), 2500);
    open.post(&body).explains(409, "front-door");
    assert_eq!(open.delete("/api/sources/front-door").status, 200);
    assert!(camera.stop.is_raised());
    open.get("/api/sources/front-door")
        .explains(404, "front-door");
    open.delete("/api/sources/front-door")
        .explains(404, "front-door");
    assert_eq!(open.get("/api/sources").json(), serde_json::json!([]));
}

#[test]
fn a_source_without_a_name_is_named_by_its_url() {
    let open = Open::new(10);
    let added = open.post(r#"{"url": "rtsp://u:p@Cam.local:554/Live/1?x=y"}"#);
    assert_eq!(added.json()["id"], "cam-local-live-1");
}

#[test]
fn what_is_counted_and_how_it_fares_is_told() {
    let open = Open::new(10);
    let camera = open.add("yard");
    camera.meter.dropped(3);
    camera.meter.reconnected();
    camera.fares(
        State::Failed,
        Some(format!("{SECRET} is wrong")),
        Some("look at the password"),
    );
    let mut witness = open.witness();
    witness(&[row(&camera, 1_700_000_000), row(&camera, 1_700_000_001)]);

    let told = open.get("/api/sources/yard").json();
    assert_eq!(told["counted"]["seconds_out"], 2);
    assert_eq!(told["counted"]["last_segment"], 1_700_000_001);
    assert_eq!(told["counted"]["dropped"], 3);
    assert_eq!(told["counted"]["reconnects"], 1);
    assert_eq!(told["state"], "failed");
    assert_eq!(told["reason"], "*** is wrong");
    assert_eq!(told["tip"], "look at the password");
}

#[test]
fn a_flood_of_sources_ends_at_the_limit_with_a_clear_answer() {
    const LIMIT: usize = 200;
    let open = Open::new(LIMIT);
    let address = open.server.address();
    let asking = |thread: usize| {
        thread::Builder::new().spawn(move || {
            let json = ["Content-Type: application/json"];
            let add = |n| {
                let body = format!(r#"{{"url": "rtsp://host/{n}", "id": "c{thread}-{n}"}}"#);
                ask(address, "POST", "/api/sources", &json, body.as_bytes())
            };
            let answers: Vec<_> = (0..100).map(add).collect();
            for refused in answers.iter().filter(|answer| answer.status != 201) {
                refused.explains(429, "200 live sources");
            }
            answers.iter().filter(|answer| answer.status == 201).count()
        })
    };
    // More clients at once than there are places before the door.
    let threads: Vec<_> = (0..100).map(|thread| asking(thread).unwrap()).collect();
    let added: usize = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    assert_eq!(added, LIMIT, "of 10 000");
    assert_eq!(open.roster.all().len(), LIMIT);
}

#[test]
fn a_run_that_ends_takes_no_more() {
    let open = Open::new(10);
    open.roster.close();
    open.post(r#"{"url": "rtsp://host/"}"#)
        .explains(503, "ending");
}
