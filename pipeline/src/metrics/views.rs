//! What views remember, read when somebody asks.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder, metrics::MetricType};
use sonoscope_operators::views::Held;

use crate::views::ViewStore;

/// A series for each view of a run. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Remembered(Arc<OnceLock<ViewStore>>);

struct Metric {
    name: &'static str,
    help: &'static str,
    of: fn(&Held) -> u64,
}

const GAUGES: [Metric; 3] = [
    Metric {
        name: "view_rows",
        help: "Seconds of which a view remembers something",
        of: |held| held.rows,
    },
    Metric {
        name: "view_answers",
        help: "Answers of a view that hold",
        of: |held| held.answers,
    },
    Metric {
        name: "view_bytes",
        help: "About how much memory a view takes for them",
        of: |held| held.bytes,
    },
];

impl Remembered {
    /// The run has these views; said once.
    pub fn are(&self, store: ViewStore) {
        // Whoever says it again means the same.
        let _ = self.0.set(store);
    }
}

impl Collector for Remembered {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let sizes = self.0.get().map(ViewStore::sizes).unwrap_or_default();
        if sizes.is_empty() {
            return Ok(());
        }
        for Metric { name, help, of } in &GAUGES {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            for size in &sizes {
                (metric.encode_family(&[("view", size.view.as_str())])?)
                    .encode_gauge(&(of(&size.held) as i64))?;
            }
        }
        Ok(())
    }
}
