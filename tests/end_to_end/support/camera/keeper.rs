//! Someone who always looks at a camera, so that it runs like one: what it sends is sent when it
//! is captured. GStreamer's server gets ready for the first who looks with packets that it then
//! holds back until they ask for more, and would send them late.

use std::{sync::mpsc::sync_channel, time::Duration};

use gstreamer::{self as gst, prelude::*};

use super::pump::Plan;

/// A camera runs by then, on a slow machine that does other things as well.
const LIMIT: Duration = Duration::from_secs(20);

/// Looks until it is dropped.
pub struct Keeper {
    pipeline: gst::Pipeline,
}

impl Keeper {
    /// Begins to look, and waits until there is something of each track that is not late.
    pub fn of(url: &str, plans: &[Plan]) -> Self {
        let pipeline = gst::Pipeline::new();
        let camera = gst::ElementFactory::make("rtspsrc")
            .property("location", url)
            .property_from_str("protocols", "tcp")
            .property("latency", 0_u32)
            .build()
            .unwrap();
        pipeline.add(&camera).unwrap();
        let at_once = plans.iter().filter(|plan| plan.late_ns == 0).count();
        let (begins, begun) = sync_channel(plans.len());
        let within = pipeline.downgrade();
        camera.connect_pad_added(move |_, pad| {
            if let Some(pipeline) = within.upgrade() {
                let begins = begins.clone();
                pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                    // Nobody waits any more once it has been too long.
                    let _ = begins.try_send(());
                    gst::PadProbeReturn::Remove
                });
                discard(&pipeline, pad);
            }
        });
        let keeper = Self { pipeline };
        keeper.pipeline.set_state(gst::State::Playing).unwrap();
        for _ in 0..at_once {
            begun
                .recv_timeout(LIMIT)
                .unwrap_or_else(|error| panic!("{url}: {error}"));
        }
        keeper
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Nothing is left to be done about it.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// What comes out of here is not wanted.
fn discard(pipeline: &gst::Pipeline, pad: &gst::Pad) {
    let sink = gst::ElementFactory::make("fakesink")
        .property("sync", false)
        .property("async", false)
        .build()
        .unwrap();
    pipeline.add(&sink).unwrap();
    sink.sync_state_with_parent().unwrap();
    pad.link(&sink.static_pad("sink").unwrap()).unwrap();
}
