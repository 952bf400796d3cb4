//! `camera-server`: many cameras on one port, `/cam0`, `/cam1` and so on, for benchmarks.
//!
//! They send what was encoded once, so serving them costs little beside what is measured. Each is
//! at another point of its film, and no two send their pictures at the same instant. They are
//! those of the end-to-end tests, with another film.
//!
//! It says `ready PORT` on standard output when it listens, and does what standard input says, one
//! word a line, answering each with `done`:
//!
//! | word | what |
//! | --- | --- |
//! | `stop` | closes all connections and listens no more |
//! | `start` | listens again, at the same port |
//! | `restart` | both |
//! | `freeze` | stays connected and sends nothing |
//! | `thaw` | sends again |
//! | `quit` | ends |
//!
//! When standard input ends it goes on as it is. It can be killed and stopped by signals too.

mod film;
#[path = "../../tests/end_to_end/support/camera/keeper.rs"]
#[allow(clippy::unwrap_used, reason = "it is shared with the tests")]
mod keeper;
#[path = "../../tests/end_to_end/support/camera/pump.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is shared with the tests")]
mod pump;
#[path = "../../tests/end_to_end/support/camera/station.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is shared with the tests")]
mod station;
#[path = "../../tests/end_to_end/support/camera/track.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "it is shared with the tests")]
mod track;

use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use clap::Parser;

use pump::{Plan, Pump};
use station::{Mount, Reports, Station};
use track::Track;

/// How much later each camera is in its film than the one before: no multiple of a picture.
const APART: Duration = Duration::from_micros(1_037_300);

#[derive(Parser)]
struct Arguments {
    /// How many cameras
    #[arg(long, default_value_t = 16)]
    cameras: u32,
    /// Where to listen, on the loopback; 0 is a port that is free
    #[arg(long, default_value_t = 8554)]
    port: u16,
    /// Where encoded films are kept
    #[arg(long, default_value = "out/bench/cameras")]
    kept: PathBuf,
    /// A recording to show instead of a made-up film
    #[arg(long)]
    recording: Option<PathBuf>,
    /// How often a camera says what time it is (RTCP sender reports), ms
    #[arg(long, default_value_t = 1000)]
    reports_ms: u64,
}

/// Cameras, on or off.
struct Cameras {
    arguments: Arguments,
    tracks: [Arc<Track>; 2],
    pump: Arc<Pump>,
    station: Option<Station>,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let tracks = film::tracks(&arguments.kept, arguments.recording.as_deref())?;
    let mut cameras = Cameras {
        arguments,
        tracks,
        pump: Arc::new(Pump::start()),
        station: None,
    };
    cameras.start();
    say(&format!("ready {}", cameras.arguments.port))?;
    for line in io::stdin().lock().lines() {
        match line?.trim() {
            "stop" => cameras.station = None,
            "start" => cameras.start(),
            "restart" => cameras.restart(),
            "freeze" => cameras.pump.freeze(true),
            "thaw" => cameras.pump.freeze(false),
            "quit" => return Ok(()),
            word => return Err(io::Error::other(format!("no such word: {word}"))),
        }
        say("done")?;
    }
    loop {
        thread::park();
    }
}

impl Cameras {
    fn start(&mut self) {
        if self.station.is_none() {
            let mounts = (0..self.arguments.cameras).map(|index| self.mount(index));
            let station = Station::open(self.arguments.port, mounts.collect(), None);
            self.arguments.port = station.port();
            self.station = Some(station);
        }
    }

    fn restart(&mut self) {
        self.station = None;
        self.start();
    }

    fn mount(&self, index: u32) -> Mount {
        let plans = self.tracks.iter().map(|track| Plan {
            track: track.clone(),
            skew_ns: (APART * index).as_nanos() as u64,
            late_ns: 0,
        });
        Mount {
            path: format!("/cam{index}"),
            plans: plans.collect(),
            pump: self.pump.clone(),
            reports: Reports::Every(Duration::from_millis(self.arguments.reports_ms)),
        }
    }
}

/// A line for whoever started this.
fn say(words: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{words}")?;
    out.flush()
}
