//! Pictures of live sources.

use super::support::{Open, networks, scored};

#[test]
fn the_latest_picture_comes_as_jpeg_with_and_without_its_map() {
    crate::start_gstreamer().unwrap();
    let open = Open::new(10);
    let camera = open.add("yard");
    open.get("/api/sources/yard/frame.jpg")
        .explains(404, "no picture");
    open.observer
        .scored(&scored(&camera, 1_700_000_000), &networks());
    open.observer
        .scored(&scored(&camera, 1_700_000_001), &networks());

    let plain = open.get("/api/sources/yard/frame.jpg?second=1");
    assert_eq!(plain.status, 200);
    assert!(
        plain.head.contains("content-type: image/jpeg"),
        "{}",
        plain.head
    );
    assert!(
        plain.head.contains("sonoscope-segment: 1700000001"),
        "{}",
        plain.head
    );
    assert_eq!(plain.body[..3], [0xff, 0xd8, 0xff]);
    let painted = open.get("/api/sources/yard/frame.jpg?heatmap=1");
    assert_eq!(painted.body[..3], [0xff, 0xd8, 0xff]);
    assert_ne!(plain.body, painted.body);
    assert_eq!(
        plain.body,
        open.get("/api/sources/yard/frame.jpg?heatmap=0").body
    );
    open.get("/api/sources/yard/frame.jpg?heatmap=yes")
        .explains(400, "heatmap");

    let latest = &open.get("/api/sources/yard").json()["latest"];
    assert_eq!(latest["segment"], 1_700_000_001);
    assert_eq!(latest["correspondence"], 0.75);
    assert_eq!(latest["has_heatmap"], true);
}

#[test]
fn a_picture_goes_with_its_source_and_is_not_that_of_another_of_its_name() {
    let open = Open::new(10);
    let first = open.add("yard");
    let late = scored(&first, 1);
    let picture = std::sync::Arc::downgrade(&late.segment.frame.as_ref().unwrap().picture);
    open.observer.scored(&late, &networks());
    drop(late);
    assert!(picture.upgrade().is_some(), "it is kept");
    open.delete("/api/sources/yard");
    drop(first);
    assert!(picture.upgrade().is_none(), "it went with its source");

    let first = open.add("yard");
    open.delete("/api/sources/yard");
    open.add("yard");
    open.observer.scored(&scored(&first, 2), &networks());
    open.get("/api/sources/yard/frame.jpg")
        .explains(404, "no picture");
}
