//! Encoded packets that can be sent over and over: one track of what a camera shows.

use std::{fs, path::Path, time::Duration};

use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSink;

/// How long reading a file may take.
const LIMIT: gst::ClockTime = gst::ClockTime::from_seconds(20);

/// Packets of one round, and how long it is. The next round begins where this one ends.
pub struct Track {
    /// What the packets are, as a payloader wants to know it.
    pub caps: gst::Caps,
    /// A payloader with its properties, as in a launch line.
    pub payloader: &'static str,
    /// In the order of their times; there is one at least.
    pub packets: Vec<Packet>,
    /// From the start of a round to that of the next.
    pub round_ns: u64,
}

/// What is sent at once: a picture, or some milliseconds of sound.
pub struct Packet {
    /// When, from the start of the round.
    pub at_ns: u64,
    /// Whether one can begin here.
    pub is_key: bool,
    /// The bytes, shared by all who send them.
    pub buffer: gst::Buffer,
}

impl Track {
    /// The packets of the one track of an MP4 file that lie in a round that starts at `from`.
    pub fn of_mp4(path: &Path, payloader: &'static str, from: Duration, round: Duration) -> Self {
        gst::init().unwrap();
        let launch = "filesrc name=file ! qtdemux ! appsink name=packets sync=false";
        let pipeline = gst::parse::launch(launch).unwrap();
        let bin = pipeline.downcast_ref::<gst::Bin>().unwrap();
        (bin.by_name("file").unwrap()).set_property("location", path.to_str().unwrap());
        let sink = bin.by_name("packets").unwrap();
        let sink = sink.downcast::<AppSink>().unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        let mut caps = None;
        let mut packets = Vec::new();
        while let Some(sample) = sink.try_pull_sample(LIMIT) {
            caps = sample.caps_owned().or(caps);
            packets.extend(Packet::of(&sample, from, round));
        }
        let is_whole = sink.is_eos();
        pipeline.set_state(gst::State::Null).unwrap();
        assert!(is_whole && !packets.is_empty(), "{}", path.display());
        Self {
            caps: caps.unwrap(),
            payloader,
            packets,
            round_ns: round.as_nanos() as u64,
        }
    }

    /// Bytes without a container, cut into packets of the same size and duration.
    pub fn of_bytes(
        path: &Path,
        payloader: &'static str,
        caps: &str,
        packet_bytes: usize,
        packet: Duration,
    ) -> Self {
        gst::init().unwrap();
        let bytes = fs::read(path).unwrap();
        let packet_ns = packet.as_nanos() as u64;
        let packets: Vec<_> = (0..)
            .zip(bytes.chunks_exact(packet_bytes))
            .map(|(index, bytes)| Packet {
                at_ns: index * packet_ns,
                is_key: true,
                buffer: gst::Buffer::from_slice(bytes.to_vec()),
            })
            .collect();
        Self {
            caps: caps.parse().unwrap(),
            payloader,
            round_ns: packets.len() as u64 * packet_ns,
            packets,
        }
    }
}

impl Packet {
    /// None outside of the round.
    fn of(sample: &gst::Sample, from: Duration, round: Duration) -> Option<Self> {
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        let buffer = sample.buffer_owned()?;
        let time_ns = segment.to_stream_time(buffer.pts()?)?.nseconds();
        let at_ns = time_ns.checked_sub(from.as_nanos() as u64)?;
        let is_key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        (at_ns < round.as_nanos() as u64).then_some(Self {
            at_ns,
            is_key,
            buffer,
        })
    }
}
