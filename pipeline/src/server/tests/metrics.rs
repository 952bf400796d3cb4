//! What is measured, as Prometheus reads it.

use std::{collections::BTreeMap, time::Duration};

use super::support::{Open, networks, row, scored};
use crate::cameras::State;

/// Series and their values; every line is read, or the text is wrong.
fn series(text: &str) -> BTreeMap<String, f64> {
    let mut kinds = BTreeMap::new();
    let mut series = BTreeMap::new();
    let body = text.strip_suffix("# EOF\n").expect("an end");
    for line in body.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(
                kinds.insert(name.to_owned(), kind.to_owned()).is_none(),
                "{name} comes twice"
            );
        } else if !line.starts_with("# ") {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let bare = name.split('{').next().unwrap();
            let is_known = kinds.iter().any(|(known, kind)| match kind.as_str() {
                "counter" => bare == format!("{known}_total"),
                "histogram" => ["_sum", "_count", "_bucket"]
                    .iter()
                    .any(|s| bare == format!("{known}{s}")),
                _ => bare == known,
            });
            assert!(is_known, "{line}");
            let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(
                series.insert(name.to_owned(), value).is_none(),
                "{line} comes twice"
            );
        }
    }
    series
}

#[test]
fn every_measure_has_its_series() {
    let open = Open::new(10);
    let camera = open.add("yard");
    camera.fares(State::Stalled, None, None);
    camera.meter.came(1_700_000_000_500_000_000);
    camera.meter.came(1_700_000_001_500_000_000);
    camera.meter.dropped(4);
    camera.meter.queues(4096);
    camera.meter.skewed(-250_000_000);
    open.observer.cut(&scored(&camera, 1).segment);
    open.observer.scored(&scored(&camera, 1), &networks());
    open.witness()(&[row(&camera, 1_700_000_000)]);
    open.metrics.batch(3);
    open.metrics
        .inferred("avol-small", Duration::from_millis(7));
    open.metrics
        .wrote("null:", Duration::from_micros(20), Some(0.4));

    let answer = open.get("/metrics");
    assert!(
        answer
            .head
            .contains("content-type: application/openmetrics-text")
    );
    let series = series(&answer.text()[answer.head.len()..]);
    let of = |name: &str| {
        *series
            .get(name)
            .unwrap_or_else(|| panic!("{name}: {series:#?}"))
    };
    let yard = |name: &str| of(&format!("sonoscope_source_{name}{{source=\"yard\"}}"));
    assert_eq!(yard("seconds_in_total"), 2.0);
    assert_eq!(yard("seconds_out_total"), 1.0);
    assert_eq!(yard("dropped_seconds_total"), 4.0);
    assert_eq!(yard("gaps_total"), 0.0);
    assert_eq!(yard("reconnects_total"), 0.0);
    assert_eq!(yard("queue_bytes"), 4096.0);
    assert_eq!(yard("skew_seconds"), -0.25);
    assert!(yard("event_time_lag_seconds") > 1e6);
    assert!(yard("row_lag_seconds") > yard("event_time_lag_seconds"));
    assert_eq!(
        of("sonoscope_source_state{source=\"yard\",state=\"stalled\"}"),
        1.0
    );
    assert_eq!(
        of("sonoscope_source_state{source=\"yard\",state=\"streaming\"}"),
        0.0
    );
    assert_eq!(of("sonoscope_batch_size_sum"), 3.0);
    assert_eq!(
        of("sonoscope_inference_seconds_count{network=\"avol-small\"}"),
        1.0
    );
    assert_eq!(of("sonoscope_row_latency_seconds_count"), 1.0);
    for stage in ["slice", "infer"] {
        assert_eq!(
            of(&format!(
                "sonoscope_stage_lag_seconds_count{{stage=\"{stage}\"}}"
            )),
            1.0
        );
    }
    assert_eq!(
        of("sonoscope_sink_write_seconds_count{sink=\"null:\"}"),
        1.0
    );
    assert_eq!(of("sonoscope_sink_lag_seconds{sink=\"null:\"}"), 0.4);
    for gauge in ["resident_memory_bytes", "threads", "open_fds"] {
        assert!(of(&format!("process_{gauge}")) >= 1.0);
    }

    open.delete("/api/sources/yard");
    assert!(
        !open.get("/metrics").text().contains("yard"),
        "its series go with it"
    );
}
