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
const TOLERANCE: f64 = 2.0;

/// The picture that is compared: the one on show at 0.5 s, of two a second.
const FRAME: usize = 1;

const TONE: &str = "-f lavfi -i sine=sample_rate=48000:duration=1";

/// A recording of a test card.
struct Card {
    name: &'static str,
    /// Upright.
    width: usize,
    height: usize,
    codec: &'static str,
    /// How the picture's colours are meant: matrix and range, in the words of `ffmpeg`.
    colours: &'static str,
}

const BT601: &str = "in_color_matrix=bt601:in_range=tv";
const BT709: &str = "in_color_matrix=bt709:in_range=tv";
const BT601_FULL: &str = "in_color_matrix=bt601:in_range=pc";

const fn card(
    name: &'static str,
    [width, height]: [usize; 2],
    codec: &'static str,
    colours: &'static str,
) -> Card {
    Card {
        name,
        width,
        height,
        codec,
        colours,
    }
}

const CARDS: [Card; 11] = [
    card("sd.mp4", [320, 240], "libx264 -pix_fmt yuv420p", BT601),
    card("hd.mp4", [1280, 720], "libx264 -pix_fmt yuv420p", BT709),
    card(
        "small-bt709.mp4",
        [320, 240],
        "libx264 -pix_fmt yuv420p -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv",
        BT709,
    ),
    card(
        "large-bt601.mkv",
        [1280, 720],
        "libx264 -pix_fmt yuv420p -colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m -color_range tv",
        BT601,
    ),
    card(
        "full.mp4",
        [320, 240],
        "libx264 -pix_fmt yuvj420p",
        BT601_FULL,
    ),
    card("yuv444.mp4", [321, 241], "libx264 -pix_fmt yuv444p", BT601),
    card(
        "hevc10.mp4",
        [320, 240],
        "libx265 -x265-params log-level=error -pix_fmt yuv420p10le",
        BT601,
    ),
    card("rgb.mkv", [320, 240], "libx264rgb -pix_fmt rgb24", BT601),
    card("odd.webm", [161, 121], "libvpx-vp9 -pix_fmt yuv420p", BT601),
    card("pixel.mkv", [1, 1], "ffv1 -pix_fmt yuv444p", BT601),
    card(
        "large.mp4",
        [4096, 2160],
        "libx264 -preset ultrafast -pix_fmt yuv420p",
        BT709,
    ),
];

impl Card {
    fn make(&self) -> PathBuf {
        let (width, height, codec) = (self.width, self.height, self.codec);
        let sound = if self.name.ends_with("webm") {
            "libopus"
        } else {
            "aac"
        };
        let picture = format!("-f lavfi -i testsrc2=s={width}x{height}:r=2:d=1");
        ffmpeg(
            self.name,
            &format!("{picture} {TONE} -c:v {codec} -c:a {sound}"),
        )
    }
}

/// The compared picture of a recording, decoded by `ffmpeg`, which turns it upright, in RGB.
fn decoded(path: &Path, colours: &str, pixels: usize) -> Vec<u8> {
    let filter = format!("scale={colours}:flags=bilinear+accurate_rnd+full_chroma_int");
    let path = path.to_str().unwrap();
    let words = ["-v", "error", "-i", path, "-vf", &filter];
    let form = "-map 0:v -pix_fmt rgb24 -f rawvideo -";
    let raw = tool("ffmpeg", words.into_iter().chain(form.split(' ')));
    raw[FRAME * pixels * 3..][..pixels * 3].to_vec()
}

/// Bilinear with antialiasing: each pixel of the result is the mean of those below it, weighted by
/// a triangle as wide as two pixels of whichever picture has the larger ones.
fn resized(rgb: &[u8], width: usize, height: usize) -> Vec<f64> {
    let rgb: Vec<f64> = rgb.iter().map(|&value| f64::from(value)).collect();
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

#[test]
fn pictures_are_those_of_an_independent_decoder() {
    let paths: Vec<_> = CARDS.iter().map(Card::make).collect();
    let extracted = npy::extract(&paths);
    let wrong = (CARDS.iter().zip(&paths)).filter_map(|(card, path)| {
        let pixels = decoded(path, card.colours, card.width * card.height);
        let expected = resized(&pixels, card.width, card.height);
        let difference = mean_difference(&extracted[&id(path)][&0], &expected);
        (difference > TOLERANCE).then(|| format!("{}: {difference:.2}", card.name))
    });
    assert_none(wrong);
}

#[test]
fn the_wrong_matrix_would_be_noticed() {
    for (card, wrong) in [(&CARDS[0], BT709), (&CARDS[1], BT601), (&CARDS[4], BT601)] {
        let path = card.make();
        let pixels = card.width * card.height;
        let right = decoded(&path, card.colours, pixels);
        let wrong = decoded(&path, wrong, pixels);
        let wrong = resized(&wrong, card.width, card.height);
        let right: Vec<u8> = resized(&right, card.width, card.height)
            .into_iter()
            .map(|value| value.round() as u8)
            .collect();
        assert!(mean_difference(&right, &wrong) > TOLERANCE, "{}", card.name);
    }
}

#[test]
fn pictures_stored_turned_are_seen_upright() {
    let stored = card("stored.mp4", [320, 180], "libx264 -pix_fmt yuv420p", BT601);
    let path = stored.make();
    let turned = [0, 90, 180, 270].map(|degrees| {
        let copy = format!(
            "-i {} -c copy -metadata:s:v:0 rotate={degrees}",
            path.display()
        );
        ffmpeg(&format!("turned-{degrees}.mp4"), &copy)
    });
    let extracted = npy::extract(&turned);
    let sizes = [[320, 180], [180, 320], [320, 180], [180, 320]];
    let wrong = turned
        .iter()
        .zip(sizes)
        .filter_map(|(path, [width, height])| {
            let expected = resized(&decoded(path, BT601, width * height), width, height);
            let difference = mean_difference(&extracted[&id(path)][&0], &expected);
            (difference > TOLERANCE).then(|| format!("{}: {difference:.2}", path.display()))
        });
    assert_none(wrong);
}
