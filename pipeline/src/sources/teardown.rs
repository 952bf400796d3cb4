//! Taking pipelines down, within a time.

use std::{sync::mpsc, thread, time::Duration};

use gstreamer as gst;
use gstreamer::prelude::*;

/// Taking a pipeline down takes milliseconds; a plugin that hangs is left behind after this.
const TEARDOWN: Duration = Duration::from_millis(2500);

/// Stops a pipeline on a thread of its own, so that a plugin that hangs costs a thread and not
/// the run.
pub fn take_down(pipeline: gst::Pipeline) {
    let (done, wait) = mpsc::sync_channel(1);
    let stopper = thread::Builder::new()
        .name("teardown".into())
        .spawn(move || {
            stop_sources(&pipeline);
            let _ = pipeline.set_state(gst::State::Null);
            drop(pipeline);
            let _ = done.send(());
        });
    if stopper.is_ok() && wait.recv_timeout(TEARDOWN).is_err() {
        tracing::warn!("a GStreamer pipeline did not stop in {TEARDOWN:?} and is left behind");
    }
}

/// Stops what `urisourcebin` made for an address before itself. It holds a lock while it stops it;
/// a stream that shows itself at that moment waits for the lock, and the source for the stream.
fn stop_sources(pipeline: &gst::Pipeline) {
    for bin in pipeline.iterate_all_by_element_factory_name("urisourcebin") {
        let Some(bin) = bin.ok().and_downcast::<gst::Bin>() else {
            continue;
        };
        for source in bin.iterate_sources().into_iter().flatten() {
            // Whatever still brings the others to play passes it over.
            source.set_locked_state(true);
            let _ = source.set_state(gst::State::Null);
        }
    }
}
