//! The common decoded forms to RGB, exactly: YUV in planes.
//!
//! GStreamer's own fast paths round so that pictures come out darker by up to 4 of 255.

mod small;

use std::borrow::Cow;

use gstreamer as gst;
use gstreamer_video::{
    VideoColorMatrix, VideoColorRange, VideoColorimetry, VideoFormat, VideoInfo,
};

/// Fixed-point arithmetic with this many bits behind the point.
const BITS: u32 = 14;

/// Pictures that do not say what their colours mean are BT.709 if they have more lines than this:
/// more than television had before it.
const SD_LINES: u32 = 576;

/// How a YUV picture is stored and what its numbers mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Yuv {
    layout: Layout,
    /// Black.
    y_offset: i32,
    y: i32,
    red_v: i32,
    green_u: i32,
    green_v: i32,
    blue_u: i32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Layout {
    /// Pixels across that share a colour, as a power of two.
    across: u32,
    /// Pixels down that share a colour, likewise.
    down: u32,
    /// U and V in turn in one plane, rather than in a plane each.
    interleaved: bool,
    /// Bits of a number beyond 8, which then takes two bytes.
    more_bits: u32,
}

/// A plane of a picture: rows of `stride` bytes.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// The bytes.
    pub data: &'a [u8],
    /// From row to row.
    pub stride: usize,
}

impl Yuv {
    /// The form of a picture, if it is one of those that are known here.
    pub fn of(info: &VideoInfo, caps: &gst::CapsRef) -> Option<Self> {
        let layout = |across, down, more_bits| Layout {
            across,
            down,
            interleaved: info.format() == VideoFormat::Nv12,
            more_bits,
        };
        let layout = match info.format() {
            VideoFormat::I420 | VideoFormat::Nv12 => layout(1, 1, 0),
            VideoFormat::Y42b => layout(1, 0, 0),
            VideoFormat::Y444 => layout(0, 0, 0),
            VideoFormat::I42010le => layout(1, 1, 2),
            VideoFormat::I42210le => layout(1, 0, 2),
            VideoFormat::Y44410le => layout(0, 0, 2),
            _ => return None,
        };
        let colorimetry = told(caps).unwrap_or_else(|| info.colorimetry());
        let matrix = match colorimetry.matrix() {
            VideoColorMatrix::Unknown if info.height() > SD_LINES => VideoColorMatrix::Bt709,
            VideoColorMatrix::Unknown => VideoColorMatrix::Bt601,
            known => known,
        };
        let (red, blue) = match matrix {
            VideoColorMatrix::Bt601 => (0.299, 0.114),
            VideoColorMatrix::Bt709 => (0.2126, 0.0722),
            VideoColorMatrix::Bt2020 => (0.2627, 0.0593),
            VideoColorMatrix::Fcc => (0.30, 0.11),
            VideoColorMatrix::Smpte240m => (0.212, 0.087),
            _ => return None,
        };
        let full = colorimetry.range() == VideoColorRange::Range0_255;
        Some(Self::new(layout, red, blue, full))
    }

    /// From the weights of red and blue in luma (ITU-R BT.601, BT.709 ...).
    fn new(layout: Layout, red: f64, blue: f64, full_range: bool) -> Self {
        let green = 1.0 - red - blue;
        let (y_scale, c_scale) = match full_range {
            true => (1.0, 1.0),
            false => (255.0 / 219.0, 255.0 / 224.0),
        };
        let fixed = |factor: f64| (factor * f64::from(1 << BITS)).round() as i32;
        Self {
            layout,
            y_offset: if full_range { 0 } else { 16 },
            y: fixed(y_scale),
            red_v: fixed(2.0 * (1.0 - red) * c_scale),
            green_u: fixed(-2.0 * blue * (1.0 - blue) / green * c_scale),
            green_v: fixed(-2.0 * red * (1.0 - red) / green * c_scale),
            blue_u: fixed(2.0 * (1.0 - blue) * c_scale),
        }
    }

    /// Converts a picture to packed RGB. A colour that several pixels share is that of each.
    pub fn rgb(&self, planes: [Plane; 3], width: usize, height: usize) -> Vec<u8> {
        let narrow = planes.map(|plane| self.narrowed(plane));
        let bytes = if self.layout.more_bits > 0 { 2 } else { 1 };
        let plane = |index: usize| Plane {
            data: &narrow[index],
            stride: planes[index].stride / bytes,
        };
        let planes = [plane(0), plane(1), plane(2)];
        let mut rgb = vec![0; width * height * 3];
        // The widest vectors that this processor has.
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || self.convert(&planes, width, &mut rgb),
        );
        rgb
    }

    /// A plane's numbers in 8 bits each, rounded.
    fn narrowed<'a>(&self, plane: Plane<'a>) -> Cow<'a, [u8]> {
        let more_bits = self.layout.more_bits;
        if more_bits == 0 {
            return Cow::Borrowed(plane.data);
        }
        let half = 1 << (more_bits - 1);
        let narrow = |number: u16| ((u32::from(number) + half) >> more_bits).min(255) as u8;
        let numbers = plane.data.chunks_exact(2);
        numbers
            .map(|bytes| narrow(u16::from_le_bytes([bytes[0], bytes[1]])))
            .collect()
    }

    #[inline(always)]
    fn convert(&self, planes: &[Plane; 3], width: usize, rgb: &mut [u8]) {
        let mut colours = [(); 3].map(|()| vec![0; width]);
        let mut channels = [(); 3].map(|()| vec![0; width]);
        for (row, target) in rgb.chunks_exact_mut((width * 3).max(1)).enumerate() {
            if row & ((1 << self.layout.down) - 1) == 0 {
                self.colours(planes, row >> self.layout.down, &mut colours);
            }
            let luma = &planes[0].data[row * planes[0].stride..][..width];
            for (channel, colour) in channels.iter_mut().zip(&colours) {
                for ((value, &y), colour) in channel.iter_mut().zip(luma).zip(colour) {
                    let y = (i32::from(y) - self.y_offset) * self.y + (1 << (BITS - 1));
                    *value = ((y + colour) >> BITS).clamp(0, 255) as u8;
                }
            }
            let [red, green, blue] = &channels;
            let values = red.iter().zip(green).zip(blue);
            for (pixel, ((&r, &g), &b)) in target.chunks_exact_mut(3).zip(values) {
                pixel.copy_from_slice(&[r, g, b]);
            }
        }
    }

    /// What the colour adds to red, green and blue of each pixel of a row.
    #[inline(always)]
    fn colours(&self, planes: &[Plane; 3], line: usize, colours: &mut [Vec<i32>; 3]) {
        let (u_plane, v_plane, step) = match self.layout.interleaved {
            true => (planes[1], planes[1], 2),
            false => (planes[1], planes[2], 1),
        };
        let u_line = &u_plane.data[line * u_plane.stride..];
        let v_line = &v_plane.data[line * v_plane.stride + step - 1..];
        let chroma = u_line.iter().step_by(step).zip(v_line.iter().step_by(step));
        let [red, green, blue] = colours;
        let shared = 1 << self.layout.across;
        let pixels =
            (red.chunks_mut(shared).zip(green.chunks_mut(shared))).zip(blue.chunks_mut(shared));
        for (((red, green), blue), (&u, &v)) in pixels.zip(chroma) {
            let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
            red.fill(self.red_v * v);
            green.fill(self.green_u * u + self.green_v * v);
            blue.fill(self.blue_u * u);
        }
    }
}

/// What a stream says of its colours. Where it does not say all, `VideoInfo` forgets the rest, such
/// as that the range is the full one.
fn told(caps: &gst::CapsRef) -> Option<VideoColorimetry> {
    let told = caps.structure(0)?.get::<&str>("colorimetry").ok()?;
    told.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: Y, U, V of a colour, in real numbers.
    fn encode([r, g, b]: [f64; 3], red: f64, blue: f64, full: bool) -> [u8; 3] {
        let y = red * r + (1.0 - red - blue) * g + blue * b;
        let (u, v) = (
            (b - y) / (2.0 * (1.0 - blue)),
            (r - y) / (2.0 * (1.0 - red)),
        );
        let (scale, offset, colour) = if full {
            (255.0, 0.0, 255.0)
        } else {
            (219.0, 16.0, 224.0)
        };
        [y * scale + offset, u * colour + 128.0, v * colour + 128.0].map(|x| x.round() as u8)
    }

    #[test]
    fn colours_come_back() {
        let layout = Layout {
            across: 0,
            down: 0,
            interleaved: false,
            more_bits: 0,
        };
        for (red, blue) in [(0.299, 0.114), (0.2126, 0.0722), (0.2627, 0.0593)] {
            for full in [true, false] {
                for i in 0..125 {
                    let colour = [i % 5, i / 5 % 5, i / 25].map(|c| f64::from(c) / 4.0);
                    let yuv = encode(colour, red, blue, full);
                    let planes = [&yuv[0..1], &yuv[1..2], &yuv[2..3]];
                    let planes = planes.map(|data| Plane { data, stride: 1 });
                    let rgb = Yuv::new(layout, red, blue, full).rgb(planes, 1, 1);
                    for (got, wanted) in rgb.iter().zip(colour) {
                        let off = (f64::from(*got) - wanted * 255.0).abs();
                        assert!(off <= 2.0, "{colour:?} {red} {full}: {rgb:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn shared_colours_reach_odd_edges() {
        let layout = Layout {
            across: 1,
            down: 1,
            interleaved: true,
            more_bits: 0,
        };
        let plane = |data, stride| Plane { data, stride };
        // Three by three, grey but for the last column and row.
        let uv = [128, 128, 255, 128, 128, 255, 128, 128];
        let planes = [plane(&[100; 9][..], 3), plane(&uv, 4), plane(&[], 0)];
        let rgb = Yuv::new(layout, 0.299, 0.114, true).rgb(planes, 3, 3);
        let pixel = |x: usize, y: usize| &rgb[(y * 3 + x) * 3..][..3];
        assert_eq!(pixel(1, 1), [100, 100, 100]);
        assert_eq!(pixel(2, 0), [100, 56, 255], "blue at the right edge");
        assert_eq!(pixel(0, 2), [255, 9, 100], "red at the lower edge");
    }
}
