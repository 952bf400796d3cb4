//! `decode-alone VIDEO exact|keyframe|all`: a recording read as `run` reads it, its pictures chosen
//! and its sound at 48 kHz, with nothing behind it.

use std::{error::Error, sync::mpsc};

use sonoscope::sources::{self, Frames, Reading, SourceSpec, Stop};
use sonoscope_operators::{Event, SourceId};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = "usage: decode-alone VIDEO exact|keyframe|all";
    let [video, which] = &arguments[..] else {
        return Err(usage.into());
    };
    let frames = match which.as_str() {
        "exact" => Frames::Exact,
        "keyframe" => Frames::Keyframe,
        "all" => Frames::All,
        _ => return Err(usage.into()),
    };
    sonoscope::start_gstreamer()?;
    let reading = Reading {
        frames,
        ..Reading::default()
    };
    let spec = SourceSpec::new(SourceId::slug("alone"), video.into(), reading);
    let (inlet, inbox) = sources::inbox(|| ());
    let (told, result) = mpsc::sync_channel(1);
    let ended = move |ended: sources::Ended| {
        // Whoever is to hear it waits for it below.
        let _ = told.send(ended.result);
    };
    let source = sources::spawn(spec, inlet.outlet(0), Stop::default(), ended)?;
    drop(inlet);
    let (mut pictures, mut samples) = (0, 0);
    for arrival in inbox {
        match arrival.event {
            Event::Video(_) => pictures += 1,
            Event::Audio { samples: more, .. } => samples += more.len(),
            _ => {}
        }
    }
    source.join().map_err(|_| "the source's thread died")?;
    result.recv()??;
    match (pictures, samples) {
        (0, _) | (_, 0) => Err("it has no pictures or no sound, so nothing was measured".into()),
        _ => Ok(()),
    }
}
