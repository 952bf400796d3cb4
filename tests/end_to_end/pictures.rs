//! Pictures as the operators see them, against an independent decode and a resize in plain loops:
//! every matrix and range, odd sizes, and upright whichever way they were stored.

use std::path::{Path, PathBuf};

use crate::support::{
    assert_none,
    clips::{ffmpeg, id},
    npy::{self, SIZE},
    program::tool,
};

/// Mean absolute difference that is allowed, of 255.
const TOLERANCE: f64 = 1.0;

/// The picture that is compared: the one on show at 0.5 s, of five a second. A codec's padding may
/// make the sound begin some milliseconds before the first.
const FRAME: usize = 2;

const TONE: &str = "-f lavfi -i sine=sample_rate=48000:duration=1";

/// How the numbers of a picture stand for colours.
#[derive(Clone, Copy)]
struct Colours {
    /// What red and blue weigh in grey.
    red: f64,
    blue: f64,
    bits: u32,
    is_full_range: bool,
    /// Whether two by two pixels share a colour.
    is_halved: bool,
}

const BT601: Colours = Colours {
    red: 0.299,
    blue: 0.114,
    bits: 8,
    is_full_range: false,
    is_halved: true,
};

const BT709: Colours = Colours {
    red: 0.2126,
    blue: 0.0722,
    ..BT601
};

/// A recording of a test card.
#[derive(Clone, Copy)]
struct Card {
    name: &'static str,
    /// Upright.
    width: usize,
    height: usize,
    codec: &'static str,
    /// Said of its colours; without it, small pictures are BT.601, large ones BT.709.
    tags: &'static str,
    colours: Colours,
}

const SD: Card = Card {
    name: "sd.mp4",
    width: 320,
    height: 240,
    codec: "libx264 -pix_fmt yuv420p",
    tags: "",
    colours: BT601,
};

const HD: Card = Card {
    name: "hd.mp4",
    width: 1280,
    height: 720,
    colours: BT709,
    ..SD
};

const CARDS: [Card; 10] = [
    SD,
    HD,
    Card {
        name: "small-bt709.mp4",
        tags: "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv",
        colours: BT709,
        ..SD
    },
    Card {
        name: "large-bt601.mkv",
        tags: "-colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m",
        colours: BT601,
        ..HD
    },
    Card {
        name: "full-range.mp4",
        codec: "libx264 -pix_fmt yuvj420p",
        colours: Colours {
            is_full_range: true,
            ..BT601
        },
        ..SD
    },
    Card {
        name: "yuv444.mp4",
        width: 321,
        height: 241,
        codec: "libx264 -pix_fmt yuv444p",
        colours: Colours {
            is_halved: false,
            ..BT601
        },
        ..SD
    },
    Card {
        name: "hevc10.mp4",
        codec: "libx265 -x265-params log-level=error -pix_fmt yuv420p10le",
        colours: Colours { bits: 10, ..BT601 },
        ..SD
    },
    Card {
        name: "odd.webm",
        width: 161,
        height: 121,
        codec: "libvpx-vp9 -pix_fmt yuv420p",
        ..SD
    },
    Card {
        name: "pixel.mkv",
        width: 1,
        height: 1,
        codec: "ffv1 -pix_fmt yuv420p",
        ..SD
    },
    Card {
        name: "large.mp4",
        width: 4096,
        height: 2160,
        codec: "libx264 -preset ultrafast -pix_fmt yuv420p",
        ..HD
    },
];

impl Card {
    fn make(&self) -> PathBuf {
        let (width, height) = (self.width, self.height);
        // The test card has a least size, and colours so strong that mistakes are clipped away.
        let drawn = format!("testsrc2=s={}x{}", width.max(64), height.max(64));
        let picture = format!("-f lavfi -i {drawn}:r=5:d=1,hue=s=0.5,scale={width}:{height}");
        let sound = match self.name.ends_with("webm") {
            true => "libopus",
            false => "aac",
        };
        let (codec, tags) = (self.codec, self.tags);
        let recipe = format!("{picture} {TONE} -c:v {codec} {tags} -c:a {sound}");
        ffmpeg(self.name, &recipe)
    }

    /// What the operators should see of a recording of this form: decoded by `ffmpeg`, which also
    /// turns it upright, converted and resized here.
    fn expected(&self, path: &Path) -> Vec<f64> {
        let words = ["-v", "error", "-i", path.to_str().unwrap()];
        let raw = tool("ffmpeg", words.into_iter().chain(RAW.split(' ')));
        let bytes = self.colours.bits.div_ceil(8) as usize;
        let numbers: Vec<f64> = (raw.chunks_exact(bytes))
            .map(|b| f64::from(u16::from_le_bytes([b[0], *b.get(1).unwrap_or(&0)])))
            .collect();
        resized(&self.rgb(&numbers), self.width, self.height)
    }

    /// The compared picture in RGB, from the planes of all.
    fn rgb(&self, numbers: &[f64]) -> Vec<f64> {
        let (width, height, colours) = (self.width, self.height, self.colours);
        let step = if colours.is_halved { 2 } else { 1 };
        let (across, down) = (width.div_ceil(step), height.div_ceil(step));
        let size = width * height + 2 * across * down;
        let (y, uv) = numbers[FRAME * size..][..size].split_at(width * height);
        let (u, v) = uv.split_at(across * down);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for (at, &y) in y.iter().enumerate() {
            let shared = at / width / step * across + at % width / step;
            rgb.extend(colours.rgb(y, u[shared], v[shared]));
        }
        rgb
    }
}

const RAW: &str = "-map 0:v -f rawvideo -";

impl Colours {
    /// The definition, as the standards have it.
    fn rgb(&self, y: f64, u: f64, v: f64) -> [f64; 3] {
        let unit = f64::from(1 << (self.bits - 8));
        let (y, u, v) = (y / unit, u / unit - 128.0, v / unit - 128.0);
        let (y, u, v) = match self.is_full_range {
            true => (y, u, v),
            false => (
                (y - 16.0) * 255.0 / 219.0,
                u * 255.0 / 224.0,
                v * 255.0 / 224.0,
            ),
        };
        let red = y + 2.0 * (1.0 - self.red) * v;
        let blue = y + 2.0 * (1.0 - self.blue) * u;
        let green = (y - self.red * red - self.blue * blue) / (1.0 - self.red - self.blue);
        [red, green, blue].map(|value| value.clamp(0.0, 255.0))
    }
}

/// Bilinear with antialiasing: each pixel of the result is the mean of those below it, weighted by
/// a triangle as wide as two pixels of whichever picture has the larger ones.
fn resized(rgb: &[f64], width: usize, height: usize) -> Vec<f64> {
    let mut narrow = vec![0.0; SIZE * height * 3];
    for (x, taps) in taps(width).into_iter().enumerate() {
        for y in 0..height {
            for channel in 0..3 {
                let at = |column: usize| rgb[(y * width + column) * 3 + channel];
                narrow[(y * SIZE + x) * 3 + channel] = sum(&taps, at);
            }
        }
    }
    let mut small = vec![0.0; SIZE * SIZE * 3];
    for (y, taps) in taps(height).into_iter().enumerate() {
        for x in 0..SIZE {
            for channel in 0..3 {
                let at = |row: usize| narrow[(row * SIZE + x) * 3 + channel];
                small[(y * SIZE + x) * 3 + channel] = sum(&taps, at);
            }
        }
    }
    small
}

fn sum(taps: &[(usize, f64)], at: impl Fn(usize) -> f64) -> f64 {
    taps.iter().map(|&(index, weight)| weight * at(index)).sum()
}

/// For each pixel of [`SIZE`], which of `length` pixels count, and how much.
fn taps(length: usize) -> Vec<Vec<(usize, f64)>> {
    let scale = length as f64 / SIZE as f64;
    let half_width = scale.max(1.0);
    let taps_at = |pixel: usize| {
        let middle = (pixel as f64 + 0.5) * scale;
        let weight = |index: usize| 1.0 - ((index as f64 + 0.5 - middle) / half_width).abs();
        let taps: Vec<_> = (0..length)
            .map(|index| (index, weight(index)))
            .filter(|&(_, weight)| weight > 0.0)
            .collect();
        let total: f64 = taps.iter().map(|(_, weight)| weight).sum();
        taps.into_iter()
            .map(|(index, weight)| (index, weight / total))
            .collect()
    };
    (0..SIZE).map(taps_at).collect()
}

fn mean_difference(picture: &[u8], expected: &[f64]) -> f64 {
    let pairs = picture.iter().zip(expected);
    let total: f64 = pairs.map(|(&a, b)| (f64::from(a) - b).abs()).sum();
    total / expected.len() as f64
}

/// What is wrong with the first picture of some recordings, each with the form that it has.
fn wrong(recordings: &[(Card, PathBuf)]) -> Vec<String> {
    let paths: Vec<_> = recordings.iter().map(|(_, path)| path.clone()).collect();
    let extracted = npy::extract(&paths);
    (recordings.iter())
        .filter_map(|(card, path)| {
            let seen = &extracted[&id(path)][&0];
            let difference = mean_difference(seen, &card.expected(path));
            let name = path.file_name()?.display();
            (difference > TOLERANCE).then(|| format!("{name}: {difference:.2} of 255"))
        })
        .collect()
}

#[test]
fn pictures_are_those_of_an_independent_decoder() {
    assert_none(wrong(&CARDS.map(|card| (card, card.make()))));
}

#[test]
fn another_matrix_or_range_would_be_noticed() {
    let full_range = CARDS[4];
    assert!(full_range.colours.is_full_range);
    let mistakes = [
        (SD, BT709),
        (HD, BT601),
        (SD, full_range.colours),
        (full_range, BT601),
    ];
    for (card, colours) in mistakes {
        let mistaken = Card { colours, ..card };
        let noticed = wrong(&[(mistaken, card.make())]);
        assert_eq!(noticed.len(), 1, "{} passes for another", card.name);
    }
}

#[test]
fn pictures_stored_turned_are_seen_upright() {
    let stored = Card { height: 180, ..SD };
    let upright = stored.make();
    let turned = [0, 90, 180, 270].map(|degrees| {
        let metadata = format!("-metadata:s:v:0 rotate={degrees}");
        let recipe = format!("-i {} -c copy {metadata}", upright.display());
        let on_its_side = degrees % 180 == 90;
        let (width, height) = if on_its_side { (180, 320) } else { (320, 180) };
        let card = Card {
            width,
            height,
            ..stored
        };
        (card, ffmpeg(&format!("turned-{degrees}.mp4"), &recipe))
    });
    assert_none(wrong(&turned));
}
