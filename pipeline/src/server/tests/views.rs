//! What views answer, as it is told.

use sonoscope_operators::SourceId;

use super::support::Open;
use crate::views::{Change, ViewName};

fn change(source: &str, start: i64) -> Change {
    Change {
        view: ViewName::Episodes,
        source: SourceId::slug(source),
        key: format!("episodes/{source}/ave@0/{start}"),
        body: Some(format!("{{\"start\":{start}}}")),
    }
}

#[test]
fn answers_are_told_page_by_page() {
    let open = Open::new(1);
    open.views
        .take(&[change("a", 1), change("a", 2), change("b", 3)]);
    let views = open.get("/api/views").json();
    assert_eq!(views[0]["view"], "episodes");
    assert_eq!(views.as_array().unwrap().len(), 1);
    let starts = |query: &str| {
        let page = open.get(&format!("/api/views/episodes{query}")).json();
        let starts = page.as_array().unwrap().iter();
        starts
            .map(|one| one["answer"]["start"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(starts(""), [1, 2, 3]);
    assert_eq!(starts("?source=a&limit=1"), [1]);
    assert_eq!(starts("?after=episodes/a/ave@0/1"), [2, 3]);
    assert_eq!(starts("?source=nobody"), [0; 0]);
}

#[test]
fn what_cannot_be_told_is_explained() {
    let open = Open::new(1);
    for name in ["rolling", "everything", "%ff"] {
        let path = format!("/api/views/{name}");
        assert!([400, 404].contains(&open.get(&path).status), "{path}");
        let path = path + "/live";
        assert!([400, 404].contains(&open.get(&path).status), "{path}");
    }
    open.get("/api/views/rolling").explains(404, "no such view");
    open.get("/api/views/episodes?limit=0")
        .explains(400, "limit");
    open.get("/api/views/episodes?limit=x")
        .explains(400, "parameters");
    open.get("/api/views/episodes?source=A%20B")
        .explains(400, "");
}

#[test]
fn sizes_are_measured() {
    let text = String::from_utf8(Open::new(1).get("/metrics").body).unwrap();
    for name in ["rows", "answers", "bytes"] {
        let line = format!("sonoscope_view_{name}{{view=\"episodes\"}} 0");
        assert!(text.contains(&line), "{text}");
    }
}
