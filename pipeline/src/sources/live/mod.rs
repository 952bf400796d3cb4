//! A live source: one session after another, until it is told to end.

mod clock;
mod door;
mod error;
mod front;
mod outage;
mod patience;
mod session;
mod shed;
mod stamp;
mod world;

use std::{io, sync::Arc, thread, time::Instant};

use sonoscope_operators::{Event, Wishes};

pub use clock::LiveClock;
pub use error::LiveError;
pub use session::Session;
pub use stamp::stamp;

use super::{Ended, Frames, Outlet, Reading, SourceSpec, Stop};
use crate::cameras::{Camera, State};
use clock::unix_ns;
use outage::Outage;
use patience::Patience;
use session::{Beginning, Left};

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
    let mut patience = Patience::new(&spec.id, &camera.spec.address);
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
            patience.began(begun.elapsed());
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
        let (reason, tip) = (Some(error.to_string()), Some(error.tip()));
        camera.fares(state, reason.clone(), tip);
        patience.wait(&error, has_begun, stop, || outage.tick(unix_ns()));
        camera.fares(State::Connecting, reason, tip);
    }
}
