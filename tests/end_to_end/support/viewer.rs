//! Someone who looks at a camera: GStreamer's own RTSP client, decoding in full. What it sees and
//! hears is told in the words of [`feed`](super::camera::feed).

use std::sync::{Arc, Mutex};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSink;

use super::camera::feed::{LITTLE, MUCH, SECONDS, tone_hz};

/// Nothing takes this long, not on a slow machine that does other things as well.
const LIMIT: gst::ClockTime = gst::ClockTime::from_seconds(20);

/// From the era of NTP to that of Unix.
const NTP_TO_UNIX_NS: u64 = 2_208_988_800 * 1_000_000_000;

/// Looks and listens until it is dropped.
pub struct Viewer {
    pipeline: gst::Pipeline,
    pictures: AppSink,
    sounds: AppSink,
    captures: Arc<Mutex<Vec<Capture>>>,
}

/// That a packet with this time of the one who looks was captured then.
struct Capture {
    is_picture: bool,
    pts_ns: u64,
    unix_ns: u64,
}

/// A picture, or some milliseconds of sound.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// On the clock of the one who looks, the same for pictures and sound.
    pub running_ns: u64,
    /// For how long; 0 where it is not told.
    pub duration_ns: u64,
    /// When it was captured, where the camera has told by then.
    pub unix_ns: Option<u64>,
    /// Which of a round's seconds its colour or tone belongs to.
    pub second: u64,
}

impl Viewer {
    /// Begins to look.
    pub fn of(url: &str) -> Self {
        gst::init().unwrap();
        let launch = "rtspsrc name=camera protocols=tcp latency=100 buffer-mode=none \
                add-reference-timestamp-meta=true \
             decodebin name=video ! videoconvert ! video/x-raw,format=RGB \
                ! appsink name=pictures sync=false async=false wait-on-eos=false \
             decodebin name=audio ! audioconvert ! audioresample \
                ! audio/x-raw,format=F32LE,channels=1,rate=48000 \
                ! appsink name=sounds sync=false async=false wait-on-eos=false";
        let pipeline = gst::parse::launch(launch).unwrap();
        let pipeline = pipeline.downcast::<gst::Pipeline>().unwrap();
        let camera = pipeline.by_name("camera").unwrap();
        camera.set_property("location", url);
        let captures = Arc::default();
        link_tracks(&pipeline, &captures);
        let sink = |name| {
            let sink = pipeline.by_name(name).unwrap();
            sink.downcast::<AppSink>().unwrap()
        };
        let (pictures, sounds) = (sink("pictures"), sink("sounds"));
        // What is wrong comes on the bus as well.
        let _ = pipeline.set_state(gst::State::Playing);
        Self {
            pipeline,
            pictures,
            sounds,
            captures,
        }
    }

    /// The next picture.
    #[track_caller]
    pub fn picture(&self) -> Seen {
        self.picture_within(LIMIT)
            .unwrap_or_else(|| panic!("no picture: {:?}", self.error()))
    }

    /// The next piece of sound.
    #[track_caller]
    pub fn sound(&self) -> Seen {
        self.sound_within(LIMIT)
            .unwrap_or_else(|| panic!("no sound: {:?}", self.error()))
    }

    /// The next picture, if it comes in time. What a decoder makes of pictures whose key frame it
    /// has not seen is passed over.
    pub fn picture_within(&self, limit: gst::ClockTime) -> Option<Seen> {
        loop {
            let sample = self.pictures.try_pull_sample(limit)?;
            let bytes = sample.buffer()?.map_readable().ok()?;
            if let Some(second) = second_seen(&bytes, sample.caps()?) {
                return self.seen(&sample, true, second);
            }
        }
    }

    /// The next piece of sound, if it comes in time. Silence is not sent: where there is some, a
    /// decoder has made it up for what is missing.
    pub fn sound_within(&self, limit: gst::ClockTime) -> Option<Seen> {
        loop {
            let sample = self.sounds.try_pull_sample(limit)?;
            let bytes = sample.buffer()?.map_readable().ok()?;
            if let Some(second) = second_heard(&bytes) {
                return self.seen(&sample, false, second);
            }
        }
    }

    /// Waits until there is nothing more to see, and says why: an error, or the empty word where
    /// the camera has gone without one.
    #[track_caller]
    pub fn end(&self) -> String {
        let bus = self.pipeline.bus().unwrap();
        let kinds = [gst::MessageType::Eos, gst::MessageType::Error];
        let message = bus.timed_pop_filtered(LIMIT, &kinds).expect("it goes on");
        told(&message)
    }

    fn seen(&self, sample: &gst::Sample, is_picture: bool, second: u64) -> Option<Seen> {
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        let buffer = sample.buffer()?;
        let pts = buffer.pts()?;
        Some(Seen {
            running_ns: segment.to_running_time(pts)?.nseconds(),
            duration_ns: buffer.duration().unwrap_or_default().nseconds(),
            // Decoders of pictures hand on when they were captured.
            unix_ns: unix_ns(buffer).or_else(|| self.unix_ns(is_picture, pts.nseconds())),
            second,
        })
    }

    /// Of the packet that began at this time, or just before.
    fn unix_ns(&self, is_picture: bool, pts_ns: u64) -> Option<u64> {
        let captures = self.captures.lock().unwrap();
        let before = captures
            .iter()
            .rfind(|capture| capture.is_picture == is_picture && capture.pts_ns <= pts_ns)?;
        Some(before.unix_ns + pts_ns - before.pts_ns)
    }

    fn error(&self) -> Option<String> {
        let bus = self.pipeline.bus()?;
        bus.pop_filtered(&[gst::MessageType::Error])
            .map(|message| told(&message))
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        // Nothing is left to be done about it.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// Hands each track to its decoder when it appears, and notes when its packets were captured.
/// (A launch line would link them too, but fails where two appear at once.)
fn link_tracks(pipeline: &gst::Pipeline, captures: &Arc<Mutex<Vec<Capture>>>) {
    let camera = pipeline.by_name("camera").unwrap();
    let (within, captures) = (pipeline.downgrade(), captures.clone());
    camera.connect_pad_added(move |_, pad| {
        let Some(pipeline) = within.upgrade() else {
            return;
        };
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let media = caps.structure(0).unwrap().get::<String>("media").unwrap();
        let decoder = pipeline.by_name(&media).unwrap();
        pad.link(&decoder.static_pad("sink").unwrap()).unwrap();
        let (is_picture, captures) = (media == "video", captures.clone());
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            let capture = info
                .buffer()
                .and_then(|buffer| Capture::of(is_picture, buffer));
            captures.lock().unwrap().extend(capture);
            gst::PadProbeReturn::Ok
        });
    });
}

impl Capture {
    fn of(is_picture: bool, packet: &gst::BufferRef) -> Option<Self> {
        Some(Self {
            is_picture,
            pts_ns: packet.pts()?.nseconds(),
            unix_ns: unix_ns(packet)?,
        })
    }
}

/// When something was captured, where it says so itself.
fn unix_ns(buffer: &gst::BufferRef) -> Option<u64> {
    let meta = buffer.meta::<gst::ReferenceTimestampMeta>()?;
    Some(meta.timestamp().nseconds() - NTP_TO_UNIX_NS)
}

fn told(message: &gst::Message) -> String {
    match message.view() {
        gst::MessageView::Error(error) => {
            let debug = error.debug().unwrap_or_default();
            format!("{}: {debug}", error.error())
        }
        _ => String::new(),
    }
}

/// By the colour in the upper half, where no block wanders. None where it is none of them.
fn second_seen(rgb: &[u8], caps: &gst::CapsRef) -> Option<u64> {
    let structure = caps.structure(0)?;
    let [width, height] = ["width", "height"].map(|side| structure.get::<i32>(side).unwrap());
    // Rows are padded to four bytes.
    let stride = (width as usize * 3).next_multiple_of(4);
    let middle = height as usize / 4 * stride + width as usize / 2 * 3;
    let mut second = 0;
    for &value in &rgb[middle..middle + 3] {
        let is_bright = value > 128;
        let much = if is_bright { MUCH } else { LITTLE };
        if value.abs_diff(much) > 30 {
            return None;
        }
        second = 2 * second + u64::from(is_bright);
    }
    Some(second)
}

/// By the strongest of the tones (Goertzel). None where there is none.
fn second_heard(samples: &[u8]) -> Option<u64> {
    let samples: Vec<f64> = (samples.chunks_exact(4))
        .map(|bytes| f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])))
        .collect();
    let amplitude = |second: u64| {
        let step = std::f64::consts::TAU * tone_hz(second) as f64 / 48_000.0;
        let parts = (0..).zip(&samples).map(|(index, sample)| {
            let (sine, cosine) = (step * f64::from(index)).sin_cos();
            (sample * sine, sample * cosine)
        });
        let (sine, cosine) = parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
        2.0 * sine.hypot(cosine) / samples.len() as f64
    };
    let heard = (0..SECONDS).map(|second| (amplitude(second), second));
    let (amplitude, second) = heard.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (amplitude > 0.01).then_some(second)
}
