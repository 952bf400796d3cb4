//! Small pictures straight from the planes of large ones: what is converted is only what is left.

use sonoscope_operators::{PlaneKind, PlaneView, Resize};

use super::{Layout, Plane, Yuv};

impl Yuv {
    /// A picture of size `whole` in packed RGB of another size. Each plane is resized by itself
    /// and the colours converted then, which but for rounding is the same as the other way round,
    /// since both are sums; only colours that no RGB has are cut off later.
    pub fn small_rgb(
        &self,
        planes: [Plane; 3],
        [width, height]: [usize; 2],
        [to_width, to_height]: [usize; 2],
        resize: &mut Resize,
    ) -> Vec<u8> {
        let layout = self.layout;
        let shared = |size: usize, by: u32| size.div_ceil(1 << by);
        let colour_size = [shared(width, layout.across), shared(height, layout.down)];
        let mut small = |index: usize| {
            let [width, height] = if index == 0 {
                [width, height]
            } else {
                colour_size
            };
            let kind = match layout.interleaved && index > 0 {
                true => PlaneKind::Pairs,
                false => PlaneKind::Single,
            };
            let bytes = if layout.more_bits > 0 { 2 } else { 1 };
            let view = PlaneView {
                data: &self.narrowed(planes[index]),
                stride: planes[index].stride / bytes,
                width,
                height,
                kind,
            };
            resize.plane(view, to_width, to_height)
        };
        let mut shrunk = vec![small(0), small(1)];
        if !layout.interleaved {
            shrunk.push(small(2));
        }
        let plane = |index: usize| Plane {
            data: shrunk.get(index).map_or(&[], Vec::as_slice),
            stride: match layout.interleaved && index > 0 {
                true => to_width * 2,
                false => to_width,
            },
        };
        // Now every pixel has its own colour, and eight bits of it.
        let layout = Layout {
            across: 0,
            down: 0,
            interleaved: layout.interleaved,
            more_bits: 0,
        };
        let planes = [plane(0), plane(1), plane(2)];
        Self { layout, ..*self }.rgb(planes, to_width, to_height)
    }
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::Picture;

    use super::*;

    /// Slopes of luma and colour with a little noise on them, in rows with space behind them that
    /// must never be seen.
    fn plane(width: usize, height: usize, step: usize, seed: u32) -> (Vec<u8>, usize) {
        let mut state = seed;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 31) as u8
        };
        let stride = width * step + 16;
        let mut data = vec![255; stride * height];
        for (y, row) in data.chunks_mut(stride).enumerate() {
            for (x, value) in row.iter_mut().enumerate().take(width * step) {
                let slope = 60 + 100 * (x / step) / width + 40 * y / height;
                *value = (slope + 20 * (x % step)) as u8 + noise();
            }
        }
        (data, stride)
    }

    fn worst(layout: Layout, whole: [usize; 2], size: [usize; 2]) -> u8 {
        let yuv = Yuv::new(layout, 0.299, 0.114, true);
        let colour = [
            whole[0].div_ceil(1 << layout.across),
            whole[1].div_ceil(1 << layout.down),
        ];
        let step = if layout.interleaved { 2 } else { 1 };
        let data = [
            plane(whole[0], whole[1], 1, 1),
            plane(colour[0], colour[1], step, 2),
            plane(colour[0], colour[1], step, 3),
        ];
        let planes = [0, 1, 2].map(|index: usize| Plane {
            data: &data[index].0,
            stride: data[index].1,
        });
        let mut resize = Resize::new(true);
        let small = yuv.small_rgb(planes, whole, size, &mut resize);
        let large = Picture {
            width: whole[0] as u32,
            height: whole[1] as u32,
            rgb: yuv.rgb(planes, whole[0], whole[1]),
        };
        let wanted = resize.picture(&large, size[0], size[1]).rgb;
        assert_eq!(small.len(), wanted.len());
        let differences = small.iter().zip(&wanted).map(|(a, b)| a.abs_diff(*b));
        differences.max().unwrap()
    }

    #[test]
    fn it_is_as_if_converted_first() {
        for (across, down, interleaved) in
            [(1, 1, false), (1, 1, true), (1, 0, false), (0, 0, false)]
        {
            let layout = Layout {
                across,
                down,
                interleaved,
                more_bits: 0,
            };
            for whole in [[640, 360], [321, 241], [112, 112]] {
                let worst = worst(layout, whole, [112, 112]);
                // Colours that pixels share are blended rather than repeated, which shows most
                // where nothing shrinks.
                let most = if whole == [112, 112] { 8 } else { 5 };
                assert!(worst <= most, "{layout:?} {whole:?}: {worst}");
            }
        }
    }
}
