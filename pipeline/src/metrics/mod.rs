//! What is measured of a run, in the words of Prometheus.

mod buckets;
mod cameras;
mod deliveries;
mod process;
mod views;

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::text::encode,
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use deliveries::Deliveries;
pub use process::Process;

use crate::{
    cameras::Roster,
    sinks::{Account, Counters},
    views::ViewStore,
};

/// The one label of a series: its name and value.
type Label = [(&'static str, String); 1];
type Histograms = Family<Label, Histogram, fn() -> Histogram>;
type Seconds = Gauge<f64, std::sync::atomic::AtomicU64>;

/// Places on the way of a second where it is seen how late it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has been cut.
    Slice,
    /// The networks have spoken.
    Infer,
}

/// The histograms and gauges of a run. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    batch_size: Histogram,
    inference: Histograms,
    row_latency: Histogram,
    stage_lag: Histograms,
    sink_write: Histograms,
    sink_lag: Family<Label, Seconds>,
    deliveries: Deliveries,
    views: views::Remembered,
}

impl Metrics {
    /// Nothing measured yet. What the sources of `roster` count, and what the process takes, is
    /// read when it is asked for.
    pub fn new(roster: &Roster) -> Self {
        let mut registry = Registry::default();
        let batch_size = Histogram::new(buckets::POWERS_OF_TWO);
        let row_latency = buckets::lags();
        let inference = Histograms::new_with_constructor(buckets::durations);
        let stage_lag = Histograms::new_with_constructor(buckets::lags);
        let sink_write = Histograms::new_with_constructor(buckets::durations);
        let sink_lag = Family::default();
        let own = registry.sub_registry_with_prefix("sonoscope");
        own.register(
            "batch_size",
            "Seconds of sources that networks were given at once",
            batch_size.clone(),
        );
        own.register(
            "inference_seconds",
            "Time that a network took for one second of a source",
            inference.clone(),
        );
        own.register(
            "row_latency_seconds",
            "From the end of a second, by the time of its capture, until the sinks had its rows",
            row_latency.clone(),
        );
        own.register(
            "stage_lag_seconds",
            "From the end of a second, by the time of its capture, until this stage was done",
            stage_lag.clone(),
        );
        own.register(
            "sink_write_seconds",
            "Time that a sink took for the rows of an epoch",
            sink_write.clone(),
        );
        own.register(
            "sink_lag_seconds",
            "How old the newest second of a live source was when the sink had its row",
            sink_lag.clone(),
        );
        own.register_collector(Box::new(cameras::Cameras::new(roster.clone())));
        let deliveries = Deliveries::default();
        own.register_collector(Box::new(deliveries.clone()));
        let views = views::Remembered::default();
        own.register_collector(Box::new(views.clone()));
        registry.register_collector(Box::new(process::Collected));
        Self(Arc::new(Inner {
            registry,
            batch_size,
            inference,
            row_latency,
            stage_lag,
            sink_write,
            sink_lag,
            deliveries,
            views,
        }))
    }

    /// Networks are given so many seconds at once.
    pub fn batch(&self, size: usize) {
        self.0.batch_size.observe(size as f64);
    }

    /// A network took so long.
    pub fn inferred(&self, network: &str, took: Duration) {
        let label = [("network", network.to_owned())];
        (self.0.inference.get_or_create(&label)).observe(took.as_secs_f64());
    }

    /// A second of a live source has passed a stage, so long after its end.
    pub fn passed(&self, stage: Stage, lag_s: f64) {
        let label = [("stage", stage.name().to_owned())];
        self.0.stage_lag.get_or_create(&label).observe(lag_s);
    }

    /// The sinks have a row of a live source, so long after the end of its second.
    pub fn committed(&self, lag_s: f64) {
        self.0.row_latency.observe(lag_s);
    }

    /// A sink took so long to write; how late the newest live second was then, if one was among
    /// the rows.
    pub fn wrote(&self, sink: &str, took: Duration, lag_s: Option<f64>) {
        let label = [("sink", sink.to_owned())];
        (self.0.sink_write.get_or_create(&label)).observe(took.as_secs_f64());
        if let Some(lag_s) = lag_s {
            self.0.sink_lag.get_or_create(&label).set(lag_s);
        }
    }

    /// A sink delivers its rows, and counts what becomes of them.
    pub fn delivers(&self, sink: &str, counters: Counters) {
        self.0.deliveries.add(sink, counters);
    }

    /// The run has these views.
    pub fn has_views(&self, store: ViewStore) {
        self.0.views.are(store);
    }

    /// What became of the rows of each sink that delivers them.
    pub fn deliveries(&self) -> Vec<(String, Account)> {
        self.0.deliveries.read()
    }

    /// All of it, in the text form of OpenMetrics.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // A string takes everything, and the collectors fail only where it does not.
        let _ = encode(&mut text, &self.0.registry);
        text
    }
}

impl Stage {
    fn name(self) -> &'static str {
        match self {
            Self::Slice => "slice",
            Self::Infer => "infer",
        }
    }
}
