//! What is counted of live sources, read when somebody asks.

use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::MetricType,
};

use crate::cameras::{Camera, Reading, Roster, State};

/// A series for each source of a roster.
#[derive(Debug)]
pub struct Cameras(Roster);

/// A metric that every source has.
struct Counted {
    name: &'static str,
    help: &'static str,
    of: fn(&Reading) -> u64,
}

/// A metric that a source may not have yet.
struct Gauged {
    name: &'static str,
    help: &'static str,
    of: fn(&Reading, now_s: f64) -> Option<f64>,
}

const COUNTERS: [Counted; 5] = [
    Counted {
        name: "source_seconds_in",
        help: "Seconds that have come of a source",
        of: |reading| reading.seconds_in,
    },
    Counted {
        name: "source_seconds_out",
        help: "Seconds of a source whose rows are with the sinks",
        of: |reading| reading.seconds_out,
    },
    Counted {
        name: "source_dropped_seconds",
        help: "Seconds that were let go undecoded, since there was too much to do",
        of: |reading| reading.dropped,
    },
    Counted {
        name: "source_gaps",
        help: "Rows that stand for seconds without picture and sound",
        of: |reading| reading.gaps,
    },
    Counted {
        name: "source_reconnects",
        help: "Connections to a source after the first",
        of: |reading| reading.reconnects,
    },
];

const GAUGES: [Gauged; 4] = [
    Gauged {
        name: "source_event_time_lag_seconds",
        help: "Age of the newest that has come of a source, by the time of its capture",
        of: |reading, now_s| {
            (reading.newest_ns > 0).then(|| now_s - reading.newest_ns as f64 / 1e9)
        },
    },
    Gauged {
        name: "source_row_lag_seconds",
        help: "Age of the end of the last second whose row is with the sinks",
        of: |reading, now_s| {
            let end_s = (reading.committed_segment + 1) as f64;
            (reading.committed_segment > 0).then_some(now_s - end_s)
        },
    },
    Gauged {
        name: "source_queue_bytes",
        help: "Bytes of a source that wait to be decoded",
        of: |reading, _| Some(reading.queue_bytes as f64),
    },
    Gauged {
        name: "source_skew_seconds",
        help: "By how much a source's sound comes later than its pictures of the same time",
        of: |reading, _| Some(reading.skew_ns as f64 / 1e9),
    },
];

impl Cameras {
    /// Of this roster.
    pub fn new(roster: Roster) -> Self {
        Self(roster)
    }
}

impl Collector for Cameras {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let cameras = self.0.all();
        let readings: Vec<_> = cameras.iter().map(|camera| camera.meter.read()).collect();
        let each = || {
            cameras
                .iter()
                .map(|camera| camera.spec.id.as_str())
                .zip(&readings)
        };
        for counted in &COUNTERS {
            let counter = MetricType::Counter;
            let mut metric =
                encoder.encode_descriptor(counted.name, counted.help, None, counter)?;
            for (id, reading) in each() {
                (metric.encode_family(&[("source", id)])?)
                    .encode_counter::<NoLabelSet, u64, f64>(&(counted.of)(reading), None)?;
            }
        }
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = since_1970.unwrap_or_default().as_secs_f64();
        for gauged in &GAUGES {
            let gauge = MetricType::Gauge;
            let mut metric = encoder.encode_descriptor(gauged.name, gauged.help, None, gauge)?;
            for (id, reading) in each() {
                if let Some(value) = (gauged.of)(reading, now_s) {
                    (metric.encode_family(&[("source", id)])?).encode_gauge(&value)?;
                }
            }
        }
        states(&cameras, encoder)
    }
}

/// 1 for the state that a source is in, 0 for the others.
fn states(cameras: &[Arc<Camera>], mut encoder: DescriptorEncoder) -> fmt::Result {
    let help = "1 for the state that a source is in, 0 for the others";
    let mut metric = encoder.encode_descriptor("source_state", help, None, MetricType::Gauge)?;
    for camera in cameras {
        let present = camera.health().state;
        for state in State::ALL {
            let labels = [("source", camera.spec.id.as_str()), ("state", state.name())];
            let is_it = i64::from(state == present);
            metric.encode_family(&labels)?.encode_gauge(&is_it)?;
        }
    }
    Ok(())
}
