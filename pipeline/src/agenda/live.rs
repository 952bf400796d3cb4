//! Live sources, handed out as they are put in.

use std::{ops::Range, sync::Arc};

use sonoscope_operators::Event;

use super::{Agenda, Held, Opening, Shared};
use crate::{
    cameras::{Camera, Roster, Spread},
    sources::{Ended, Inlet, Reading, SourceError, SourceSpec, Stop, Wake, live},
};

/// A live source that was handed out, to be watched here or elsewhere.
pub struct Joining {
    /// Which.
    pub camera: Arc<Camera>,
    /// As the handlers of its streams know it.
    pub spec: SourceSpec,
    /// The first of its seconds that is wanted.
    pub first_s: i64,
}

impl Agenda {
    /// Hands these live sources out, too, each to one worker, all at once.
    pub fn watch_over(&self, roster: Roster, reading: Reading) {
        // Said once, before anybody asks.
        if let Some(shared) = self.here() {
            let _ = shared.cameras.set((roster, reading));
        }
    }

    /// Somebody is there for live sources, and called when there are more, or fewer.
    pub fn hear(&self, wake: Wake) {
        match &self.0 {
            Held::Here(shared) => {
                if let Some((roster, _)) = shared.cameras.get() {
                    roster.hear(wake);
                }
            }
            Held::Away(away) => away.watching().hear(wake),
        }
    }

    /// Opens the next live source that falls to this worker, if there is one.
    pub fn open_camera(&self, inlet: &Inlet, worker: usize, spread: Spread) -> Opening {
        let shared = match &self.0 {
            Held::Here(shared) => shared,
            Held::Away(away) => return away.open_camera(inlet, worker),
        };
        let joining = match shared.next_camera(&(worker..worker + 1), spread) {
            Ok(joining) => joining,
            Err(none) => return none,
        };
        let (hearing, camera) = (shared.clone(), joining.camera.clone());
        joining.watch(inlet, &shared.stop, move |end| {
            hearing.camera_ended(&camera, end)
        });
        Opening::Opened
    }

    /// The next live source that falls to one of these workers, to be watched elsewhere and then
    /// told to [`Agenda::camera_ended`]; or else why there is none.
    pub fn hand_camera(&self, workers: &Range<usize>, spread: Spread) -> Result<Joining, Opening> {
        let shared = self.here().ok_or(Opening::Over)?;
        shared.next_camera(workers, spread)
    }

    /// A live source that was handed out has ended so.
    pub fn camera_ended(&self, joining: Joining, result: Result<(), SourceError>) {
        let Joining { camera, spec, .. } = joining;
        if let Some(shared) = self.here() {
            shared.camera_ended(&camera, Ended { spec, result });
        }
    }
}

impl Joining {
    /// Watches it, on a thread of its own; `ended` hears how that went when it is over.
    pub fn watch(
        self,
        inlet: &Inlet,
        stop: &Stop,
        ended: impl FnOnce(Ended) + Clone + Send + 'static,
    ) {
        let Self {
            camera,
            spec,
            first_s,
        } = self;
        let (outlet, refused) = (inlet.outlet(spec.ordinal), inlet.outlet(spec.ordinal));
        let (failed, hearing) = (spec.clone(), ended.clone());
        let spawned = live::spawn(camera, spec, first_s, outlet, stop.clone(), hearing);
        if let Err(cause) = spawned {
            let result = Err(SourceError::Setup(format!("no thread: {cause}")));
            let spec = failed;
            ended(Ended { spec, result });
            refused.send(Event::Cut);
        }
    }
}

impl Shared {
    fn next_camera(&self, workers: &Range<usize>, spread: Spread) -> Result<Joining, Opening> {
        let Some((roster, reading)) = self.cameras.get() else {
            return Err(Opening::Over);
        };
        if self.stop.is_raised() {
            return Err(Opening::Over);
        }
        let Some(camera) = roster.take(workers, spread) else {
            return Err(match roster.is_over() {
                true => Opening::Over,
                false => Opening::Later,
            });
        };
        let mut spec = live::spec_of(&camera, *reading);
        let first_s = self.audience.joining(&mut spec, &camera.spec);
        Ok(Joining {
            first_s: first_s.max(camera.first_s),
            camera,
            spec,
        })
    }

    fn camera_ended(&self, camera: &Camera, end: Ended) {
        if let Some((roster, _)) = self.cameras.get() {
            roster.ended(camera);
        }
        self.ended(end, None);
    }
}
