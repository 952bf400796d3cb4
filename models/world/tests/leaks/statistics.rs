//! What can be said of a clip without looking or listening.

use std::path::Path;

use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSink;
use sonoscope_world::Clip;

use crate::probe::Statistics;

const LIMIT: gst::ClockTime = gst::ClockTime::from_seconds(20);

/// Samples of a window whose spectrum is taken.
const WINDOW: usize = 256;

/// Brightness, contrast and the balance of colours, in the middle of the first second.
pub fn of_picture(clip: &Clip) -> Statistics {
    let mut rgb = vec![0; clip.frame_bytes()];
    clip.frame(clip.middle_frame(0), &mut rgb);
    let mean_of = |channel: usize| {
        let values = rgb.iter().skip(channel).step_by(3).map(|v| f32::from(*v));
        values.sum::<f32>() * 3.0 / rgb.len() as f32
    };
    let [red, green, blue] = [mean_of(0), mean_of(1), mean_of(2)];
    let brightness = (red + green + blue) / 3.0;
    let square = |value: &u8| (f32::from(*value) - brightness).powi(2);
    let contrast = (rgb.iter().map(square).sum::<f32>() / rgb.len() as f32).sqrt();
    vec![brightness, contrast, red - green, blue - green]
}

/// Loudness, peak over loudness, and spectral centroid.
pub fn of_sound(clip: &Clip) -> Statistics {
    let audio = clip.audio();
    let rms = (audio.iter().map(|s| s * s).sum::<f32>() / audio.len() as f32).sqrt();
    let peak = audio.iter().fold(0.0, |peak: f32, s| peak.max(s.abs()));
    vec![rms.ln(), (peak / rms).ln(), centroid_bins(&audio).ln()]
}

/// The centre of gravity of the power spectrum, over windows spread across the clip.
fn centroid_bins(audio: &[f32]) -> f32 {
    let turn = |step: usize| {
        let angle = step as f32 * std::f32::consts::TAU / WINDOW as f32;
        angle.sin_cos()
    };
    let table: Vec<(f32, f32)> = (0..WINDOW).map(turn).collect();
    let (mut weighted, mut total) = (0.0, 1e-12);
    for window in audio.chunks_exact(WINDOW).step_by(12) {
        for bin in 1..WINDOW / 2 {
            let (mut re, mut im) = (0.0, 0.0);
            for (place, sample) in window.iter().enumerate() {
                let (sin, cos) = table[bin * place % WINDOW];
                re += sample * cos;
                im += sample * sin;
            }
            let power = re * re + im * im;
            weighted += bin as f32 * power;
            total += power;
        }
    }
    weighted / total
}

/// Size in bytes and time of the first sample in seconds: of the video track, and of the sound's.
pub fn of_tracks(path: &Path) -> [Statistics; 2] {
    let description = format!(
        "filesrc location={} ! qtdemux name=d d.video_0 ! queue ! appsink name=video \
         d.audio_0 ! queue ! appsink name=audio",
        path.display()
    );
    let pipeline: gst::Pipeline = gst::parse::launch(&description)
        .unwrap()
        .downcast()
        .unwrap();
    let sinks = ["video", "audio"].map(|name| {
        let sink: AppSink = pipeline.by_name(name).unwrap().downcast().unwrap();
        sink.set_sync(false);
        sink
    });
    pipeline.set_state(gst::State::Playing).unwrap();
    let tracks = sinks.map(|sink| {
        let first = sink.try_pull_sample(LIMIT).unwrap();
        let first_s = first.buffer().unwrap().pts().unwrap().seconds_f32();
        let mut bytes = first.buffer().unwrap().size();
        while let Some(sample) = sink.try_pull_sample(LIMIT) {
            bytes += sample.buffer().unwrap().size();
        }
        assert!(sink.is_eos(), "reading did not come to its end");
        vec![(bytes as f32).ln(), first_s]
    });
    pipeline.set_state(gst::State::Null).unwrap();
    tracks
}
