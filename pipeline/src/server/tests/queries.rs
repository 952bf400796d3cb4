//! Questions, and what should not be asked.

use serde_json::{Value, json};
use sonoscope_operators::{
    SourceId,
    views::{Embedding, Match, Modality, Network, Query},
};

use super::{super::question, support::Open};
use crate::views::{Change, Queries, ViewName};

fn post(open: &Open, body: &Value) -> super::support::Answer {
    let json = ["Content-Type: application/json"];
    open.ask("POST", "/api/queries", &json, body.to_string().as_bytes())
}

fn stands(queries: &Queries, name: &str) {
    let embedding = Embedding::from(&[1.0, 0.0][..]);
    let query = |name: &str| Query::new(name, Network::new("ave", "0f"), embedding, 5);
    queries.add(Some(name.into()), query).unwrap();
}

fn found(query: &str, segment: i64, distance: f32) -> Change {
    let found = Match {
        query: query.into(),
        distance: distance.into(),
        source: SourceId::slug("yard"),
        segment,
        modality: Modality::Sound,
    };
    Change {
        view: ViewName::Nearest,
        source: found.source.clone(),
        key: format!("nearest/{query}/yard/{segment}/sound"),
        body: Some(serde_json::to_string(&found).unwrap()),
    }
}

#[test]
fn what_is_nearest_is_told_nearest_first() {
    let open = Open::asked();
    stands(&open.queries, "dog");
    stands(&open.queries, "dog-2");
    open.views.take(&[
        found("dog", 1, 0.5),
        found("dog", 2, 0.25),
        found("dog-2", 3, 0.1),
    ]);
    let dog = open.get("/api/queries/dog").json();
    let segments = dog["matches"].as_array().unwrap().iter();
    let segments: Vec<_> = segments
        .map(|one| one["segment"].as_i64().unwrap())
        .collect();
    assert_eq!(segments, [2, 1]);
    assert_eq!(
        (
            &dog["id"],
            &dog["k"],
            &dog["answered"],
            &dog["network"]["name"]
        ),
        (&json!("dog"), &json!(5), &json!(false), &json!("ave"))
    );
    assert_eq!(dog["matches"][0]["modality"], "sound");
    open.queries.take(1);
    open.queries.settle(None);
    assert_eq!(open.get("/api/queries/dog").json()["answered"], true);

    assert_eq!(open.get("/api/queries").json().as_array().unwrap().len(), 2);
    assert_eq!(open.delete("/api/queries/dog").json()["id"], "dog");
    open.get("/api/queries/dog").explains(404, "no query");
    open.delete("/api/queries/dog").explains(404, "no query");
    assert_eq!(open.get("/api/queries").json().as_array().unwrap().len(), 1);
}

#[test]
fn a_question_that_is_wrong_is_told_by_its_key() {
    let open = Open::asked();
    let like = |more: Value| {
        let mut body = json!({ "like": "yard/7" });
        let keys = body.as_object_mut().unwrap();
        keys.extend(more.as_object().unwrap().clone());
        body
    };
    for (body, told) in [
        (json!({}), "nothing is asked"),
        (
            json!({ "image": "aaaa", "like": "yard/7" }),
            "more than one",
        ),
        (json!({ "image": "?" }), "`image` is no base64"),
        (json!({ "audio": "not base64" }), "`audio` is no base64"),
        (json!({ "image": 7 }), "`image`"),
        (json!({ "image": "aaaa", "by": "sound" }), "`by`"),
        (json!({ "like": "yard" }), "`like`"),
        (json!({ "like": "yard/seven" }), "`like`"),
        (json!({ "like": "../etc/7" }), "`like`"),
        (like(json!({ "k": 0 })), "`k`"),
        (like(json!({ "k": 1_000_000 })), "`k`"),
        (like(json!({ "k": -1 })), "`k`"),
        (like(json!({ "seeks": "smell" })), "`seeks`"),
        (like(json!({ "sources": [] })), "`sources`"),
        (like(json!({ "sources": ["A B"] })), "`sources`"),
        (like(json!({ "from": 7, "until": 7 })), "`from`"),
        (
            like(json!({ "least_correspondence": 1.5 })),
            "`least_correspondence`",
        ),
        (like(json!({ "id": "../x" })), "`id`"),
        (like(json!({ "colour": "red" })), "`colour`"),
        // The run of this test has no network at all.
        (like(json!({ "network": "owl" })), "no network owl"),
        (like(json!({})), "one space"),
    ] {
        post(&open, &body).explains(400, told);
    }
    open.ask("POST", "/api/queries", &[], b"{}")
        .explains(415, "JSON");
    assert!(open.queries.all().is_empty());
}

#[test]
fn a_picture_may_be_larger_than_other_bodies() {
    let open = Open::asked();
    let of = |bytes: usize| json!({ "image": "a".repeat(bytes) });
    post(&open, &of(1 << 20)).explains(400, "one space");
    let json = ["Content-Type: application/json"];
    let large = vec![b' '; question::FORM.largest_bytes + 1];
    let refused = open.ask("POST", "/api/queries", &json, &large);
    refused.explains(413, "16777216");
    open.ask("POST", "/api/sources", &json, &large[..1 << 20])
        .explains(413, "65536");
}

#[test]
fn a_run_without_the_view_takes_no_questions() {
    let open = Open::new(1);
    open.get("/api/queries").explains(404, "no questions");
    open.get("/api/queries/dog").explains(404, "no questions");
    post(&open, &json!({ "like": "yard/7" })).explains(404, "no questions");
}
