//! Recordings of all kinds, good and odd: each gives what its tracks hold. They lie beside the
//! repository, not in it; where they are not there, these tests say so and do nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::support::{assert_none, program::run_with_one_network, repository};

/// What comes of a recording.
struct Case {
    name: &'static str,
    outcome: Outcome,
}

enum Outcome {
    /// All seconds: how their sound and how their picture fared.
    Gives(&'static str, &'static str),
    /// An error that says this, and no rows.
    Fails(&'static str),
    /// Seconds as of a whole recording, and an error that says this.
    Breaks(&'static str, &'static str, &'static str),
}

const fn gives(name: &'static str, audio: &'static str, video: &'static str) -> Case {
    let outcome = Outcome::Gives(audio, video);
    Case { name, outcome }
}

const fn fails(name: &'static str, because: &'static str) -> Case {
    let outcome = Outcome::Fails(because);
    Case { name, outcome }
}

const fn breaks(
    name: &'static str,
    audio: &'static str,
    video: &'static str,
    because: &'static str,
) -> Case {
    let outcome = Outcome::Breaks(audio, video, because);
    Case { name, outcome }
}

const FOLDERS: [&str; 4] = ["derived", "labelled/audio", "odd", "real"];

/// What a demuxer says of what it cannot read.
const DEMULTIPLEX: &str = "Could not demultiplex stream";

/// By the durations, tracks and starts of the manifest that lies beside them, and by what `ffmpeg`
/// can decode of them.
const CASES: &[Case] = &[
    // The sound lasts from 1.5 to just over 7.5 s, the picture from 0 to 6.
    gives(
        "derived/audio_late_1500ms.mp4",
        "gap 1, silent 1, present 5, partial 1",
        "present 6, gap 2",
    ),
    gives(
        "derived/dog_video_canary_audio.mp4",
        "present 6",
        "present 6",
    ),
    gives("derived/dog_video_silence.mp4", "silent 6", "present 6"),
    // The picture begins 0.067 s after the sound.
    gives(
        "derived/fragmented.mp4",
        "silent 1, present 2, silent 1, present 2",
        "partial 1, present 5",
    ),
    // GStreamer takes the 2 s that are missing for a break in the clock, and closes it to half a
    // second: 4.4 s are left of 6.
    gives(
        "derived/gap_middle_removed.ts",
        "silent 1, partial 2, present 1",
        "present 4",
    ),
    gives(
        "derived/h264_ac3.ts",
        "silent 1, present 2, silent 1, present 2",
        "present 6",
    ),
    gives(
        "derived/hevc10.mp4",
        "silent 1, present 2, silent 1, present 2",
        "present 6",
    ),
    fails("derived/random_16k.mp4", "not sound or video"),
    gives(
        "derived/resolution_and_rate_change.ts",
        "silent 1, present 3",
        "present 4",
    ),
    gives(
        "derived/rotation_metadata.mp4",
        "silent 1, present 2, silent 1, present 2",
        "present 6",
    ),
    fails(
        "derived/trunc_no_moov.mp4",
        "This file contains no playable streams",
    ),
    // The last picture comes at 5.7 s.
    gives(
        "derived/vfr.mp4",
        "silent 1, present 2, silent 1, present 2",
        "present 5, partial 1",
    ),
    // The picture begins at 1.523 s, after the middle of second 1; the sound ends at 6.0 s.
    gives(
        "derived/video_late_1500ms.mkv",
        "silent 1, present 2, silent 1, present 2, gap 2",
        "gap 2, present 5, partial 1",
    ),
    gives(
        "derived/vp9_opus.webm",
        "silent 1, present 2, silent 1, present 2",
        "present 6",
    ),
    fails("derived/zero_byte.mp4", "is empty"),
    gives(
        "labelled/audio/esc50_car_horn_1-24074-A-43.wav",
        "present 5",
        "absent 5",
    ),
    gives(
        "labelled/audio/esc50_cat_3-95694-A-5.wav",
        "present 5",
        "absent 5",
    ),
    gives("labelled/audio/imagebind_car.wav", "present 5", "absent 5"),
    gives(
        "labelled/audio/librosa_robin.ogg",
        "present 2, partial 1",
        "absent 3",
    ),
    gives(
        "labelled/audio/librosa_trumpet.ogg",
        "present 4, silent 1",
        "absent 5",
    ),
    gives(
        "labelled/audio/max_dog.wav",
        "silent 2, present 9",
        "absent 11",
    ),
    gives(
        "labelled/audio/max_gunshots.wav",
        "present 10, partial 1",
        "absent 11",
    ),
    fails(
        "labelled/audio/scaper_dogbark.wav",
        "shorter than half a second",
    ),
    gives("labelled/audio/scaper_horn.wav", "partial 1", "absent 1"),
    fails("labelled/audio/scaper_mix_22050.txt", "not sound or video"),
    gives(
        "labelled/audio/scaper_mix_22050.wav",
        "present 10",
        "absent 10",
    ),
    // 83 ms of sound are missing near the start; the last picture leaves at the middle of second 2.
    gives(
        "odd/bbb_2500ms.ts",
        "partial 1, present 1, partial 1",
        "present 2, gap 1",
    ),
    gives("odd/bear-vp9-odd-dimensions.webm", "absent 1", "present 1"),
    gives(
        "odd/bear-vp9-opus.webm",
        "present 2, partial 1",
        "present 2, partial 1",
    ),
    gives("odd/bipbop0.ts", "present 10", "present 10"),
    fails("odd/broken-file.ogg", DEMULTIPLEX),
    gives("odd/brokensps.flv", "absent 6", "present 6"),
    fails(
        "odd/chunk_out_of_range.mp4",
        "This file is corrupt and cannot be played",
    ),
    // Cut off behind 33 pictures.
    breaks(
        "odd/displaymatrix.mp4",
        "absent 1",
        "present 1",
        "it ends at 1.1 s, though it says that it lasts 23.6 s",
    ),
    // The picture begins at 1 s, by the edit list, and stands still.
    gives(
        "odd/edit_list_positive_shift.mp4",
        "silent 10",
        "gap 1, present 1, frozen 8",
    ),
    gives("odd/electricsheep.ogv", "absent 5", "present 5"),
    fails("odd/fixture-corrupt.mkv", DEMULTIPLEX),
    fails("odd/fixture.wmv", "shorter than half a second"),
    gives(
        "odd/h263_amr.3gp",
        "present 5, partial 1",
        "present 5, partial 1",
    ),
    gives("odd/h265_10bits.mp4", "absent 1", "present 1"),
    gives("odd/increasing_timestamps_5s.mp4", "present 5", "present 5"),
    gives("odd/interlaced_crop_lying_ext.mp4", "absent 5", "present 5"),
    // The first third of a second needs a picture that is not in the file.
    gives("odd/mpeg2_field.ts", "absent 1", "present 1"),
    gives("odd/nasa_multi.mp4", "present 13", "present 13"),
    gives("odd/nasa_rotated.mp4", "absent 1", "partial 1"),
    gives("odd/odd_hw_444.mp4", "absent 1", "present 1"),
    // 22 frames of sound are 1.02 s, whatever the header says.
    gives("odd/oneSecond.ts", "present 1", "present 1"),
    // GStreamer does not know the code that this file gives its codec.
    fails(
        "odd/ref_10.avi",
        "no decoder is installed for video/x-avi-unknown",
    ),
    gives("odd/sample.avi", "present 4", "present 4"),
    gives("odd/sample.flv", "silent 1", "present 1"),
    gives("odd/sample.mp4", "silent 1", "present 1"),
    gives("odd/sample_ac3.mkv", "silent 1", "present 1"),
    gives("odd/sample_audio_only.mp4", "silent 1", "absent 1"),
    gives("odd/sample_av1.mp4", "silent 1", "present 1"),
    // The picture begins 0.067 s after the sound.
    gives("odd/sample_fragmented.mp4", "silent 1", "partial 1"),
    gives("odd/sample_mdat_too_long.mp4", "silent 1", "present 1"),
    gives("odd/sample_no_bframes.mp4", "silent 1", "present 1"),
    gives("odd/sample_portrait.mp4", "silent 1", "present 1"),
    gives("odd/sample_rotate_and_reflect.mp4", "silent 1", "present 1"),
    // The sound ends at 0.77 s, and is silent.
    gives("odd/sample_shorter_audio.mp4", "silent 1", "present 1"),
    gives("odd/sample_twos_pcm.mp4", "silent 1", "present 1"),
    gives("odd/sample_video_only.mp4", "absent 1", "present 1"),
    gives("odd/sample_vorbis.mkv", "silent 1", "present 1"),
    gives(
        "odd/silent-black-10s.mp4",
        "silent 10",
        "present 1, frozen 9",
    ),
    gives("odd/surround_opus.webm", "present 1", "absent 1"),
    // 0.4 s in all. qtdemux finds nothing in it, and parsebin does not always pass on why.
    fails("odd/test_non_zero_start.mp4", ""),
    gives("odd/testsrc2_vp8.webm", "absent 1", "present 1"),
    // Two thirds of a second of the picture go by before it can be decoded.
    gives(
        "odd/tsduck-025.ts",
        "present 2, partial 1",
        "gap 1, present 2",
    ),
    gives("odd/turning_lime.mpg", "present 1", "present 1"),
    fails("odd/videoMaxOffset.ts", "shorter than half a second"),
    gives("odd/vp8_size_change.mkv", "absent 10", "present 10"),
    fails("odd/vp9_resize.ivf", "shorter than half a second"),
    fails("odd/zero_byte.mkv", "is empty"),
    fails(
        "odd/zero_empty_stsc.mp4",
        "No valid frames decoded before end of stream",
    ),
    gives("real/android_dog_man.mp4", "present 5", "present 5"),
    gives("real/avs_0BLiYNtFSjA.mp4", "present 5", "present 5"),
    gives("real/avs_O7xnnBye7RM.mp4", "present 5", "present 5"),
    gives("real/cfg_chopping.mp4", "present 8", "present 8"),
    gives("real/cfg_hitting_bag.mp4", "present 6", "present 6"),
    gives("real/gh_20150325.mp4", "present 6", "present 6"),
    gives(
        "real/gopro_max.mp4",
        "present 10, partial 1",
        "present 10, partial 1",
    ),
    gives("real/imageio_realshort.mp4", "present 1", "present 1"),
    gives("real/moviepy_bbb_0_30.webm", "present 30", "present 30"),
    gives("real/moviepy_smpte2997.mp4", "present 10", "present 10"),
    gives("real/openl3_bento.mp4", "present 1", "present 1"),
    gives("real/vas_baby_01951.mp4", "present 10", "present 10"),
    gives(
        "real/vas_dog_02677.mp4",
        "silent 1, present 2, silent 1, present 2",
        "present 6",
    ),
    gives("real/vas_drum_02542.mp4", "present 10", "present 10"),
    gives("real/vas_fireworks_02997.mp4", "present 10", "present 10"),
    gives("real/vas_hammer_00323.mp4", "present 10", "present 10"),
    gives("real/vgg_-1pRmoJIGQc.mp4", "present 10", "present 10"),
    gives("real/vgg_0nib7bMm8BA.mp4", "present 10", "present 10"),
    gives("real/vgg_3qesirWAGt4.mp4", "present 10", "present 10"),
    gives(
        "real/vgg_3qesirWAGt4_25fps16k.mp4",
        "present 10",
        "present 10",
    ),
    gives("real/vgg_53UdZyM9MyE.mp4", "present 10", "present 10"),
    gives("real/vgg_54bz5yqN2IA.mp4", "present 10", "present 10"),
    gives("real/vgg_7fRaV39Y-2o.mp4", "present 10", "present 10"),
    gives("real/vggs_-0pJqpNjft4.mp4", "present 10", "present 10"),
    gives("real/vggs_6VBURvUgzls.mp4", "present 10", "present 10"),
    gives("real/vggs_nEmU3E8rras.mp4", "present 10", "present 10"),
    gives("real/vta_0DCit2EBtjs.mp4", "present 10", "present 10"),
];

fn folder() -> Option<PathBuf> {
    let folder = repository().join("../shared/media");
    let is_there = folder.is_dir();
    if !is_there {
        eprintln!("left out: {} is not there", folder.display());
    }
    is_there.then_some(folder)
}

impl Case {
    /// What is wrong with what comes of it.
    fn wrong(&self, path: PathBuf) -> Option<String> {
        let ended = run_with_one_network([path]).end();
        let (code, rows) = (ended.status.code(), ended.rows());
        let (audio, video) = (rows.runs("audio"), rows.runs("video"));
        // GStreamer's parsebin now and then swallows what a demuxer says; the program then finds out
        // by itself that nothing comes.
        let swallowed = "neither picture nor sound was found";
        let may_be_swallowed =
            |because: &str| because == DEMULTIPLEX && ended.stderr.contains(swallowed);
        let says = |because: &str| {
            let is_told = ended.stderr.contains(because) || may_be_swallowed(because);
            is_told && ended.stderr.contains("tip:")
        };
        let has = |heard, seen| (&*audio, &*video) == (heard, seen);
        let is_right = match self.outcome {
            Outcome::Gives(heard, seen) => code == Some(0) && has(heard, seen),
            Outcome::Fails(because) => code == Some(1) && has("", "") && says(because),
            Outcome::Breaks(heard, seen, because) => {
                code == Some(1) && has(heard, seen) && says(because)
            }
        };
        let (name, said) = (self.name, ended.stderr);
        (!is_right).then(|| format!("{name}: exit {code:?}; {audio}; {video}\n{said}"))
    }
}

#[test]
fn each_recording_gives_what_its_tracks_hold() {
    let Some(folder) = folder() else { return };
    let next = AtomicUsize::new(0);
    let work = || {
        let cases = || CASES.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(cases)
            .filter_map(|case| case.wrong(folder.join(case.name)))
            .collect::<Vec<_>>()
    };
    let wrong = thread::scope(|scope| {
        let workers = [(); 2].map(|()| scope.spawn(work));
        workers.map(|worker| worker.join().unwrap())
    });
    assert_none(wrong.into_iter().flatten());
}

#[test]
fn no_recording_is_left_out() {
    let Some(folder) = folder() else { return };
    let told: BTreeSet<_> = CASES.iter().map(|case| case.name.to_owned()).collect();
    let there: BTreeSet<_> = (FOLDERS.iter())
        .flat_map(|kind| {
            let files = fs::read_dir(folder.join(kind)).unwrap();
            files.map(move |file| format!("{kind}/{}", file.unwrap().file_name().display()))
        })
        .collect();
    assert_eq!(told, there);
}
