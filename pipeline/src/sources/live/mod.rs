//! A live source: one session after another, until it is told to end.

mod clock;
mod door;
mod error;
mod front;
mod outage;
mod session;
mod shed;
mod stamp;
mod world;

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use sonoscope_operators::{Event, Wishes};

pub use clock::LiveClock;
pub use error::LiveError;
pub use session::Session;
pub use stamp::stamp;

use super::{Ended, Frames, Outlet, Reading, SourceSpec, Stop};
use crate::{
    backoff::Backoff,
    cameras::{Camera, State},
};
use clock::unix_ns;
use door::Door;
use outage::Outage;
use session::{Beginning, Left};

/// A session that lasted so long was one, and the next attempt is a first one again. No longer: a
/// camera that is restarted time and again is to be seen between.
const HEALTHY: Duration = Duration::from_secs(2);

/// How often whoever waits for the next attempt looks up.
const LOOK: Duration = Duration::from_millis(50);

/// Reads a live source on a thread of its own until it is stopped; no second before `first_s`
/// comes of it. `ended` hears of the end before the event that closes it is sent.
///
/// # Errors
/// When the system has no thread to give.
pub fn spawn(
    camera: Arc<Camera>,
    spec: SourceSpec,
    first_s: i64,
    outlet: Outlet,
    run: Stop,
    ended: impl FnOnce(Ended) + Send + 'static,
) -> io::Result<thread::JoinHandle<()>> {
    thread::Builder::new()
        .name(format!("source {}", spec.id))
        .spawn(move || {
            let stop = camera.stop.with(&run);
            watch_over(&camera, &spec, first_s, &outlet, &stop);
            ended(Ended {
                spec,
                result: Ok(()),
            });
            outlet.send(Event::Closed);
        })
}

/// A live source, as the handlers of its streams know it.
pub fn spec_of(camera: &Camera, reading: Reading) -> SourceSpec {
    // What is held back until it is known to be needed comes late, and in bursts.
    let frames = match reading.frames {
        Frames::Exact => Frames::All,
        other => other,
    };
    let path = camera.spec.address.to_string().into();
    SourceSpec {
        ordinal: camera.ordinal,
        is_live: true,
        wishes: Wishes {
            silence_dbfs: camera.spec.silence_dbfs,
            networks: u64::MAX,
        },
        ..SourceSpec::new(
            camera.spec.id.clone(),
            path,
            Reading {
                range: super::SecondRange::default(),
                frames,
                grid: reading.grid,
                decoding: reading.decoding,
            },
        )
    }
}

fn watch_over(camera: &Arc<Camera>, spec: &SourceSpec, first_s: i64, outlet: &Outlet, stop: &Stop) {
    let seed = BuildHasherDefault::<DefaultHasher>::default().hash_one(&spec.id);
    let mut backoff = Backoff::new(seed);
    let mut outage = Outage::new(spec, outlet.clone(), first_s);
    let mut begin = Beginning {
        number: 0,
        first_s,
        ahead_ns: 0,
    };
    loop {
        let begun = Instant::now();
        let left = session::run(camera, spec, outlet, stop, &begin, || {
            outage.tick(unix_ns())
        });
        let Left {
            has_begun,
            ahead_ns,
            error,
        } = left;
        if has_begun {
            outlet.send(Event::Interrupted);
            outage.begins(unix_ns());
            begin.number += 1;
            begin.ahead_ns = ahead_ns;
            if begun.elapsed() > HEALTHY {
                backoff.reset();
            }
        }
        if stop.is_raised() {
            return;
        }
        if front::ends(&camera.spec) && has_begun {
            tracing::info!("{}: {error}", spec.id);
            return;
        }
        let state = match error {
            LiveError::Stalled { .. } => State::Stalled,
            _ => State::Failed,
        };
        camera.fares(state, Some(error.to_string()), Some(error.tip()));
        let is_of_network = matches!(error, LiveError::Unreachable(_) | LiveError::NoAnswer(_));
        wait(camera, backoff.next(), is_of_network, stop, &mut outage);
        camera.fares(
            State::Connecting,
            Some(error.to_string()),
            Some(error.tip()),
        );
    }
}

/// Waits for the next attempt: so long, or until a door that was closed is open.
fn wait(camera: &Camera, time: Duration, is_of_network: bool, stop: &Stop, outage: &mut Outage) {
    let end = Instant::now() + time;
    let mut door = is_of_network
        .then(|| Door::of(&camera.spec.address))
        .flatten();
    while Instant::now() < end && !stop.is_raised() {
        outage.tick(unix_ns());
        if door.as_mut().is_some_and(Door::has_opened) {
            return;
        }
        thread::sleep(LOOK);
    }
}
