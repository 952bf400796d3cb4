//! `test:`: the synthetic world in real time, for trying things without a camera.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSrc, AppSrcCallbacks};
use sonoscope_world::{Clip, World};

use crate::{cameras::CameraSpec, sources::SourceError};

/// Sound comes in pieces of so many samples: a fiftieth of a second.
const PIECE_SAMPLES: usize = RATE_HZ as usize / 50;

const RATE_HZ: u32 = sonoscope_world::RATE_HZ;

/// What a source holds ahead of time, in bytes.
const AHEAD_BYTES: u64 = 1 << 20;

/// Clips one after another, without end. `test:?seed=7` shows others than `test:`.
///
/// # Errors
/// When the seed is no number.
pub fn elements(spec: &CameraSpec) -> Result<Vec<gst::Element>, SourceError> {
    let seed = (spec.address.exposed())
        .and_then(|url| url.query_pairs().find(|(key, _)| key == "seed"))
        .map_or(Ok(0), |(_, seed)| seed.parse());
    let seed = seed.map_err(|_| SourceError::Setup("the seed of test: is a number".into()))?;
    let world = World {
        seed,
        ..World::default()
    };
    Ok(vec![
        pictures(world.clone()).upcast(),
        sound(world).upcast(),
    ])
}

fn source(caps: &gst::Caps) -> AppSrc {
    AppSrc::builder()
        .caps(caps)
        .format(gst::Format::Time)
        .max_bytes(AHEAD_BYTES)
        .build()
}

fn pictures(world: World) -> AppSrc {
    let ((width, height), fps) = (world.size, world.fps);
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "RGB")
        .field("width", width as i32)
        .field("height", height as i32)
        .field("framerate", gst::Fraction::new(fps as i32, 1))
        .build();
    let mut next: u64 = 0;
    let mut clip: Option<Clip> = None;
    let frames = u64::from(fps * world.seconds);
    let need_data = move |source: &AppSrc, _: u32| {
        let index = next / frames;
        if clip.as_ref().is_none_or(|clip| clip.index() != index) {
            clip = Some(world.clip(index));
        }
        let Some(clip) = &clip else {
            return;
        };
        let mut rgb = vec![0; clip.frame_bytes()];
        clip.frame((next % frames) as u32, &mut rgb);
        push(source, rgb, next, u64::from(fps));
        next += 1;
    };
    let source = source(&caps);
    source.set_callbacks(AppSrcCallbacks::builder().need_data(need_data).build());
    source
}

fn sound(world: World) -> AppSrc {
    let caps = gst::Caps::builder("audio/x-raw")
        .field("format", "F32LE")
        .field("layout", "interleaved")
        .field("rate", RATE_HZ as i32)
        .field("channels", 1)
        .build();
    let mut next: u64 = 0;
    let mut samples: Vec<f32> = Vec::new();
    let pieces = u64::from(world.seconds * (RATE_HZ / PIECE_SAMPLES as u32));
    let need_data = move |source: &AppSrc, _: u32| {
        let at = (next % pieces) as usize * PIECE_SAMPLES;
        if at == 0 {
            samples = world.clip(next / pieces).audio();
            samples.resize(pieces as usize * PIECE_SAMPLES, 0.0);
        }
        let piece = samples[at..at + PIECE_SAMPLES].iter();
        let bytes = piece.flat_map(|sample| sample.to_le_bytes()).collect();
        push(
            source,
            bytes,
            next,
            u64::from(RATE_HZ) / PIECE_SAMPLES as u64,
        );
        next += 1;
    };
    let source = source(&caps);
    source.set_callbacks(AppSrcCallbacks::builder().need_data(need_data).build());
    source
}

/// Hands on a buffer that begins at `index / per_second`.
fn push(source: &AppSrc, bytes: Vec<u8>, index: u64, per_second: u64) {
    let time = |index: u64| index * gst::ClockTime::SECOND.nseconds() / per_second;
    let mut buffer = gst::Buffer::from_mut_slice(bytes);
    let timing = buffer.make_mut();
    timing.set_pts(gst::ClockTime::from_nseconds(time(index)));
    timing.set_duration(gst::ClockTime::from_nseconds(time(index + 1) - time(index)));
    // Refused only where the pipeline is stopping.
    let _ = source.push_buffer(buffer);
}
