//! Letting go of what comes too late to be of use.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

use gstreamer as gst;
use gstreamer::prelude::*;
use sonoscope_operators::{Event, SECOND_NS};

use super::{
    super::{decode::Modality, outlet::Outlet, picture::stream_time_of, watch::Watch},
    clock::{LiveClock, unix_ns},
};

/// What is later than this before it is decoded is let go, with the rest of its second and all
/// before it.
const MOST_LATE_NS: i64 = 1_500_000_000;

/// Lets go, before the decoder, of the oldest seconds of a source that is late: there is more to
/// do than there is time for. Sound and pictures go together, so that what is decoded is of use.
pub struct Shed {
    clock: Arc<LiveClock>,
    watch: Arc<Watch>,
    outlet: Outlet,
    /// All before this is let go, from the base second.
    before_ns: AtomicI64,
}

impl Shed {
    /// For a session.
    pub fn new(clock: Arc<LiveClock>, watch: Arc<Watch>, outlet: Outlet) -> Self {
        Self {
            clock,
            watch,
            outlet,
            before_ns: AtomicI64::new(i64::MIN),
        }
    }

    /// Watches a pad before a decoder.
    pub fn guard(self: &Arc<Self>, pad: &gst::Pad, modality: Modality) {
        let shed = self.clone();
        // What comes before the first key frame cannot be decoded, though decoders try.
        let waits_for_key = Mutex::new(modality == Modality::Video);
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            let mut waits = waits_for_key.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data else {
                return gst::PadProbeReturn::Ok;
            };
            match stream_ns(pad, buffer) {
                Some(stream_ns) if shed.is_late(stream_ns) => {
                    *waits = modality == Modality::Video;
                    return gst::PadProbeReturn::Drop;
                }
                _ if !*waits => return gst::PadProbeReturn::Ok,
                _ => {}
            }
            if buffer.flags().contains(gst::BufferFlags::DELTA_UNIT) {
                return gst::PadProbeReturn::Drop;
            }
            *waits = false;
            buffer.make_mut().set_flags(gst::BufferFlags::DISCONT);
            gst::PadProbeReturn::Ok
        });
    }

    /// Whether something of this stream time is let go.
    fn is_late(&self, stream_ns: i64) -> bool {
        let times = self.clock.time_ns(stream_ns);
        let Some((time_ns, expected_ns)) = times.zip(self.clock.expected_ns(unix_ns())) else {
            return false;
        };
        if expected_ns - time_ns > MOST_LATE_NS {
            let before = expected_ns.div_euclid(SECOND_NS);
            let before_ns = before * SECOND_NS;
            if self.before_ns.fetch_max(before_ns, Ordering::Relaxed) < before_ns {
                self.watch.hide();
                self.outlet.send(Event::Dropped { before });
            }
        }
        time_ns < self.before_ns.load(Ordering::Relaxed)
    }
}

/// Where a buffer is in its stream.
pub fn stream_ns(pad: &gst::Pad, buffer: &gst::BufferRef) -> Option<i64> {
    let segment = pad.sticky_event::<gst::event::Segment>(0)?;
    let segment = segment.segment().downcast_ref::<gst::ClockTime>()?;
    stream_time_of(segment, buffer.pts().or(buffer.dts())?)
}
