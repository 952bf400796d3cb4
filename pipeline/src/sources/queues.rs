//! Where streams wait for their decoders.

use gstreamer as gst;
use gstreamer::prelude::*;

use super::{
    SourceError,
    decode::{Branch, make},
};

/// Encoded data that may wait for its decoder, per stream. A queue grows beyond it while another
/// is empty, so that streams stored far apart cannot block each other.
pub const QUEUE_BYTES: u32 = 8 << 20;

/// What a live source has waiting for its decoders, per stream, before the oldest of it is let go.
/// More than should ever be there: late seconds are let go before.
const LIVE_QUEUE_BYTES: u32 = 16 << 20;

/// Likewise in time.
const LIVE_QUEUE_TIME: gst::ClockTime = gst::ClockTime::from_seconds(6);

/// Where streams wait for their decoders.
#[derive(Clone)]
pub enum Queues {
    /// All in one multiqueue: a recording's streams wait for each other.
    One(gst::Element),
    /// Each by itself, and not for ever: what is too old is let go.
    Each {
        /// Whether what comes in bursts is let in at the pace of its times.
        paced: bool,
    },
}

impl Queues {
    /// A place for one more stream: where it goes in and comes out.
    fn place(
        &self,
        pipeline: &gst::Pipeline,
    ) -> Result<(gst::Pad, gst::Pad), gst::glib::BoolError> {
        let full = || gst::glib::bool_error!("the queue has no more places");
        match self {
            Self::One(queue) => {
                let sink = queue.request_pad_simple("sink_%u").ok_or_else(full)?;
                // The source pad that belongs to the sink pad.
                let source = sink.iterate_internal_links().next().ok().flatten();
                Ok((sink, source.ok_or_else(full)?))
            }
            Self::Each { paced } => {
                let queue = gst::ElementFactory::make("queue").build()?;
                queue.set_property_from_str("leaky", "downstream");
                queue.set_property("max-size-bytes", LIVE_QUEUE_BYTES);
                queue.set_property("max-size-buffers", 0u32);
                queue.set_property("max-size-time", LIVE_QUEUE_TIME.nseconds());
                pipeline.add(&queue)?;
                queue.sync_state_with_parent()?;
                let mut sink = queue.static_pad("sink");
                if *paced {
                    let pace = gst::ElementFactory::make("clocksync").build()?;
                    pipeline.add(&pace)?;
                    pace.link(&queue)?;
                    pace.sync_state_with_parent()?;
                    sink = pace.static_pad("sink");
                }
                sink.zip(queue.static_pad("src")).ok_or_else(full)
            }
        }
    }
}

/// One multiqueue for all streams of a recording.
///
/// # Errors
/// When it is not installed.
pub fn shared_queue() -> Result<gst::Element, SourceError> {
    let queue = make("multiqueue")?;
    queue.set_property("max-size-bytes", QUEUE_BYTES);
    queue.set_property("max-size-buffers", 0u32);
    queue.set_property("max-size-time", 0u64);
    Ok(queue)
}

/// Links a stream through its own place in a queue to its branch.
pub fn link(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    queues: &Queues,
    branch: Branch,
    guard: impl FnOnce(&gst::Pad),
) -> Result<(), gst::glib::BoolError> {
    let (sink, source) = queues.place(pipeline)?;
    guard(&source);
    branch.attach(&source)?;
    pad.link(&sink)
        .map(|_| ())
        .map_err(|error| gst::glib::bool_error!("cannot link {}: {error}", pad.name()))
}
