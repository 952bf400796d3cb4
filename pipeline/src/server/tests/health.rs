//! Alive, and ready.

use super::support::Open;
use crate::{cameras::State, pool::Building};

#[test]
fn ready_is_who_has_loaded_its_networks_and_whose_sources_are_well() {
    let open = Open::new(10);
    assert_eq!(open.get("/healthz").status, 200);
    let loading = open.get("/readyz");
    assert_eq!(loading.status, 503);
    assert_eq!(loading.json()["networks_loaded"], false);
    open.networks.loaded(Default::default());
    assert_eq!(open.get("/readyz").status, 200);

    let (yard, gate) = (open.add("yard"), open.add("gate"));
    assert_eq!(
        open.get("/readyz").status,
        200,
        "connecting is no fault yet"
    );
    yard.fares(State::Streaming, None, None);
    for (state, name) in [(State::Stalled, "stalled"), (State::Failed, "failed")] {
        gate.fares(
            state,
            Some("no route to host".into()),
            Some("look at the cable"),
        );
        let unready = open.get("/readyz");
        assert_eq!(unready.status, 503);
        let json = unready.json();
        assert_eq!(json["ready"], false);
        assert_eq!(json["sources"][0]["id"], "gate");
        assert_eq!(json["sources"][0]["state"], name);
        assert_eq!(json["sources"][0]["reason"], "no route to host");
        assert_eq!(json["sources"][0]["tip"], "look at the cable");
        assert!(json["sources"][0]["since"].as_str().unwrap().ends_with('Z'));
        assert_eq!(json["sources"][1]["state"], "streaming");
    }
    gate.fares(State::Streaming, None, None);
    assert_eq!(open.get("/readyz").json()["ready"], true);
    assert_eq!(open.get("/healthz").body, b"alive\n");
}

#[test]
fn networks_whose_engines_are_being_built_are_counted_and_ready_all_the_same() {
    let open = Open::new(1);
    let building = Building::default();
    let begun = [building.begin(), building.begin()];
    assert_eq!(open.get("/readyz").json()["building"], 0);
    open.networks.loaded(building);
    let ready = open.get("/readyz");
    assert_eq!(ready.status, 200, "CUDA serves meanwhile");
    assert_eq!(ready.json()["building"], 2);
    drop(begun);
    assert_eq!(open.get("/readyz").json()["building"], 0);
}

#[test]
fn the_networks_of_the_run_are_told() {
    let json = Open::new(1).get("/api/networks").json();
    assert_eq!(json[0]["network"], "avol-small");
    assert_eq!(json[0]["provider"], "cpu");
    assert_eq!(json[0]["contract"]["heatmap"], serde_json::json!([14, 14]));
}
