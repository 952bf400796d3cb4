//! Decoded samples: their times, and their pictures in upright RGB.

use gstreamer as gst;
use gstreamer_video::{self as gst_video, VideoFrameExt, VideoOrientationMethod as Turn};
use sonoscope_operators::{Picture, Resize};

use super::{
    SourceError,
    yuv::{Plane, Yuv},
};

/// A picture without a duration, in a stream without a frame rate, is shown this long.
const DEFAULT_DURATION_NS: i64 = 40_000_000;

/// Position of a sample in its stream. Raw timestamps start anywhere; stream time counts edit
/// lists and segments in.
pub fn stream_time_ns(sample: &gst::Sample) -> Option<i64> {
    let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
    stream_time_of(segment, sample.buffer()?.pts()?)
}

/// Position of a timestamp in its stream.
pub fn stream_time_of(
    segment: &gst::FormattedSegment<gst::ClockTime>,
    pts: gst::ClockTime,
) -> Option<i64> {
    match segment.to_stream_time_full(pts)? {
        gst::Signed::Positive(time) => i64::try_from(time.nseconds()).ok(),
        gst::Signed::Negative(time) => i64::try_from(time.nseconds()).ok().map(|ns| -ns),
    }
}

/// How long a picture is meant to be shown.
pub fn duration_ns(sample: &gst::Sample) -> i64 {
    match sample.buffer() {
        Some(buffer) => duration_of(buffer, sample.caps()),
        None => DEFAULT_DURATION_NS,
    }
}

/// How long a picture, coded or not, in a stream of these caps is meant to be shown.
pub fn duration_of(buffer: &gst::BufferRef, caps: Option<&gst::CapsRef>) -> i64 {
    let declared = buffer.duration();
    let from_rate = || {
        let rate = caps?.structure(0)?.get::<gst::Fraction>("framerate").ok()?;
        let (frames, seconds) = (i64::from(rate.numer()), i64::from(rate.denom()));
        (frames > 0).then(|| seconds * 1_000_000_000 / frames)
    };
    (declared.and_then(|duration| i64::try_from(duration.nseconds()).ok()))
        .filter(|&ns| ns > 0)
        .or_else(from_rate)
        .unwrap_or(DEFAULT_DURATION_NS)
}

/// What small pictures are made by.
pub struct Small {
    /// Columns and rows that they have when they are upright.
    pub size: [usize; 2],
    /// The filter.
    pub resize: Resize,
}

/// Converts pictures of whatever form the decoder gives, minding matrix and range, and turns
/// them upright.
#[derive(Default)]
pub struct Converter {
    turn: Option<Turn>,
    ready: Option<(gst_video::VideoInfo, gst_video::VideoConverter)>,
}

impl Converter {
    /// Pictures from here on are turned this way.
    pub fn orient(&mut self, turn: Turn) {
        self.turn = Some(turn);
    }

    /// The picture of a sample.
    pub fn picture(&mut self, sample: &gst::Sample) -> Result<Picture, SourceError> {
        self.convert(sample, None).map_err(failed)
    }

    /// The picture of a sample in another size: where that can be, straight from its planes.
    pub fn small(
        &mut self,
        sample: &gst::Sample,
        small: &mut Small,
    ) -> Result<Picture, SourceError> {
        self.convert(sample, Some(small)).map_err(failed)
    }

    fn convert(
        &mut self,
        sample: &gst::Sample,
        small: Option<&mut Small>,
    ) -> Result<Picture, gst::glib::BoolError> {
        let missing = || gst::glib::bool_error!("it has no data or no form");
        let caps = sample.caps().ok_or_else(missing)?;
        let info = gst_video::VideoInfo::from_caps(caps)?;
        let source = sample.buffer().ok_or_else(missing)?;
        let source = gst_video::VideoFrameRef::from_buffer_ref_readable(source, &info)?;
        if let Some(yuv) = Yuv::of(&info, caps) {
            return self.convert_yuv(yuv, &source, small);
        }
        let converter = self.converter(&info)?;
        let target_info = converter.out_info().clone();
        let buffer = gst::Buffer::with_size(target_info.size())?;
        let mut target = gst_video::VideoFrame::from_buffer_writable(buffer, &target_info)
            .map_err(|_| gst::glib::bool_error!("its buffer cannot be written"))?;
        converter.frame_ref(&source, &mut target.as_mut_video_frame_ref());
        let (width, height) = (target_info.width() as usize, target_info.height() as usize);
        let stride = target_info.stride()[0] as usize;
        let whole = packed(target.plane_data(0)?, width, height, stride);
        Ok(self.upright(match small {
            Some(small) => {
                let [width, height] = self.lying(small.size);
                small.resize.picture(&whole, width, height)
            }
            None => whole,
        }))
    }

    fn convert_yuv(
        &self,
        yuv: Yuv,
        source: &gst_video::VideoFrameRef<&gst::BufferRef>,
        small: Option<&mut Small>,
    ) -> Result<Picture, gst::glib::BoolError> {
        let plane = |index: u32| -> Result<Plane<'_>, gst::glib::BoolError> {
            if index >= source.n_planes() {
                return Ok(Plane {
                    data: &[],
                    stride: 0,
                });
            }
            let data = source.plane_data(index)?;
            let stride = source.plane_stride()[index as usize] as usize;
            Ok(Plane { data, stride })
        };
        let planes = [plane(0)?, plane(1)?, plane(2)?];
        let whole = [source.width() as usize, source.height() as usize];
        let (rgb, [width, height]) = match small {
            Some(small) => {
                let size = self.lying(small.size);
                (yuv.small_rgb(planes, whole, size, &mut small.resize), size)
            }
            None => (yuv.rgb(planes, whole[0], whole[1]), whole),
        };
        Ok(self.upright(Picture {
            width: width as u32,
            height: height as u32,
            rgb,
        }))
    }

    /// The size that a picture must have before it is turned upright, so as to have this one then.
    fn lying(&self, [width, height]: [usize; 2]) -> [usize; 2] {
        match self.turn {
            Some(Turn::_90r | Turn::_90l | Turn::UlLr | Turn::UrLl) => [height, width],
            _ => [width, height],
        }
    }

    fn upright(&self, picture: Picture) -> Picture {
        match self.turn {
            Some(turn) => turned(picture, turn),
            None => picture,
        }
    }

    fn converter(
        &mut self,
        info: &gst_video::VideoInfo,
    ) -> Result<&gst_video::VideoConverter, gst::glib::BoolError> {
        if self.ready.as_ref().is_none_or(|(known, _)| known != info) {
            // What is not common enough for `yuv`: GStreamer knows all forms there are.
            let target = gst_video::VideoInfo::builder(
                gst_video::VideoFormat::Rgbx,
                info.width(),
                info.height(),
            )
            .interlace_mode(info.interlace_mode())
            .fps(info.fps())
            .build()?;
            let converter = gst_video::VideoConverter::new(info, &target, None)?;
            self.ready = Some((info.clone(), converter));
        }
        let missing = || gst::glib::bool_error!("there is no converter");
        self.ready.as_ref().map(|(_, c)| c).ok_or_else(missing)
    }
}

fn failed(cause: gst::glib::BoolError) -> SourceError {
    SourceError::Setup(format!("a picture cannot be converted: {cause}"))
}

/// A picture turned.
fn turned(picture: Picture, turn: Turn) -> Picture {
    let (w, h) = (picture.width as usize, picture.height as usize);
    let pixel = |x: usize, y: usize| {
        let at = (y * w + x) * 3;
        [picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]]
    };
    let (right, bottom) = (w.saturating_sub(1), h.saturating_sub(1));
    match turn {
        // Clockwise: the left column from the bottom up becomes the top row.
        Turn::_90r => gather(h, w, |x, y| pixel(y, bottom - x)),
        Turn::_180 => gather(w, h, |x, y| pixel(right - x, bottom - y)),
        Turn::_90l => gather(h, w, |x, y| pixel(right - y, x)),
        Turn::Horiz => gather(w, h, |x, y| pixel(right - x, y)),
        Turn::Vert => gather(w, h, |x, y| pixel(x, bottom - y)),
        Turn::UlLr => gather(h, w, |x, y| pixel(y, x)),
        Turn::UrLl => gather(h, w, |x, y| pixel(right - y, bottom - x)),
        _ => picture,
    }
}

fn gather(width: usize, height: usize, pixel: impl Fn(usize, usize) -> [u8; 3]) -> Picture {
    let mut rgb = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            rgb.extend_from_slice(&pixel(x, y));
        }
    }
    Picture {
        width: width as u32,
        height: height as u32,
        rgb,
    }
}

/// Rows of RGBx without their padding and fourth bytes.
fn packed(rgbx: &[u8], width: usize, height: usize, stride: usize) -> Picture {
    let mut rgb = vec![0; width * height * 3];
    let rows = rgbx
        .chunks(stride.max(1))
        .zip(rgb.chunks_exact_mut((width * 3).max(1)));
    for (from, to) in rows {
        for (from, to) in from.chunks_exact(4).zip(to.chunks_exact_mut(3)) {
            to.copy_from_slice(&from[..3]);
        }
    }
    Picture {
        width: width as u32,
        height: height as u32,
        rgb,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of 3 by 2 pixels whose red tells the place: 0 1 2 over 3 4 5.
    fn turned(turn: Turn) -> (u32, u32, Vec<u8>) {
        let rgbx: Vec<u8> = (0..6).flat_map(|red| [red, 9, 9, 0]).collect();
        let picture = super::turned(packed(&rgbx, 3, 2, 12), turn);
        let red = picture.rgb.iter().step_by(3).copied().collect();
        (picture.width, picture.height, red)
    }

    #[test]
    fn pictures_are_turned_upright() {
        assert_eq!(turned(Turn::Identity), (3, 2, vec![0, 1, 2, 3, 4, 5]));
        assert_eq!(turned(Turn::_90r), (2, 3, vec![3, 0, 4, 1, 5, 2]));
        assert_eq!(turned(Turn::_180), (3, 2, vec![5, 4, 3, 2, 1, 0]));
        assert_eq!(turned(Turn::_90l), (2, 3, vec![2, 5, 1, 4, 0, 3]));
        assert_eq!(turned(Turn::Horiz), (3, 2, vec![2, 1, 0, 5, 4, 3]));
        assert_eq!(turned(Turn::Vert), (3, 2, vec![3, 4, 5, 0, 1, 2]));
        assert_eq!(turned(Turn::UlLr), (2, 3, vec![0, 3, 1, 4, 2, 5]));
        assert_eq!(turned(Turn::UrLl), (2, 3, vec![5, 2, 4, 1, 3, 0]));
    }
}
