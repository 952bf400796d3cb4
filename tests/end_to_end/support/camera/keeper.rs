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
    pipeline: gst::Element,
}

impl Keeper {
    /// Begins to look, and waits until there is something of each track that is not late.
    pub fn of(url: &str, plans: &[Plan]) -> Self {
        let sinks = "camera. ! fakesink sync=false async=false ".repeat(plans.len());
        let tracks = plans.iter().filter(|plan| plan.late_ns == 0).count();
        let launch = format!("rtspsrc name=camera protocols=tcp latency=0 {sinks}");
        let pipeline = gst::parse::launch(&launch).unwrap();
        let bin = pipeline.downcast_ref::<gst::Bin>().unwrap();
        let camera = bin.by_name("camera").unwrap();
        camera.set_property("location", url);
        let (begins, begun) = sync_channel(tracks);
        camera.connect_pad_added(move |_, pad| {
            let begins = begins.clone();
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                // Nobody waits any more once it has been too long.
                let _ = begins.try_send(());
                gst::PadProbeReturn::Remove
            });
        });
        let keeper = Self { pipeline };
        keeper.pipeline.set_state(gst::State::Playing).unwrap();
        for _ in 0..tracks {
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
