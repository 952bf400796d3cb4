//! The encoding pipeline: GStreamer asks for frames and samples as it needs them.

use std::path::Path;

use gstreamer::{self as gst, prelude::*};
use gstreamer_app::{AppSrc, AppSrcCallbacks};

use super::{Encoding, with_suffix};
use crate::{Clip, Error, sound::RATE_HZ};

/// One thread an encoder: so the bytes are the same on machines with more or fewer cores.
const PIPELINE: &str = "mp4mux name=mux faststart=true ! filesink name=file \
    appsrc name=video format=time ! videoconvert ! video/x-raw,format=I420 \
    ! x264enc name=h264 threads=1 speed-preset=superfast trellis=false pass=qual ! h264parse ! mux. \
    appsrc name=audio format=time ! voaacenc bitrate=96000 ! aacparse ! mux.";

/// Samples of silence behind the sound, so that the encoder gives out all of it.
const FLUSH_SAMPLES: usize = ENCODER_DELAY_SAMPLES + 1024;

/// By how many samples voaacenc's output is late. As many are left out at the start, so that the
/// decoded sound is in time with the picture.
const ENCODER_DELAY_SAMPLES: usize = 1600;

/// Longest that encoding may take, for each second of a clip.
const LIMIT_PER_SECOND: gst::ClockTime = gst::ClockTime::from_seconds(30);

/// Encodes a clip into a file.
pub(super) fn run(clip: &Clip, path: &Path, encoding: &Encoding) -> Result<(), Error> {
    gst::init().map_err(Error::Start)?;
    let pipeline = build(path, encoding)?;
    feed_video(&source(&pipeline, "video"), clip.clone());
    feed_audio(&source(&pipeline, "audio"), clip.clone());
    let outcome = play(&pipeline, clip, path);
    // Going to Null cannot fail in a way that matters: nothing more is wanted of the pipeline.
    let _ = pipeline.set_state(gst::State::Null);
    outcome
}

fn build(path: &Path, encoding: &Encoding) -> Result<gst::Pipeline, Error> {
    let pipeline = gst::parse::launch(PIPELINE)
        .map_err(Error::Build)?
        .downcast::<gst::Pipeline>()
        .expect("a description of several elements makes a pipeline");
    let encoder = element(&pipeline, "h264");
    encoder.set_property("key-int-max", encoding.key_int_max);
    encoder.set_property("bframes", encoding.b_frames);
    encoder.set_property("quantizer", encoding.quantizer);
    element(&pipeline, "file").set_property("location", path);
    element(&pipeline, "mux").set_property("faststart-file", with_suffix(path, "samples"));
    Ok(pipeline)
}

fn element(pipeline: &gst::Pipeline, name: &str) -> gst::Element {
    pipeline
        .by_name(name)
        .expect("the description names this element")
}

fn source(pipeline: &gst::Pipeline, name: &str) -> AppSrc {
    element(pipeline, name)
        .downcast()
        .expect("the description makes this an appsrc")
}

fn feed_video(source: &AppSrc, clip: Clip) {
    let ((width, height), fps) = (clip.world().size, clip.world().fps);
    source.set_caps(Some(
        &gst::Caps::builder("video/x-raw")
            .field("format", "RGB")
            .field("width", width as i32)
            .field("height", height as i32)
            .field("framerate", gst::Fraction::new(fps as i32, 1))
            .build(),
    ));
    let mut next = 0;
    let need_data = move |source: &AppSrc, _| {
        if next < clip.frames() {
            let mut rgb = vec![0; clip.frame_bytes()];
            clip.frame(next, &mut rgb);
            push(source, rgb, u64::from(next), u64::from(fps));
            next += 1;
        } else {
            finish(source);
        }
    };
    source.set_callbacks(AppSrcCallbacks::builder().need_data(need_data).build());
}

fn feed_audio(source: &AppSrc, clip: Clip) {
    source.set_caps(Some(
        &gst::Caps::builder("audio/x-raw")
            .field("format", "S16LE")
            .field("layout", "interleaved")
            .field("rate", RATE_HZ as i32)
            .field("channels", 1)
            .build(),
    ));
    let mut samples = None;
    let mut next_second = 0;
    let need_data = move |source: &AppSrc, _| {
        let samples: &mut Vec<f32> = samples.get_or_insert_with(|| {
            let mut samples = clip.audio();
            samples.resize(samples.len() + FLUSH_SAMPLES, 0.0);
            samples
        });
        let start = next_second as usize * RATE_HZ as usize;
        if let Some(rest) = samples.get(ENCODER_DELAY_SAMPLES + start..) {
            let second = rest.iter().take(RATE_HZ as usize);
            let bytes = second.flat_map(|sample| ((sample * 32_767.0) as i16).to_le_bytes());
            push(source, bytes.collect(), next_second, 1);
            next_second += 1;
        } else {
            finish(source);
        }
    };
    source.set_callbacks(AppSrcCallbacks::builder().need_data(need_data).build());
}

/// Hands on a buffer that begins at `index / per_second` and lasts `1 / per_second`.
fn push(source: &AppSrc, bytes: Vec<u8>, index: u64, per_second: u64) {
    let nanos = |index: u64| index * gst::ClockTime::SECOND.nseconds() / per_second;
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    let timing = buffer.make_mut();
    timing.set_pts(gst::ClockTime::from_nseconds(nanos(index)));
    timing.set_duration(gst::ClockTime::from_nseconds(
        nanos(index + 1) - nanos(index),
    ));
    // Refused only where the pipeline is stopping, and then its bus says why.
    let _ = source.push_buffer(buffer);
}

fn finish(source: &AppSrc) {
    // As in `push`.
    let _ = source.end_of_stream();
}

/// Runs the pipeline until the file is complete.
fn play(pipeline: &gst::Pipeline, clip: &Clip, path: &Path) -> Result<(), Error> {
    let failed = |reason: String| Error::Encode {
        path: path.to_owned(),
        reason,
    };
    let bus = pipeline.bus().expect("a pipeline has a bus");
    let started = pipeline.set_state(gst::State::Playing);
    let limit = LIMIT_PER_SECOND * u64::from(clip.world().seconds);
    let wanted = [gst::MessageType::Eos, gst::MessageType::Error];
    match bus.timed_pop_filtered(
        if started.is_ok() {
            limit
        } else {
            gst::ClockTime::ZERO
        },
        &wanted,
    ) {
        Some(message) => match message.view() {
            gst::MessageView::Error(error) => Err(failed(format!(
                "{} ({})",
                error.error(),
                error.debug().unwrap_or_default()
            ))),
            _ => Ok(()),
        },
        None if started.is_err() => Err(failed("the pipeline did not start".to_owned())),
        None => Err(failed(format!("no end within {limit}"))),
    }
}
