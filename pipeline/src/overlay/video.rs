//! One recording, decoded once more, painted on and encoded for browsers: H.264 and AAC in MP4.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_video as gst_video;
use sonoscope_operators::SECOND_NS;

use super::Second;
use crate::{
    paint::Canvas,
    sources::{SourceError, SourceSpec, Stop},
};

const FRAME: &str = "filesrc name=source ! decodebin name=decode \
    mp4mux name=mux faststart=true ! filesink name=sink";

/// Upright, square pixels, even size, painted in RGB.
const PICTURE: &str = "queue ! videoflip video-direction=auto ! videoconvert ! videoscale \
    ! video/x-raw,format=RGB,pixel-aspect-ratio=1/1,width=(int)[2,8192,2],height=(int)[2,8192,2] \
    ! identity name=paint ! videoconvert ! video/x-raw,format=I420 \
    ! x264enc speed-preset=veryfast pass=qual quantizer=21 key-int-max=50 \
    ! video/x-h264,profile=high ! h264parse ! queue";

const SOUND: &str = "queue ! audioconvert ! audioresample \
    ! audio/x-raw,rate=48000,channels=(int)[1,2] ! avenc_aac ! aacparse ! queue";

/// Nothing moved for this long: it is given up.
const STALL: Duration = Duration::from_secs(20);

/// How often to look whether the run is to stop.
const LOOK: gst::ClockTime = gst::ClockTime::from_mseconds(200);

/// Renders one video to `path`, under another name until it is whole.
pub fn render(
    spec: &SourceSpec,
    seconds: BTreeMap<i64, Second>,
    path: &Path,
    stop: &Stop,
) -> Result<(), SourceError> {
    let partial = path.with_extension("mp4.partial");
    let painter = Painter {
        seconds,
        origin_ns: spec.length.origin_ns().unwrap_or(0),
    };
    let pipeline = build(&spec.path, &partial, painter).map_err(setup)?;
    let result = run(&pipeline, stop);
    let stopped = pipeline.set_state(gst::State::Null);
    let result = result.and(stopped.map(|_| ()).map_err(setup));
    match result.and_then(|()| fs::rename(&partial, path).map_err(setup)) {
        Ok(()) => Ok(()),
        Err(error) => {
            // What is there is of no use; that it may not even be there is no second error.
            let _ = fs::remove_file(&partial);
            Err(error)
        }
    }
}

fn setup(error: impl std::fmt::Display) -> SourceError {
    SourceError::Setup(error.to_string())
}

fn build(
    source: &Path,
    target: &Path,
    painter: Painter,
) -> Result<gst::Pipeline, gst::glib::Error> {
    let pipeline = gst::parse::launch(FRAME)?
        .downcast::<gst::Pipeline>()
        .map_err(|_| missing("pipeline"))?;
    let element = |name| pipeline.by_name(name).ok_or_else(|| missing(name));
    element("source")?.set_property("location", source);
    element("sink")?.set_property("location", target);
    let mux = element("mux")?;
    let painter = Mutex::new(Some(painter));
    let has_sound = Mutex::new(false);
    let weak = pipeline.downgrade();
    element("decode")?.connect_pad_added(move |_, pad| {
        let Some(pipeline) = weak.upgrade() else {
            return;
        };
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let form = caps
            .structure(0)
            .map_or("", |form| form.name().as_str())
            .to_owned();
        let attached = match (painter.lock(), has_sound.lock()) {
            (Ok(mut painter), _) if form.starts_with("video/") => {
                painter.take().map_or(Ok(()), |painter| {
                    attach_picture(&pipeline, pad, &mux, painter)
                })
            }
            (_, Ok(mut has)) if form.starts_with("audio/") && !*has => {
                *has = true;
                attach(&pipeline, pad, &mux, SOUND).map(|_| ())
            }
            _ => Ok(()),
        };
        if let Err(error) = attached {
            gst::element_error!(pipeline, gst::CoreError::Negotiation, ("{error}"));
        }
    });
    Ok(pipeline)
}

fn missing(what: &str) -> gst::glib::Error {
    gst::glib::Error::new(
        gst::CoreError::MissingPlugin,
        &format!("there is no {what}"),
    )
}

/// Puts a branch between a decoded stream and the muxer.
fn attach(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    mux: &gst::Element,
    description: &str,
) -> Result<gst::Bin, gst::glib::Error> {
    let branch = gst::parse::bin_from_description(description, true)?;
    let broken = |error: &dyn std::fmt::Display| {
        gst::glib::Error::new(gst::CoreError::Negotiation, &error.to_string())
    };
    pipeline.add(&branch).map_err(|e| broken(&e))?;
    branch.link(mux).map_err(|e| broken(&e))?;
    branch.sync_state_with_parent().map_err(|e| broken(&e))?;
    let sink = branch
        .static_pad("sink")
        .ok_or_else(|| missing("sink pad"))?;
    pad.link(&sink).map_err(|e| broken(&e))?;
    Ok(branch)
}

fn attach_picture(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    mux: &gst::Element,
    painter: Painter,
) -> Result<(), gst::glib::Error> {
    let branch = attach(pipeline, pad, mux, PICTURE)?;
    let paint = branch
        .by_name("paint")
        .and_then(|paint| paint.static_pad("src"));
    let paint = paint.ok_or_else(|| missing("place to paint"))?;
    paint.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data {
            // A picture that cannot be painted on is shown as it is.
            let _ = painter.paint(pad, buffer);
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}

fn run(pipeline: &gst::Pipeline, stop: &Stop) -> Result<(), SourceError> {
    let bus = pipeline.bus().ok_or_else(|| setup("there is no bus"))?;
    pipeline.set_state(gst::State::Playing).map_err(setup)?;
    let mut position = None;
    let mut moved = Instant::now();
    loop {
        let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
        match bus
            .timed_pop_filtered(LOOK, &kinds)
            .as_ref()
            .map(|m| m.view())
        {
            Some(gst::MessageView::Error(error)) => return Err(setup(error.error())),
            Some(_) => return Ok(()),
            None => {}
        }
        let now = pipeline.query_position::<gst::ClockTime>();
        if now != position {
            (position, moved) = (now, Instant::now());
        }
        if stop.is_raised() {
            return Err(SourceError::Stopped);
        }
        if moved.elapsed() > STALL {
            let position = position.map(|position| Duration::from_nanos(position.nseconds()));
            return Err(SourceError::Stalled {
                after: STALL,
                position,
            });
        }
    }
}

/// Paints what was found of a second over its pictures.
struct Painter {
    seconds: BTreeMap<i64, Second>,
    origin_ns: i64,
}

impl Painter {
    /// Paints on one picture; `None` where its form or its time is not known.
    fn paint(&self, pad: &gst::Pad, buffer: &mut gst::Buffer) -> Option<()> {
        let segment = pad.sticky_event::<gst::event::Segment>(0)?;
        let segment = segment.segment().downcast_ref::<gst::ClockTime>()?;
        let stream_ns = segment.to_stream_time(buffer.pts()?)?.nseconds();
        let second = (i64::try_from(stream_ns).ok()? - self.origin_ns).div_euclid(SECOND_NS);
        let second = self.seconds.get(&second)?;
        let info = gst_video::VideoInfo::from_caps(pad.current_caps()?.as_ref()).ok()?;
        let (width, height) = (info.width() as usize, info.height() as usize);
        let stride = usize::try_from(info.stride()[0]).ok()?;
        let mut pixels = buffer.make_mut().map_writable().ok()?;
        let mut canvas = Canvas {
            width,
            height,
            stride,
            rgb: &mut pixels,
        };
        if let Some(map) = &second.heatmap {
            canvas.heatmap(map);
        }
        canvas.score_bar(second.correspondence);
        Some(())
    }
}
