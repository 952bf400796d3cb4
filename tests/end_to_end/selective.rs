//! Selective decoding: rows are the same as when everything is decoded, and little is decoded.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::support::{
    assert_none,
    clips::{ffmpeg, id},
    program::{Ended, arguments, run_with_one_network},
    repository,
};

/// A recording, and at most which share of it may be decoded.
struct Clip {
    name: &'static str,
    share: f64,
    recipe: &'static str,
}

/// Recordings in one run, so that none takes too long.
const AT_ONCE: usize = 8;

const fn clip(name: &'static str, share: f64, recipe: &'static str) -> Clip {
    Clip {
        name,
        share,
        recipe,
    }
}

/// 8 s at 25 pictures a second. Until the first picture is out, everything goes to the decoder.
const CLIPS: &[Clip] = &[
    clip("b-frames.mp4", 0.65, "{v} {a} {x264} -bf 2 -g 50"),
    clip(
        "pyramid.mkv",
        0.65,
        "{v} {a} {x264} -bf 7 -g 75 -b-pyramid normal",
    ),
    clip("pyramid.ts", 0.65, "{v} {a} {x264} -bf 3 -g 75"),
    clip(
        "long-gop.mp4",
        0.65,
        "{v} {a} {x264} -bf 3 -g 1000 -keyint_min 1000",
    ),
    clip("short-gop.mp4", 0.7, "{v} {a} {x264} -bf 0 -g 10"),
    clip("all-intra.mp4", 0.2, "{v} {a} {x264} -g 1"),
    clip(
        "open-gop.mp4",
        0.7,
        "{v} {a} {x264} -bf 3 -g 25 -x264-params open-gop=1:scenecut=0",
    ),
    clip(
        "intra-refresh.mp4",
        1.0,
        "{v} {a} {x264} -bf 2 -x264-params intra-refresh=1:keyint=30",
    ),
    clip(
        "one-slice-of-many.mp4",
        0.8,
        "{v} {a} {x264} -bf 2 -slices 4",
    ),
    clip(
        "interlaced.ts",
        1.0,
        "{v} {a} {x264} -flags +ildct+ilme -g 25",
    ),
    clip(
        "variable.mkv",
        1.0,
        "{v} {a} -vf select=not(mod(n\\,7))+eq(mod(n\\,5)\\,1) -vsync vfr {x264} -bf 3 -g 30",
    ),
    clip(
        "holes.mp4",
        1.0,
        "{v} {a} -vf select=lt(mod(n\\,70)\\,20) -vsync vfr {x264} -bf 3 -g 30",
    ),
    clip(
        "hevc-open.mp4",
        0.75,
        "{v} {a} -c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=25:bframes=4",
    ),
    clip(
        "hevc-closed.ts",
        0.75,
        "{v} {a} -c:v libx265 -preset ultrafast \
         -x265-params log-level=error:keyint=40:bframes=4:open-gop=0",
    ),
    clip(
        "hevc-layers.mkv",
        0.75,
        "{v} {a} -c:v libx265 -preset ultrafast \
         -x265-params log-level=error:keyint=40:bframes=4:open-gop=0:temporal-layers=3",
    ),
    clip("motion-jpeg.avi", 0.2, "{v} {a} -c:v mjpeg -c:a pcm_s16le"),
    clip("motion-jpeg.mkv", 0.2, "{v} {a} -c:v mjpeg"),
    clip("prores.mov", 0.2, "{v} {a} -c:v prores_ks -profile:v 0"),
    clip(
        "vp8.webm",
        0.8,
        "{v} {a} -c:v libvpx -b:v 1M -g 20 -auto-alt-ref 1 -lag-in-frames 16",
    ),
    clip(
        "vp9.webm",
        0.8,
        "{v} {a} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 20",
    ),
    clip("mpeg4.avi", 1.0, "{v} {a} -c:v mpeg4 -bf 2"),
    clip("mpeg2.ts", 1.0, "{v} {a} -c:v mpeg2video -bf 2"),
    clip("theora.ogv", 1.0, "{v} {a} -c:v libtheora -c:a libvorbis"),
    clip(
        "raw.avi",
        1.0,
        "{v} {a} -c:v rawvideo -pix_fmt yuv420p -c:a pcm_s16le",
    ),
    clip(
        "fragmented.mp4",
        0.65,
        "{v} {a} {x264} -bf 3 -g 60 -movflags frag_keyframe+empty_moov",
    ),
    clip(
        "late.mkv",
        0.65,
        "-itsoffset 1.3 {v} {a} {x264} -bf 3 -g 60",
    ),
];

impl Clip {
    fn make(&self) -> PathBuf {
        let picture = "-f lavfi -i testsrc2=s=160x120:r=25:d=8,noise=alls=20:allf=t:all_seed=7";
        let tone = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=8";
        let recipe = (self.recipe.replace("{v}", picture))
            .replace("{a}", tone)
            .replace("{x264}", "-c:v libx264 -preset veryfast -pix_fmt yuv420p");
        ffmpeg(self.name, &recipe)
    }
}

fn clips() -> Vec<PathBuf> {
    let mut clips: Vec<_> = CLIPS.iter().map(Clip::make).collect();
    let whole = clips[0].display();
    // An edit list hides the pictures from the key frame on.
    clips.push(ffmpeg("cut.mp4", &format!("-ss 1.31 -i {whole} -c copy")));
    // Two recordings in one, with parameter sets of its own each.
    let two = format!("-i concat:{0}|{0} -c copy", clips[2].display());
    clips.push(ffmpeg("twice.ts", &two));
    clips
}

/// Runs on recordings with `--frames` of this kind; rows carry embeddings, which tell pictures
/// apart.
fn run(clips: &[PathBuf], frames: &str, more: &[&str]) -> Ended {
    run_with_one_network(["--include", "embeddings", "--frames", frames])
        .and(more)
        .and(arguments(clips))
        .with_env("GST_DEBUG", "2")
        .with_env("GST_DEBUG_NO_COLOR", "1")
        .end()
}

/// Rows that are not in both; those of several sources come in any order.
fn differences(one: &Ended, other: &Ended) -> Vec<String> {
    let rows =
        |ended: &Ended| -> BTreeSet<String> { (ended.stdout.lines().map(str::to_owned)).collect() };
    let brief = |row: &String| {
        row.split(",\"frame_embedding")
            .next()
            .unwrap_or(row)
            .to_owned()
    };
    (rows(one).symmetric_difference(&rows(other)))
        .map(brief)
        .collect()
}

/// Where GStreamer warned: the source line, without time, thread and object.
fn warnings(ended: &Ended) -> BTreeSet<String> {
    (ended.stderr.lines())
        .filter(|line| {
            [" WARN ", " ERROR ", "CRITICAL"]
                .iter()
                .any(|level| line.contains(level))
        })
        .map(|line| {
            let mut words = line.split_whitespace();
            let place = words
                .clone()
                .find(|word| word.matches(':').count() >= 2 && word.contains(".c:"));
            place.or(words.next()).unwrap_or_default().to_owned()
        })
        .collect()
}

fn assert_same(clips: &[PathBuf], more: &[&str]) {
    for some in clips.chunks(AT_ONCE) {
        let (exact, all) = (run(some, "exact", more), run(some, "all", more));
        assert_eq!(exact.status.code(), all.status.code(), "{}", exact.stderr);
        assert_none(differences(&exact, &all));
        assert_none(warnings(&exact).difference(&warnings(&all)).cloned());
    }
}

#[test]
fn rows_are_those_of_decoding_everything() {
    assert_same(&clips(), &[]);
}

#[test]
fn so_are_those_of_a_range() {
    assert_same(&clips(), &["--from", "3", "--to", "5"]);
    assert_same(&clips(), &["--from", "1", "--to", "2"]);
}

#[test]
fn little_is_decoded() {
    let made: Vec<_> = CLIPS.iter().map(|clip| (clip, clip.make())).collect();
    for some in made.chunks(AT_ONCE) {
        let paths: Vec<_> = some.iter().map(|(_, path)| path.clone()).collect();
        let told = run(&paths, "exact", &["-v"]).exited(0).stderr;
        assert_none(some.iter().filter_map(|(clip, path)| {
            let share = share_decoded(&told, &id(path));
            (share.is_nan() || share > clip.share).then(|| format!("{}: {share:.2}", clip.name))
        }));
    }
}

/// Which share of a recording went to the decoder, as the program tells.
fn share_decoded(told: &str, id: &str) -> f64 {
    let mark = format!("{id}: ");
    let numbers = |line: &str| -> Option<f64> {
        let (_, numbers) = line.split_once(&mark)?;
        let mut words = numbers.split_once(" coded pictures")?.0.split(" of ");
        let mut next = || words.next()?.parse::<f64>().ok();
        Some(next()? / next()?)
    };
    told.lines().find_map(numbers).unwrap_or(f64::NAN)
}

#[test]
fn nothing_behind_the_range_is_read() {
    let clip = CLIPS[0].make();
    let told = run(std::slice::from_ref(&clip), "exact", &["--to", "1", "-v"]).exited(0);
    assert_eq!(told.rows().len(), 1);
    let of_all = "200 coded pictures";
    assert!(!told.stderr.contains(of_all), "{}", told.stderr);
}

#[test]
fn a_key_frame_stands_for_the_seconds_around_it() {
    let clip = ffmpeg(
        "keys.mp4",
        "-f lavfi -i testsrc2=s=160x120:r=25:d=8 -f lavfi -i sine=duration=8 \
         -c:v libx264 -preset veryfast -bf 2 -g 75 -sc_threshold 0 -c:a pcm_s16le -f mov",
    );
    let told = run(std::slice::from_ref(&clip), "keyframe", &["-v"]).exited(0);
    let seconds = |row: Option<i64>| row.map(|ns| ns as f64 / 1e9);
    let came: Vec<_> = (told.rows().integers("frame_pts_ns").into_iter())
        .map(seconds)
        .collect();
    let near = [Some(0.0), None, Some(3.0), Some(3.0)];
    let far = [None, Some(6.0), Some(6.0), None];
    assert_eq!(came, [near, far].concat());
    assert_eq!(
        told.rows().runs("video"),
        "present 1, gap 1, present 1, frozen 1, gap 1, present 1, frozen 1, gap 1"
    );
    assert!(
        share_decoded(&told.stderr, &id(&clip)) < 0.1,
        "{}",
        told.stderr
    );
}

#[test]
fn key_frames_of_all_kinds() {
    for some in clips().chunks(AT_ONCE) {
        let keys = run(some, "keyframe", &[]).exited(0).rows();
        let all = run(some, "all", &[]).exited(0).rows();
        assert_eq!(keys.len(), all.len());
        let times = (keys.integers("frame_pts_ns").into_iter()).zip(keys.integers("segment"));
        assert_none(times.filter_map(|(pts_ns, segment)| {
            let distance_ns = (pts_ns? - segment? * 1_000_000_000 - 500_000_000).abs();
            (distance_ns > 1_000_000_000).then(|| format!("{distance_ns} ns from the middle"))
        }));
    }
}

#[test]
fn real_recordings_too() {
    let folder = repository().join("../shared/media");
    if !folder.is_dir() {
        eprintln!("left out: {} is not there", folder.display());
        return;
    }
    let mut files: Vec<_> = ["derived", "odd", "real"]
        .iter()
        .flat_map(|kind| fs::read_dir(folder.join(kind)).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    for some in files.chunks(AT_ONCE) {
        let (exact, all) = (run(some, "exact", &[]), run(some, "all", &[]));
        assert_eq!(exact.status.code(), all.status.code(), "{}", exact.stderr);
        assert_none(differences(&exact, &all));
    }
}
