//! What a camera of the tests shows: at Unix second `k` the colour and the tone of
//! `k modulo 8`, and a white block that wanders, so that no two pictures are the same.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{pump::Plan, track::Track};
use crate::support::clips::ffmpeg;

/// After so many seconds all begins anew.
pub const SECONDS: u64 = 8;

/// How much red, green and blue there is in a picture: each second's own choice of these two.
pub const LITTLE: u8 = 48;
pub const MUCH: u8 = 208;

const ROUND: Duration = Duration::from_secs(SECONDS);
const MS_NS: u64 = 1_000_000;

/// How pictures are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Video {
    H264,
    H265,
    Mjpeg,
}

/// How sound is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    Aac,
    Opus,
    /// G.711, as in Europe.
    Pcma,
    /// G.711, as in America.
    Pcmu,
    /// 32 kbit/s.
    G726,
    /// Samples as they are.
    Pcm,
}

/// What a camera shows; by default H.264 at 25 frames a second, and AAC.
#[derive(Clone, Debug)]
pub struct Feed {
    video: Option<Video>,
    sound: Option<Sound>,
    frames_per_second: u32,
    size: (u32, u32),
    is_irregular: bool,
    sound_late_ms: u64,
    sound_skew_ms: u64,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            video: Some(Video::H264),
            sound: Some(Sound::Aac),
            frames_per_second: 25,
            size: (192, 144),
            is_irregular: false,
            sound_late_ms: 0,
            sound_skew_ms: 0,
        }
    }
}

impl Feed {
    /// With pictures encoded so.
    pub fn video(self, video: Video) -> Self {
        let video = Some(video);
        Self { video, ..self }
    }

    /// Sound alone.
    pub fn without_video(self) -> Self {
        let video = None;
        Self { video, ..self }
    }

    /// With sound encoded so.
    pub fn sound(self, sound: Sound) -> Self {
        let sound = Some(sound);
        Self { sound, ..self }
    }

    /// Pictures alone.
    pub fn without_sound(self) -> Self {
        let sound = None;
        Self { sound, ..self }
    }

    /// So many pictures a second.
    pub fn fps(self, frames_per_second: u32) -> Self {
        Self {
            frames_per_second,
            ..self
        }
    }

    /// Pictures of this size.
    pub fn size(self, width: u32, height: u32) -> Self {
        let size = (width, height);
        Self { size, ..self }
    }

    /// Some pictures are left out: a variable rate, a third of the one given.
    pub fn irregular(self) -> Self {
        Self {
            is_irregular: true,
            ..self
        }
    }

    /// Sound is announced, but comes so much later than the first picture.
    pub fn sound_late_ms(self, sound_late_ms: u64) -> Self {
        Self {
            sound_late_ms,
            ..self
        }
    }

    /// Sound has times so much later than it should.
    pub fn sound_skew_ms(self, sound_skew_ms: u64) -> Self {
        Self {
            sound_skew_ms,
            ..self
        }
    }

    /// What to send; encoded when first asked for, and kept.
    pub fn plans(&self) -> Vec<Plan> {
        let video = self.video.map(|video| Plan {
            track: Arc::new(self.video_track(video)),
            skew_ns: 0,
            late_ns: 0,
        });
        let sound = self.sound.map(|sound| Plan {
            track: Arc::new(sound.track()),
            skew_ns: self.sound_skew_ms * MS_NS,
            late_ns: self.sound_late_ms * MS_NS,
        });
        video.into_iter().chain(sound).collect()
    }

    /// A round of the default as a recording, its pictures later by so many milliseconds.
    pub fn recording(pictures_late_ms: u64) -> PathBuf {
        let pictures = Self::default().video_file(Video::H264);
        let tones = tones(48_000, 1, "");
        let recipe = format!(
            "-itsoffset {}ms -i {} {tones} -map 0 -map 1 -c:v copy -c:a flac",
            pictures_late_ms,
            pictures.display()
        );
        ffmpeg("camera-recording.mkv", &recipe)
    }

    /// The pictures as a file.
    fn video_file(&self, video: Video) -> PathBuf {
        let (fps, (width, height)) = (self.frames_per_second, self.size);
        let colour = |bit: u32| {
            format!(
                "if(lt(abs(X-W*mod(N\\,{fps})/{fps})\\,W/16)*gt(Y\\,H*3/4)\\,255\\,\
                 {LITTLE}+{more}*mod(floor(N/{fps}/{power})\\,2))",
                more = MUCH - LITTLE,
                power = 1 << bit,
            )
        };
        let [red, green, blue] = [colour(2), colour(1), colour(0)];
        let picture = format!(
            "-f lavfi -i nullsrc=s={width}x{height}:r={fps}:d={SECONDS},format=gbrp,\
             geq=r='{red}':g='{green}':b='{blue}'"
        );
        let kept = match self.is_irregular {
            true => "-vf select=not(mod(n\\,7))+eq(mod(n\\,5)\\,1) -vsync vfr",
            false => "",
        };
        let codec = match video {
            Video::H264 => "-c:v libx264 -preset veryfast -sc_threshold 0 -pix_fmt yuv420p",
            Video::H265 => {
                "-c:v libx265 -preset veryfast -pix_fmt yuv420p -tag:v hvc1 \
                 -x265-params bframes=0:scenecut=0:open-gop=0:log-level=error"
            }
            // RTP knows one set of tables alone.
            Video::Mjpeg => "-c:v mjpeg -q:v 3 -huffman default -pix_fmt yuvj420p",
        };
        let recipe = format!(
            "{picture} {kept} {codec} -bf 0 -g 1000 -force_key_frames expr:gte(t,n_forced*0.5)"
        );
        ffmpeg("camera-video.mp4", &recipe)
    }

    fn video_track(&self, video: Video) -> Track {
        let payloader = match video {
            Video::H264 => "rtph264pay pt=96 config-interval=-1 aggregate-mode=zero-latency",
            Video::H265 => "rtph265pay pt=96 config-interval=-1",
            Video::Mjpeg => "rtpjpegpay",
        };
        Track::of_mp4(&self.video_file(video), payloader, Duration::ZERO, ROUND)
    }
}

impl Sound {
    /// A round of tones. Of codecs that need a start it is the second round of three.
    fn track(self) -> Track {
        let mp4 = |codec: &str, payloader| {
            let path = ffmpeg("camera-sound.mp4", &tones(48_000, 3, codec));
            Track::of_mp4(&path, payloader, ROUND, ROUND)
        };
        // Packets of 20 ms, of so many bytes.
        let bytes = |codec: &str, payloader, caps: &str, packet_bytes| {
            let path = ffmpeg("camera-sound.raw", &tones(8_000, 1, codec));
            let caps = format!("{caps},rate=8000,channels=1");
            let packet = Duration::from_millis(20);
            Track::of_bytes(&path, payloader, &caps, packet_bytes, packet)
        };
        match self {
            Self::Aac => mp4("-c:a aac -b:a 96k", "rtpmp4gpay pt=97"),
            Self::Opus => mp4("-c:a libopus -b:a 64k", "rtpopuspay pt=97"),
            Self::Pcma => bytes("-c:a pcm_alaw -f alaw", "rtppcmapay", "audio/x-alaw", 160),
            Self::Pcmu => bytes(
                "-c:a pcm_mulaw -f mulaw",
                "rtppcmupay",
                "audio/x-mulaw",
                160,
            ),
            Self::G726 => bytes(
                "-c:a g726 -b:a 32k -f g726",
                "rtpg726pay force-aal2=true pt=97",
                "audio/x-adpcm,layout=g726,bitrate=32000",
                80,
            ),
            Self::Pcm => bytes(
                "-c:a pcm_s16be -f s16be",
                "rtpL16pay pt=97",
                "audio/x-raw,format=S16BE,layout=interleaved",
                320,
            ),
        }
    }
}

/// The tone of a second, Hz. Each fits into a second a whole number of times, so that the end of a
/// round goes over into its start.
pub fn tone_hz(second: u64) -> u64 {
    400 * (second % SECONDS + 1)
}

fn tones(samples_per_second: u32, rounds: u64, codec: &str) -> String {
    let (first, duration) = (tone_hz(0), rounds * SECONDS);
    format!(
        "-f lavfi -i aevalsrc=0.3*sin(2*PI*t*{first}*(1+mod(floor(t)\\,{SECONDS})))\
         :s={samples_per_second}:d={duration} -ac 1 {codec}"
    )
}
