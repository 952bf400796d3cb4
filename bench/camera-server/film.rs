//! What the cameras show: 16 seconds of 720p, encoded once.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use crate::track::Track;

/// A whole number of AAC's packets of 1024 samples, so that the end goes over into the start.
const ROUND_SECONDS: u64 = 16;

/// Noise on a test picture, so that there is as much to decode as of a real scene.
const PICTURE: &str = "testsrc2=size=1280x720:rate=25,noise=alls=6:allf=t";
const SOUND: &str = "anoisesrc=colour=pink:amplitude=0.3:sample_rate=48000:seed=1";

/// As cameras encode: no pictures that refer forward, a key frame every two seconds.
const H264: &str = "-c:v libx264 -preset fast -b:v 2500k -maxrate 2500k -bufsize 2500k -bf 0 \
                    -g 50 -sc_threshold 0 -pix_fmt yuv420p -an";
const AAC: &str = "-c:a aac -b:a 96k -ar 48000 -ac 1 -vn";

/// Pictures and sound, from a folder where they are kept, of a recording or made up.
pub fn tracks(folder: &Path, recording: Option<&Path>) -> io::Result<[Arc<Track>; 2]> {
    fs::create_dir_all(folder)?;
    let round = Duration::from_secs(ROUND_SECONDS);
    let source = |made_up: &str| match recording {
        Some(path) => vec!["-stream_loop".into(), "-1".into(), "-i".into(), path.into()],
        None => ["-f", "lavfi", "-i", made_up].map(PathBuf::from).to_vec(),
    };
    let kept = |what: &str| {
        let of = recording
            .and_then(Path::file_stem)
            .unwrap_or("made-up".as_ref());
        folder.join(format!("{}-{what}.mp4", of.to_string_lossy()))
    };
    let (video, sound) = (kept("720p25"), kept("48k"));
    let fitted = format!("-vf scale=1280:720,fps=25 -t {ROUND_SECONDS} {H264}");
    encode(&video, source(PICTURE), &fitted)?;
    // The second round of three, since an encoder needs a start.
    encode(
        &sound,
        source(SOUND),
        &format!("-t {} {AAC}", 3 * ROUND_SECONDS),
    )?;
    let h264 = "rtph264pay pt=96 config-interval=-1 aggregate-mode=zero-latency";
    let video = Track::of_mp4(&video, h264, Duration::ZERO, round);
    let sound = Track::of_mp4(&sound, "rtpmp4gpay pt=97", round, round);
    Ok([video, sound].map(Arc::new))
}

/// Makes a file that is not there yet.
fn encode(path: &Path, source: Vec<PathBuf>, words: &str) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let partial = path.with_extension("partial.mp4");
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(source)
        .args(words.split_whitespace())
        .arg(&partial)
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!(
            "ffmpeg made no {}",
            path.display()
        )));
    }
    fs::rename(partial, path)
}
