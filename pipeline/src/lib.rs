//! sonoscope: looks at video with its ears open.
//!
//! The library behind the program: GStreamer sources, the dataflow, sinks, command line. Start
//! with [`graph`], which assembles the whole.

pub mod agenda;
pub mod ask;
mod backoff;
pub mod cameras;
pub mod cli;
pub mod cluster;
pub mod commit;
mod config;
pub mod dataset;
pub mod eval;
pub mod extract;
pub mod fault;
pub mod graph;
pub mod heatmaps;
pub mod ingest;
pub mod inputs;
pub mod job;
mod jpeg;
pub mod ledger;
pub mod metrics;
pub mod observer;
pub mod overlay;
mod page;
pub mod paint;
pub mod parts;
pub mod pool;
mod progress;
pub mod python;
pub mod report;
pub mod roll;
mod secret;
pub mod server;
pub mod sinks;
pub mod sources;
mod summary;
mod table;
pub mod tally;
pub mod train;
pub mod views;
pub mod weights;

use fault::Fault;
use gstreamer::glib;

/// Starts GStreamer. What it and GLib complain of goes to the log (target `glib`).
///
/// # Errors
/// When its libraries or registry cannot be read.
pub fn start_gstreamer() -> Result<(), Fault> {
    gstreamer::init().map_err(|error| {
        Fault::environment(format!("GStreamer does not start: {error}")).tip("run `make setup`")
    })?;
    glib::log_set_default_handler(|domain, level, message| {
        let domain = domain.unwrap_or_default();
        match level {
            // It ends the program.
            glib::LogLevel::Error => tracing::error!(target: "glib", domain, "{message}"),
            // Slips of plugins, mostly while they are taken down: a matter for who mends them.
            _ => tracing::debug!(target: "glib", domain, ?level, "{message}"),
        }
    });
    Ok(())
}
