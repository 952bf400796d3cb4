//! A picture alone: the bytes of a JPEG or PNG file.

use std::io::Cursor;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video::{self as gst_video, VideoFrameExt};
use sonoscope_operators::Picture;

use super::picture::Converter;

/// A few bytes can say of a picture that it takes all memory there is: one with more pixels than
/// this is not decoded.
const MOST_PIXELS: u64 = 1 << 25;

/// No other decoder is ever tried, whatever the bytes say that they are.
const JPEG: &str = "appsrc name=in caps=image/jpeg ! jpegdec idct-method=islow \
    ! appsink name=out sync=false";

/// A picture takes a few milliseconds; after so many looks of this length the decoder is given up.
const PATIENCE: (usize, gst::ClockTime) = (50, gst::ClockTime::from_mseconds(100));

/// Why bytes are no picture.
#[derive(Debug, thiserror::Error)]
pub enum StillError {
    /// They are something else.
    #[error("it is neither JPEG nor PNG")]
    Kind,
    /// It has too many pixels.
    #[error("{0}x{1} pixels are more than are looked at")]
    Large(u32, u32),
    /// It is damaged, or of a kind that nobody uses.
    #[error("it cannot be decoded: {0}")]
    Broken(String),
}

/// The picture of a JPEG or PNG file, as it lies there: whoever turned a camera has said so in a
/// part of the file that is not read. What is transparent is shown as if it were not.
///
/// Blocks for as long as it takes to decode: some milliseconds.
///
/// # Errors
/// When it is neither, too large, or damaged.
pub fn still(bytes: Vec<u8>) -> Result<Picture, StillError> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        png(&bytes)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        jpeg(bytes)
    } else {
        Err(StillError::Kind)
    }
}

fn png(bytes: &[u8]) -> Result<Picture, StillError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = reader.info().size();
    small_enough(width, height)?;
    let size = reader.output_buffer_size();
    let mut pixels = vec![0; size.ok_or(StillError::Large(width, height))?];
    let frame = reader.next_frame(&mut pixels).map_err(broken)?;
    let samples = frame.color_type.samples();
    Ok(Picture {
        width,
        height,
        rgb: (pixels[..frame.buffer_size()].chunks_exact(samples))
            .flat_map(rgb)
            .collect(),
    })
}

fn jpeg(bytes: Vec<u8>) -> Result<Picture, StillError> {
    let (width, height) = jpeg_size(&bytes).ok_or_else(|| broken("it says nothing of its size"))?;
    small_enough(width, height)?;
    let pipeline = gst::parse::launch(JPEG).map_err(broken)?;
    let pipeline = pipeline.downcast::<gst::Pipeline>();
    let pipeline = pipeline.map_err(|_| broken("it is no pipeline"))?;
    let decoded = run(&pipeline, bytes);
    // Whatever came of it, its thread ends here.
    let stopped = pipeline.set_state(gst::State::Null);
    stopped.map_err(broken).and(decoded)
}

fn run(pipeline: &gst::Pipeline, bytes: Vec<u8>) -> Result<Picture, StillError> {
    let missing = || broken("there is no JPEG decoder");
    let input = pipeline.by_name("in").ok_or_else(missing)?;
    let output = pipeline.by_name("out").ok_or_else(missing)?;
    let input = input.downcast::<gst_app::AppSrc>().map_err(|_| missing())?;
    let output = output
        .downcast::<gst_app::AppSink>()
        .map_err(|_| missing())?;
    pipeline.set_state(gst::State::Playing).map_err(broken)?;
    (input.push_buffer(gst::Buffer::from_mut_slice(bytes))).map_err(broken)?;
    input.end_of_stream().map_err(broken)?;
    let (looks, length) = PATIENCE;
    for _ in 0..looks {
        if let Some(sample) = output.try_pull_sample(length) {
            return picture(&sample);
        }
        if output.is_eos() || has_failed(pipeline) {
            break;
        }
    }
    Err(broken("nothing came of it"))
}

/// What JPEG says in brightness and colour goes the way of films; what it says in red, green and
/// blue, or in grey, is that already.
fn picture(sample: &gst::Sample) -> Result<Picture, StillError> {
    let (Some(caps), Some(buffer)) = (sample.caps(), sample.buffer()) else {
        return Err(broken("it has no data or no form"));
    };
    let info = gst_video::VideoInfo::from_caps(caps).map_err(broken)?;
    let samples = match info.format() {
        gst_video::VideoFormat::Rgb => 3,
        gst_video::VideoFormat::Gray8 => 1,
        _ => return Converter::default().picture(sample).map_err(broken),
    };
    let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &info);
    let frame = frame.map_err(broken)?;
    let rows = frame.plane_data(0).map_err(broken)?;
    let rows = rows.chunks(frame.plane_stride()[0].unsigned_abs() as usize);
    let width = info.width() as usize;
    let pixels = rows
        .take(info.height() as usize)
        .flat_map(|row| row[..width * samples].chunks_exact(samples));
    Ok(Picture {
        width: info.width(),
        height: info.height(),
        rgb: pixels.flat_map(rgb).collect(),
    })
}

/// Red, green and blue of a pixel, which may be of grey, and more or less transparent.
fn rgb(pixel: &[u8]) -> [u8; 3] {
    match pixel {
        [red, green, blue, ..] => [*red, *green, *blue],
        _ => [pixel[0]; 3],
    }
}

/// Behind an error no end of the stream comes.
fn has_failed(pipeline: &gst::Pipeline) -> bool {
    let bus = pipeline.bus();
    bus.is_some_and(|bus| bus.pop_filtered(&[gst::MessageType::Error]).is_some())
}

/// Columns and rows, from the marker that begins its frame.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| {
        let two = bytes.get(at..at + 2)?;
        Some(u32::from(u16::from_be_bytes([two[0], two[1]])))
    };
    let mut at = 2;
    loop {
        let &[0xff, marker] = bytes.get(at..at + 2)? else {
            return None;
        };
        match marker {
            // Any number of these may stand before a marker.
            0xff => at += 1,
            // All frames there are; what lies between them are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                return Some((number(at + 7)?, number(at + 5)?));
            }
            _ => at += 2 + number(at + 2)? as usize,
        }
    }
}

fn small_enough(width: u32, height: u32) -> Result<(), StillError> {
    match u64::from(width) * u64::from(height) {
        0 => Err(broken("it has no pixels")),
        1..=MOST_PIXELS => Ok(()),
        _ => Err(StillError::Large(width, height)),
    }
}

fn broken(error: impl std::fmt::Display) -> StillError {
    StillError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{heatmaps::encode_png, jpeg::encode};

    /// Grey that grows brighter from left to right.
    fn ramp(width: u32, height: u32) -> Picture {
        let row = (0..width).flat_map(|x| [(x * 200 / width + 20) as u8; 3]);
        let row: Vec<u8> = row.collect();
        Picture {
            width,
            height,
            rgb: row.repeat(height as usize),
        }
    }

    #[test]
    fn pictures_are_what_they_were_before_they_were_written() {
        crate::start_gstreamer().unwrap();
        let picture = ramp(30, 22);
        let mut png = Vec::new();
        encode_png(&mut png, &picture, png::Compression::Fast).unwrap();
        assert_eq!(still(png).unwrap(), picture);

        // Whole blocks: of others GStreamer's encoder makes up the rest.
        let picture = ramp(32, 16);
        let read = still(encode(&picture).unwrap()).unwrap();
        assert_eq!((read.width, read.height), (32, 16));
        let apart = read.rgb.iter().zip(&picture.rgb);
        let apart = apart.map(|(one, other)| one.abs_diff(*other)).max();
        assert!(apart.unwrap() <= 4, "{apart:?}");
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        crate::start_gstreamer().unwrap();
        let jpeg = encode(&ramp(64, 64)).unwrap();
        for wrong in [&b"GIF89a"[..], b"", b"RIFF....WAVE"] {
            assert!(matches!(still(wrong.to_vec()), Err(StillError::Kind)));
        }
        for wrong in [&jpeg[..3], &jpeg[..20], b"\xff\xd8\xff\xff\xff"] {
            assert!(matches!(still(wrong.to_vec()), Err(StillError::Broken(_))));
        }
        // It says that it has 65 535 rows of as many pixels.
        let mut large = jpeg.clone();
        let frame = large
            .windows(2)
            .position(|two| two == [0xff, 0xc0])
            .unwrap();
        large[frame + 5..frame + 9].fill(0xff);
        assert!(matches!(
            still(large),
            Err(StillError::Large(65_535, 65_535))
        ));
        let mut png = Vec::new();
        encode_png(&mut png, &ramp(9, 9), png::Compression::Fast).unwrap();
        png.truncate(40);
        assert!(matches!(still(png), Err(StillError::Broken(_))));
    }
}
