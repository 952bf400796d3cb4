//! What an H.264 or H.265 stream says of its own colours goes before what its container says.
//!
//! MP4's `colr` box often cannot tell the range of the numbers, is taken to mean the limited one,
//! and then hides that the stream itself says full: pictures of phones and action cameras come
//! out with too much contrast. So the container's word is held back before the parser, and given
//! behind it only where the stream says nothing.

use std::sync::{Arc, Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

const FIELD: &str = "colorimetry";

/// Has the parsers of a parsebin ask the stream first.
pub fn stream_before_container(parsebin: &gst::Element) {
    let Some(bin) = parsebin.downcast_ref::<gst::Bin>() else {
        return;
    };
    bin.connect_element_added(|_, element| {
        let factory = element.factory().map(|factory| factory.name());
        if matches!(factory.as_deref(), Some("h264parse" | "h265parse")) {
            ask_stream_first(element);
        }
    });
}

fn ask_stream_first(parser: &gst::Element) {
    let (Some(sink), Some(source)) = (parser.static_pad("sink"), parser.static_pad("src")) else {
        return;
    };
    let held = Arc::new(Mutex::new(None::<String>));
    let given = held.clone();
    on_caps(&sink, move |caps| {
        let structure = caps.structure_mut(0)?;
        let said = structure.get::<String>(FIELD).ok()?;
        structure.remove_field(FIELD);
        *held.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
        Some(())
    });
    on_caps(&source, move |caps| {
        let said = given
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()?;
        let structure = caps.structure_mut(0)?;
        if structure.has_field(FIELD) {
            return None;
        }
        structure.set(FIELD, said);
        Some(())
    });
}

/// Lets `change` change the caps that pass a pad; those of which it makes `None` pass as they are.
fn on_caps(
    pad: &gst::Pad,
    change: impl Fn(&mut gst::CapsRef) -> Option<()> + Send + Sync + 'static,
) {
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(gst::PadProbeData::Event(event)) = &mut info.data
            && let gst::EventView::Caps(said) = event.view()
        {
            let mut caps = said.caps_owned();
            if caps.structure(0).is_some() && change(caps.make_mut()).is_some() {
                *event = gst::event::Caps::builder(&caps)
                    .seqnum(event.seqnum())
                    .build();
            }
        }
        gst::PadProbeReturn::Ok
    });
}
