//! Times for what comes without any.

use gstreamer as gst;
use gstreamer::prelude::*;

/// What has no time at this pad has that of its arrival from now on. JPEG pictures that follow each
/// other over HTTP have none.
pub fn stamp(pad: &gst::Pad) {
    pad.add_probe(gst::PadProbeType::BUFFER, |pad, info| {
        if let Some(buffer) = info.buffer_mut().filter(|b| b.dts_or_pts().is_none()) {
            let element = pad.parent_element();
            let now = element.and_then(|element| element.current_running_time());
            buffer.make_mut().set_pts(now);
        }
        gst::PadProbeReturn::Ok
    });
}
