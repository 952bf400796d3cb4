//! The sound of a second is the sound of that second: of every rate, number of channels, codec and
//! container.

use std::path::PathBuf;

use crate::support::{
    assert_none,
    clips::{ffmpeg, id},
    program::{arguments, run_with_one_network},
};

/// A sound whose level changes by 20 dB and more with each second: a shift by some milliseconds
/// lets a loud second into a soft one.
const LEVELS_DBFS: [f64; 4] = [-10.0, -36.0, -14.0, -40.0];

/// A recording of that sound.
struct Sound {
    name: &'static str,
    rate_hz: u32,
    channels: usize,
    codec: &'static str,
    /// How far the codec may be off.
    tolerance_db: f64,
    /// Encoders put some padding before the sound. MP4, Opus and Vorbis say how much, and it is
    /// skipped; what other containers do not say is part of the recording.
    padding_samples: u32,
}

const fn exact(name: &'static str, rate_hz: u32, channels: usize, codec: &'static str) -> Sound {
    Sound {
        name,
        rate_hz,
        channels,
        codec,
        tolerance_db: 0.1,
        padding_samples: 0,
    }
}

const fn lossy(name: &'static str, rate_hz: u32, channels: usize, codec: &'static str) -> Sound {
    Sound {
        tolerance_db: 1.5,
        ..exact(name, rate_hz, channels, codec)
    }
}

const fn padded(sound: Sound, padding_samples: u32) -> Sound {
    Sound {
        padding_samples,
        ..sound
    }
}

const SOUNDS: [Sound; 22] = [
    exact("s16.wav", 8_000, 1, "pcm_s16le"),
    exact("s16.wav", 11_025, 2, "pcm_s16le"),
    lossy("u8.wav", 44_100, 1, "pcm_u8"),
    exact("f32.wav", 22_050, 1, "pcm_f32le"),
    exact("s24.wav", 96_000, 2, "pcm_s24le"),
    exact("s32.wav", 192_000, 2, "pcm_s32le"),
    exact("surround.wav", 48_000, 6, "pcm_s16le"),
    exact("surround.wav", 48_000, 8, "pcm_s16le"),
    exact("lossless.flac", 44_100, 2, "flac"),
    exact("lossless.mkv", 96_000, 6, "flac"),
    exact("lossless.m4a", 44_100, 2, "alac"),
    exact("pcm.mov", 48_000, 2, "pcm_s16be"),
    exact("pcm.avi", 44_100, 2, "pcm_s16le"),
    lossy("aac.mp4", 44_100, 2, "aac -b:a 128k"),
    lossy("aac.m4a", 11_025, 1, "aac -b:a 32k"),
    padded(lossy("aac.mkv", 48_000, 6, "aac -b:a 384k"), 1024),
    lossy("opus.webm", 48_000, 2, "libopus -b:a 128k"),
    lossy("opus.ogg", 48_000, 8, "libopus -b:a 384k -mapping_family 1"),
    lossy("vorbis.ogg", 44_100, 2, "libvorbis -q:a 5"),
    padded(lossy("mp3.mp3", 44_100, 2, "libmp3lame -b:a 128k"), 1105),
    padded(lossy("mp2.ts", 48_000, 2, "mp2 -b:a 256k"), 481),
    padded(lossy("ac3.mkv", 48_000, 2, "ac3 -b:a 192k"), 256),
];

impl Sound {
    fn make(&self) -> PathBuf {
        // The amplitude of a sine is 3.01 dB above its root mean square.
        let amplitude = (LEVELS_DBFS.iter().enumerate())
            .map(|(second, level)| {
                let amplitude = 10f64.powf((level + 3.0103) / 20.0);
                format!("{amplitude:.6}*eq(floor(t)\\,{second})")
            })
            .collect::<Vec<_>>()
            .join("+");
        let wave = format!("({amplitude})*sin(2*PI*100*t)");
        let waves = vec![wave; self.channels].join("|");
        let (rate, channels, codec) = (self.rate_hz, self.channels, self.codec);
        let name = self.name.replace('.', &format!("-{rate}-{channels}."));
        let recipe = format!("-f lavfi -i aevalsrc='{waves}':s={rate}:d=4 -c:a {codec}");
        ffmpeg(&name, &recipe)
    }

    /// The level of a second that begins with padding or with the end of the second before.
    fn level_dbfs(&self, second: usize) -> f64 {
        let late = f64::from(self.padding_samples) / f64::from(self.rate_hz);
        let energy = |level: f64| 10f64.powf(level / 10.0);
        let before = second
            .checked_sub(1)
            .map_or(0.0, |before| energy(LEVELS_DBFS[before]));
        10.0 * (late * before + (1.0 - late) * energy(LEVELS_DBFS[second])).log10()
    }

    fn is_right(&self, levels: &[f64]) -> bool {
        levels.len() >= LEVELS_DBFS.len()
            && (levels.iter().take(LEVELS_DBFS.len()).enumerate())
                .all(|(second, level)| (level - self.level_dbfs(second)).abs() <= self.tolerance_db)
    }
}

#[test]
fn the_sound_of_a_second_is_the_sound_of_that_second() {
    let paths: Vec<_> = SOUNDS.iter().map(Sound::make).collect();
    let rows = run_with_one_network(arguments(&paths)).done().rows();
    let wrong = (SOUNDS.iter().zip(&paths)).filter_map(|(sound, path)| {
        let levels = rows.of(&id(path)).numbers("audio_dbfs");
        (!sound.is_right(&levels)).then(|| format!("{}: {levels:?}", path.display()))
    });
    assert_none(wrong);
}
