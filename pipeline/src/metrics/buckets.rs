//! Bounds of histograms.

use prometheus_client::metrics::histogram::Histogram;

/// For sizes of batches.
pub const POWERS_OF_TWO: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// In seconds: from what an int8 network takes on a card to what a frozen disk does.
const DURATIONS_S: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// In seconds, close where it is promised how late rows may be: 0.3 and 0.8.
const LAGS_S: [f64; 14] = [
    0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 2.0, 5.0, 30.0,
];

/// An empty histogram of how long something takes.
pub fn durations() -> Histogram {
    Histogram::new(DURATIONS_S)
}

/// An empty histogram of how late something is.
pub fn lags() -> Histogram {
    Histogram::new(LAGS_S)
}
