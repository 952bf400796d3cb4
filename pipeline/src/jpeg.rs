//! Pictures as JPEG, by GStreamer.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;
use sonoscope_operators::Picture;

const ENCODER: &str = "appsrc name=in format=time ! videoconvert ! jpegenc quality=85 \
    ! appsink name=out sync=false";

/// A picture takes a few milliseconds; after this the encoder is given up.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(5);

/// Why a picture could not be encoded.
#[derive(Debug, thiserror::Error)]
pub enum JpegError {
    /// GStreamer lacks a part, or a part refuses.
    #[error("the JPEG encoder does not work: {0} (tip: `sonoscope doctor` says what is missing)")]
    Encoder(String),
    /// It has no pixels, or not as many as it says.
    #[error("a picture of {0}x{1} pixels is none")]
    Empty(u32, u32),
}

/// A picture in the form of JPEG. Blocks for as long as that takes: some milliseconds.
///
/// # Errors
/// When GStreamer has no JPEG encoder, or it fails.
pub fn encode(picture: &Picture) -> Result<Vec<u8>, JpegError> {
    let (width, height) = (picture.width, picture.height);
    if picture.rgb.is_empty() || picture.rgb.len() != width as usize * height as usize * 3 {
        return Err(JpegError::Empty(width, height));
    }
    let pipeline = gst::parse::launch(ENCODER).map_err(broken)?;
    let pipeline = (pipeline.downcast::<gst::Pipeline>())
        .map_err(|_| JpegError::Encoder("it is no pipeline".into()))?;
    let encoded = run(&pipeline, picture);
    // Whatever came of it, its thread ends here.
    let stopped = pipeline.set_state(gst::State::Null);
    stopped.map_err(broken).and(encoded)
}

fn run(pipeline: &gst::Pipeline, picture: &Picture) -> Result<Vec<u8>, JpegError> {
    let input = element::<gst_app::AppSrc>(pipeline, "in")?;
    let output = element::<gst_app::AppSink>(pipeline, "out")?;
    let info =
        gst_video::VideoInfo::builder(gst_video::VideoFormat::Rgb, picture.width, picture.height);
    let info = info.fps(gst::Fraction::new(1, 1)).build().map_err(broken)?;
    input.set_caps(Some(&info.to_caps().map_err(broken)?));
    pipeline.set_state(gst::State::Playing).map_err(broken)?;
    let mut buffer = gst::Buffer::from_mut_slice(padded(picture, info.stride()[0]));
    if let Some(buffer) = buffer.get_mut() {
        buffer.set_pts(gst::ClockTime::ZERO);
    }
    input.push_buffer(buffer).map_err(broken)?;
    let Some(sample) = output.try_pull_sample(PATIENCE) else {
        return Err(JpegError::Encoder(trouble(pipeline)));
    };
    let buffer = sample
        .buffer()
        .ok_or_else(|| JpegError::Encoder("it gave nothing".into()))?;
    Ok(buffer.map_readable().map_err(broken)?.to_vec())
}

/// The pixels as GStreamer wants them: rows that begin at multiples of `stride`.
fn padded(picture: &Picture, stride: i32) -> Vec<u8> {
    let row_bytes = picture.width as usize * 3;
    let stride = usize::try_from(stride).unwrap_or(row_bytes);
    if stride <= row_bytes {
        return picture.rgb.clone();
    }
    let mut rows = Vec::with_capacity(stride * picture.height as usize);
    for row in picture.rgb.chunks_exact(row_bytes) {
        rows.extend_from_slice(row);
        rows.resize(rows.len() + stride - row_bytes, 0);
    }
    rows
}

fn element<E: IsA<gst::Element>>(pipeline: &gst::Pipeline, name: &str) -> Result<E, JpegError> {
    let element = pipeline
        .by_name(name)
        .and_then(|found| found.downcast().ok());
    element.ok_or_else(|| JpegError::Encoder(format!("there is no `{name}`")))
}

/// What the pipeline says of why nothing came.
fn trouble(pipeline: &gst::Pipeline) -> String {
    let message = (pipeline.bus()).and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
    match message.as_ref().map(|message| message.view()) {
        Some(gst::MessageView::Error(error)) => error.error().to_string(),
        _ => format!("nothing came within {PATIENCE}"),
    }
}

fn broken(error: impl std::fmt::Display) -> JpegError {
    JpegError::Encoder(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_any_width_is_encoded_upright() {
        crate::start_gstreamer().unwrap();
        // A width whose rows GStreamer pads: red above, blue below.
        let (width, height) = (27, 20);
        let rgb = (0..height * width)
            .flat_map(|pixel| {
                if pixel / width < height / 2 {
                    [250, 0, 0]
                } else {
                    [0, 0, 250]
                }
            })
            .collect();
        let jpeg = encode(&Picture { width, height, rgb }).unwrap();
        let (width, height, rgb) = decoded(jpeg);
        assert_eq!((width, height), (27, 20));
        let (top, bottom) = (&rgb[2 * 84..][..3], &rgb[17 * 84..][..3]);
        assert!(top[0] > 200 && top[2] < 60, "{top:?}");
        assert!(bottom[2] > 200 && bottom[0] < 60, "{bottom:?}");
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let wrong = Picture {
            width: 4,
            height: 4,
            rgb: vec![0; 47],
        };
        assert!(matches!(encode(&wrong), Err(JpegError::Empty(4, 4))));
    }

    /// Columns, rows, and pixels in rows of 84 bytes, as another decoder sees them.
    fn decoded(jpeg: Vec<u8>) -> (u32, u32, Vec<u8>) {
        let launch = "appsrc name=in caps=image/jpeg ! jpegdec ! videoconvert \
            ! video/x-raw,format=RGB ! appsink name=out sync=false";
        let pipeline = gst::parse::launch(launch)
            .unwrap()
            .downcast::<gst::Pipeline>()
            .unwrap();
        let input = element::<gst_app::AppSrc>(&pipeline, "in").unwrap();
        let output = element::<gst_app::AppSink>(&pipeline, "out").unwrap();
        pipeline.set_state(gst::State::Playing).unwrap();
        input
            .push_buffer(gst::Buffer::from_mut_slice(jpeg))
            .unwrap();
        input.end_of_stream().unwrap();
        let sample = output.try_pull_sample(PATIENCE).unwrap();
        let info = gst_video::VideoInfo::from_caps(sample.caps().unwrap()).unwrap();
        let rgb = sample.buffer().unwrap().map_readable().unwrap().to_vec();
        pipeline.set_state(gst::State::Null).unwrap();
        (info.width(), info.height(), rgb)
    }
}
