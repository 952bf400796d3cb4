//! The picture of a second is the one on show at its middle: whatever the container, the rate and
//! the order of the frames, and whichever track starts late or ends early.

use std::{ffi::OsString, path::PathBuf};

use crate::support::{
    Rows, assert_none,
    clips::{ffmpeg, id},
    npy::{self, Pictures, SIZE},
    program::{arguments, run_with_one_network},
};

/// Pictures that show their own number as a row of black and white blocks.
const NUMBERED_BLOCKS: usize = 12;

/// A recording whose pictures are numbered, and what must come of it.
struct Numbered {
    name: &'static str,
    /// Frames, in so many seconds.
    rate: (i64, i64),
    /// When frame 0 is on show, from the start of the recording.
    shift_s: f64,
    /// By how much the container may round times, or a codec's padding move the start.
    slack_s: f64,
    /// Whether a frame was kept.
    keeps: fn(i64) -> bool,
    /// `{v}` and `{a}` stand for the numbered pictures and for a tone.
    recipe: &'static str,
    audio: &'static str,
    video: &'static str,
}

/// The common case: 4 s at 25 frames a second, all of them kept, from the start.
const PLAIN: Numbered = Numbered {
    name: "",
    rate: (25, 1),
    shift_s: 0.0,
    slack_s: 0.0,
    keeps: |_| true,
    recipe: "",
    audio: "present 4",
    video: "present 4",
};

const X264: &str = "-c:v libx264 -crf 12 -g 50 -pix_fmt yuv420p";

fn numbered() -> Vec<Numbered> {
    let irregular: fn(i64) -> bool = |n| n % 7 == 0 || n % 5 == 1;
    vec![
        Numbered {
            name: "b-frames.mp4",
            recipe: "{v} {a} {x264} -bf 3 -c:a aac",
            slack_s: 0.0001,
            ..PLAIN
        },
        Numbered {
            name: "b-pyramid.mkv",
            recipe: "{v} {a} {x264} -bf 8 -b-pyramid normal -c:a flac",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "fps10.mp4",
            rate: (10, 1),
            recipe: "{v} {a} {x264} -c:a aac",
            ..PLAIN
        },
        Numbered {
            name: "fps24.mkv",
            rate: (24, 1),
            recipe: "{v} {a} {x264} -c:a flac",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "fps2997.mov",
            rate: (30_000, 1001),
            recipe: "{v} {a} {x264} -c:a pcm_s16le",
            slack_s: 0.0001,
            ..PLAIN
        },
        Numbered {
            name: "fps60.mkv",
            rate: (60, 1),
            recipe: "{v} {a} {x264} -c:a flac",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "fps60.mp4",
            rate: (60, 1),
            recipe: "{v} {a} {x264} -bf 2 -c:a aac",
            slack_s: 0.0001,
            ..PLAIN
        },
        Numbered {
            name: "variable.mp4",
            keeps: irregular,
            recipe: "{v} {a} -vf select=not(mod(n\\,7))+eq(mod(n\\,5)\\,1) -vsync vfr {x264} -c:a aac",
            slack_s: 0.0001,
            ..PLAIN
        },
        Numbered {
            name: "variable.mkv",
            keeps: irregular,
            recipe: "{v} {a} -vf select=not(mod(n\\,7))+eq(mod(n\\,5)\\,1) -vsync vfr {x264} -c:a flac",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "tracks-shown-late.flv",
            recipe: "{v} {a} {x264} -bf 2 -c:a aac -ar 44100",
            slack_s: 0.025,
            ..PLAIN
        },
        Numbered {
            name: "vp9.webm",
            recipe: "{v} {a} -c:v libvpx-vp9 -c:a libopus",
            slack_s: 0.01,
            ..PLAIN
        },
        Numbered {
            name: "vp8.webm",
            recipe: "{v} {a} -c:v libvpx -b:v 1M -c:a libvorbis",
            slack_s: 0.005,
            ..PLAIN
        },
        Numbered {
            name: "mpeg4.avi",
            recipe: "{v} {a} -c:v mpeg4 -q:v 2 -c:a pcm_s16le",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "mpeg2.ts",
            recipe: "{v} {a} -c:v mpeg2video -q:v 2 -c:a mp2",
            slack_s: 0.02,
            ..PLAIN
        },
        Numbered {
            name: "mp3.mp4",
            recipe: "{v} {a} {x264} -c:a libmp3lame",
            slack_s: 0.03,
            ..PLAIN
        },
        Numbered {
            name: "broadcast.ts",
            recipe: "{v} {a} {x264} -c:a ac3 -output_ts_offset 5000",
            slack_s: 0.02,
            ..PLAIN
        },
        Numbered {
            name: "wrapping.ts",
            recipe: "{v} {a} {x264} -c:a ac3 -output_ts_offset 95441",
            slack_s: 0.02,
            ..PLAIN
        },
        Numbered {
            name: "late-picture.mkv",
            shift_s: 1.6,
            recipe: "-itsoffset 1.6 {v} {a} {x264} -c:a flac",
            audio: "present 4, gap 2",
            video: "gap 2, present 3, partial 1",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "late-picture.mp4",
            shift_s: 0.8,
            recipe: "-itsoffset 0.8 {v} {a} {x264} -vsync vfr -c:a aac",
            audio: "present 4, gap 1",
            video: "gap 1, present 3, partial 1",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "late-sound.mkv",
            recipe: "{v} -itsoffset 1.3 {a} {x264} -c:a flac -t 5",
            audio: "gap 1, partial 1, present 3",
            video: "present 4, gap 1",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "late-sound.mp4",
            recipe: "{v} -itsoffset 1.7 {a} {x264} -c:a aac -t 4",
            audio: "gap 2, present 2",
            slack_s: 0.0001,
            ..PLAIN
        },
        Numbered {
            name: "early-end-of-sound.mp4",
            recipe: "{v} {a} {x264} -af atrim=0:2.7 -c:a aac",
            audio: "present 2, partial 1, gap 1",
            slack_s: 0.0001,
            ..PLAIN
        },
        Numbered {
            name: "early-end-of-picture.mkv",
            recipe: "{v} {a} -vf trim=0:2.7 {x264} -c:a flac",
            video: "present 2, partial 1, gap 1",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "hole-in-sound.mkv",
            recipe: "{v} {a} {x264} -af aselect=not(between(t\\,1.2\\,2.4)) -c:a flac",
            audio: "present 1, gap 1, partial 1, present 1",
            slack_s: 0.001,
            ..PLAIN
        },
        Numbered {
            name: "hole-in-picture.mkv",
            // Frame 30 stays on show until frame 65 comes.
            keeps: |n| n <= 30 || n >= 65,
            recipe: "{v} {a} -vf select=not(between(n\\,31\\,64)) -vsync vfr {x264} -c:a flac",
            video: "present 2, frozen 1, present 1",
            slack_s: 0.001,
            ..PLAIN
        },
    ]
}

impl Numbered {
    fn make(&self) -> PathBuf {
        let (frames, seconds) = self.rate;
        let picture = format!(
            "-f lavfi -i nullsrc=s=96x32:r={frames}/{seconds}:d=4,\
             geq=lum='255*mod(floor(N/pow(2\\,floor(X/8)))\\,2)':cb=128:cr=128"
        );
        let tone = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=4";
        let recipe = (self.recipe.replace("{v}", &picture))
            .replace("{a}", tone)
            .replace("{x264}", X264);
        ffmpeg(self.name, &recipe)
    }

    fn on_show_from_s(&self, frame: i64) -> f64 {
        frame as f64 * self.rate.1 as f64 / self.rate.0 as f64 + self.shift_s
    }

    /// The frame on show at a time: the last kept that has come on show.
    fn on_show_at(&self, time_s: f64) -> i64 {
        let frames = 4 * self.rate.0 / self.rate.1;
        (0..frames)
            .rfind(|&n| (self.keeps)(n) && self.on_show_from_s(n) <= time_s + 1e-6)
            .unwrap()
    }

    /// What is wrong with the pictures of each second.
    fn wrong_pictures(&self, pictures: &Pictures) -> Vec<String> {
        let mut wrong = Vec::new();
        for (&second, picture) in pictures {
            let (shown, expected) = (number_in(picture), self.on_show_at(second as f64 + 0.5));
            if shown != expected {
                let name = self.name;
                wrong.push(format!("{name}, {second} s: shows {shown}, not {expected}"));
            }
        }
        if pictures.is_empty() {
            wrong.push(format!("{}: no pictures", self.name));
        }
        wrong
    }

    /// What is wrong with the rows.
    fn wrong_rows(&self, rows: &Rows) -> Vec<String> {
        let mut wrong = Vec::new();
        for (field, expected) in [("audio", self.audio), ("video", self.video)] {
            let told = rows.runs(field);
            if told != expected {
                wrong.push(format!("{}: {field} is {told}, not {expected}", self.name));
            }
        }
        for (second, pts_ns) in (0..).zip(rows.integers("frame_pts_ns")) {
            let Some(pts_ns) = pts_ns else { continue };
            let told_s = pts_ns as f64 / 1e9;
            let expected_s = self.on_show_from_s(self.on_show_at(f64::from(second) + 0.5));
            if (told_s - expected_s).abs() > self.slack_s + 1e-6 {
                let name = self.name;
                wrong.push(format!(
                    "{name}, {second} s: came at {told_s}, not {expected_s}"
                ));
            }
        }
        wrong
    }
}

/// The number that a picture shows.
fn number_in(picture: &[u8]) -> i64 {
    let middle_of = |block: usize| (2 * block + 1) * SIZE / (2 * NUMBERED_BLOCKS);
    let is_white = |block: usize| picture[(SIZE / 2 * SIZE + middle_of(block)) * 3] > 128;
    (0..NUMBERED_BLOCKS)
        .filter(|&block| is_white(block))
        .map(|block| 1 << block)
        .sum()
}

#[test]
fn the_picture_of_a_second_is_the_one_on_show_at_its_middle() {
    let clips = numbered();
    let paths: Vec<_> = clips.iter().map(Numbered::make).collect();
    let extracted = npy::extract(&paths);
    let wrong = (clips.iter().zip(&paths))
        .flat_map(|(clip, path)| clip.wrong_pictures(&extracted[&id(path)]));
    assert_none(wrong);
}

#[test]
fn rows_tell_what_is_there_and_when_the_picture_came() {
    let clips = numbered();
    let paths: Vec<_> = clips.iter().map(Numbered::make).collect();
    let rows = run_with_one_network(arguments(&paths)).done().rows();
    let wrong =
        (clips.iter().zip(&paths)).flat_map(|(clip, path)| clip.wrong_rows(&rows.of(&id(path))));
    assert_none(wrong);
}

#[test]
fn a_cut_made_without_encoding_shows_from_its_edit_list() {
    let whole = Numbered {
        name: "whole.mp4",
        recipe: "{v} {a} {x264} -bf 3 -c:a aac",
        ..PLAIN
    };
    let whole = whole.make();
    let recipe = format!("-ss 1.31 -i {} -c copy", whole.display());
    let cut = Numbered {
        name: "cut.mp4",
        shift_s: -1.31,
        ..PLAIN
    };
    let path = ffmpeg(cut.name, &recipe);
    let pictures = npy::extract(std::slice::from_ref(&path));
    assert_none(cut.wrong_pictures(&pictures[&id(&path)]));
    let rows = run_with_one_network([&path]).done().rows();
    assert_eq!(rows.len(), 3);
}

#[test]
fn a_range_of_a_still_picture_is_as_frozen_as_the_whole() {
    let still = ffmpeg(
        "still.mp4",
        "-f lavfi -i color=gray:s=96x32:r=10:d=4 -f lavfi -i sine=duration=4 -c:v libx264 -c:a aac",
    );
    let whole = run_with_one_network([&still]).done();
    assert_eq!(whole.rows().runs("video"), "present 1, frozen 3");
    let range = ["--from", "2", "--to", "4"].map(OsString::from);
    let part = run_with_one_network([&still]).and(range).done();
    let wanted: Vec<_> = whole.stdout.lines().skip(2).collect();
    assert_eq!(part.stdout.lines().collect::<Vec<_>>(), wanted);
}
