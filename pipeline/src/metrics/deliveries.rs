//! What becomes of rows that are delivered, read when somebody asks.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, NoLabelSet},
    metrics::MetricType,
};

use crate::sinks::{Account, Counters};

/// A series for each sink that delivers. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Deliveries(Arc<Mutex<Vec<(String, Counters)>>>);

struct Metric {
    name: &'static str,
    help: &'static str,
    of: fn(&Account) -> u64,
}

const COUNTERS: [Metric; 4] = [
    Metric {
        name: "sink_delivered",
        help: "Rows and changes that the receiver has taken",
        of: |account| account.sent,
    },
    Metric {
        name: "sink_refused",
        help: "Rows and changes that the receiver will never take: they are dead letters",
        of: |account| account.refused,
    },
    Metric {
        name: "sink_dropped",
        help: "Rows and changes for which there was no room",
        of: |account| account.dropped,
    },
    Metric {
        name: "sink_failures",
        help: "Attempts to reach the receiver that have failed",
        of: |account| account.failures,
    },
];

const GAUGES: [Metric; 3] = [
    Metric {
        name: "sink_waiting",
        help: "Rows and changes that wait for the receiver",
        of: |account| account.waiting,
    },
    Metric {
        name: "sink_waiting_bytes",
        help: "Bytes of those that wait",
        of: |account| account.waiting_bytes,
    },
    Metric {
        name: "sink_connected",
        help: "1 while the receiver is there",
        of: |account| account.is_connected.into(),
    },
];

impl Deliveries {
    /// With one more sink.
    pub fn add(&self, sink: &str, counters: Counters) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((sink.to_owned(), counters));
    }

    /// What became of the rows of each.
    pub fn read(&self) -> Vec<(String, Account)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let account = |(sink, counters): &(String, Counters)| (sink.clone(), counters.read());
        all.iter().map(account).collect()
    }
}

impl Collector for Deliveries {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let accounts = self.read();
        for Metric { name, help, of } in &COUNTERS {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (sink, account) in &accounts {
                (metric.encode_family(&[("sink", sink.as_str())])?)
                    .encode_counter::<NoLabelSet, u64, f64>(&of(account), None)?;
            }
        }
        for Metric { name, help, of } in &GAUGES {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for (sink, account) in &accounts {
                (metric.encode_family(&[("sink", sink.as_str())])?)
                    .encode_gauge(&(of(account) as i64))?;
            }
        }
        Ok(())
    }
}
