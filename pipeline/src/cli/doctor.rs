//! `sonoscope doctor`: what is there, and what is missing.

use std::path::Path;

use clap::Args;
use gstreamer as gst;
use serde::Serialize;
use sonoscope_models::{NetworkFiles, Precision, Runtime, zoo};

use super::run::DEFAULT_NETWORKS;
use crate::fault::{Exit, Fault};

/// What `sonoscope doctor` takes.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// GStreamer elements, what each is for, and whether the main job needs it.
const ELEMENTS: [(&str, &str, bool); 20] = [
    ("filesrc", "reading files", true),
    ("parsebin", "finding the tracks in a file", true),
    ("multiqueue", "decoding tracks side by side", true),
    ("audioconvert", "sound of any form", true),
    ("appsink", "handing samples on", true),
    ("qtdemux", "MP4 and MOV", true),
    ("matroskademux", "Matroska and WebM", true),
    ("tsdemux", "MPEG-TS", true),
    ("avdec_h264", "H.264", true),
    ("avdec_h265", "H.265", true),
    ("avdec_aac", "AAC", true),
    ("nvh264dec", "H.264 on an NVIDIA card", false),
    ("nvh265dec", "H.265 on an NVIDIA card", false),
    ("vah264dec", "H.264 on a card with VA-API", false),
    ("vah265dec", "H.265 on a card with VA-API", false),
    ("vp9dec", "VP9", false),
    ("av1dec", "AV1", false),
    ("x264enc", "overlay videos, and the synthetic world", false),
    (
        "avenc_aac",
        "overlay videos, and the synthetic world",
        false,
    ),
    ("mp4mux", "overlay videos, and the synthetic world", false),
];

/// Free disk below which a long run is likely to fill it.
const LITTLE_DISK_BYTES: u64 = 1 << 30;

#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    state: State,
    note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// The main job runs without it.
    Lacking,
    Missing,
}

impl Finding {
    fn new(what: impl Into<String>, state: State, note: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            state,
            note: note.into(),
        }
    }
}

/// Looks at everything. The exit code says whether the main job can run.
///
/// # Errors
/// Never, but for the form of its siblings.
pub fn run(args: &DoctorArgs) -> Result<Exit, Fault> {
    let mut findings = gstreamer();
    findings.extend(networks());
    findings.push(disk(Path::new(".")));
    if args.json {
        let json = serde_json::to_string_pretty(&findings).map_err(Fault::environment)?;
        super::say(&json);
    } else {
        for Finding { what, state, note } in &findings {
            let mark = match state {
                State::Ok => "ok     ",
                State::Lacking => "lacking",
                State::Missing => "MISSING",
            };
            super::say(&format!("{mark}  {what:32}  {note}"));
        }
    }
    if findings
        .iter()
        .any(|finding| finding.state == State::Missing)
    {
        return Err(Fault::environment("the main job cannot run here").tip("run `make setup`"));
    }
    Ok(Exit::Done)
}

fn gstreamer() -> Vec<Finding> {
    if let Err(fault) = crate::start_gstreamer() {
        return vec![Finding::new("GStreamer", State::Missing, fault.cause)];
    }
    let version = gst::version_string();
    let mut findings = vec![Finding::new("GStreamer", State::Ok, version.as_str())];
    findings.extend(ELEMENTS.iter().map(|&(element, purpose, needed)| {
        let state = match (gst::ElementFactory::find(element), needed) {
            (Some(_), _) => State::Ok,
            (None, true) => State::Missing,
            (None, false) => State::Lacking,
        };
        Finding::new(format!("GStreamer {element}"), state, purpose)
    }));
    findings
}

fn networks() -> Vec<Finding> {
    let runtime = match Runtime::load() {
        Ok(runtime) => runtime,
        Err(error) => {
            return vec![Finding::new(
                "ONNX Runtime",
                State::Missing,
                error.to_string(),
            )];
        }
    };
    let version = runtime
        .version()
        .ok()
        .flatten()
        .unwrap_or_else(|| "of no known version".into());
    let place = format!("{version}, {}", runtime.library().display());
    let mut findings = vec![Finding::new("ONNX Runtime", State::Ok, place)];
    for status in runtime.providers() {
        let what = format!("networks on {}", status.provider);
        let is_cpu = status.provider == sonoscope_models::Provider::Cpu;
        findings.push(match status.problem {
            None => Finding::new(what, State::Ok, ""),
            Some(problem) if is_cpu => Finding::new(what, State::Missing, problem),
            Some(problem) => {
                let tip = status
                    .tip
                    .map_or(String::new(), |tip| format!(". tip: {tip}"));
                Finding::new(what, State::Lacking, problem + &tip)
            }
        });
    }
    findings.extend(DEFAULT_NETWORKS.map(network));
    findings
}

fn network(name: &str) -> Finding {
    let what = format!("network {name}");
    let folder = match zoo::resolve(name) {
        Ok(folder) => folder,
        Err(error) => return Finding::new(what, State::Missing, error.to_string()),
    };
    match NetworkFiles::load(&folder, Precision::Fp32) {
        Ok(_) => Finding::new(what, State::Ok, folder.path().display().to_string()),
        Err(error) => Finding::new(what, State::Missing, error.to_string()),
    }
}

/// Free disk where the program stands, where outputs go unless told otherwise.
fn disk(path: &Path) -> Finding {
    match fs4::available_space(path) {
        Ok(bytes) => {
            let note = format!("{:.1} GB free", bytes as f64 / 1e9);
            let state = if bytes < LITTLE_DISK_BYTES {
                State::Lacking
            } else {
                State::Ok
            };
            Finding::new("disk", state, note)
        }
        Err(error) => Finding::new("disk", State::Lacking, error.to_string()),
    }
}
