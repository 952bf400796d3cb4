//! A live source: what was asked for, and what becomes of it.

use std::{
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, SystemTime},
};

use sonoscope_operators::SourceId;

use super::{Address, Health, Listeners, Meter, State, Transport, View};
use crate::{sinks::SinkUri, sources::Stop};

/// A live source as asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraSpec {
    /// Its name in rows.
    pub id: SourceId,
    /// Where it is found.
    pub address: Address,
    /// How its data travels, if it is an RTSP camera.
    pub transport: Transport,
    /// After so long without data it is connected anew.
    pub stall: Duration,
    /// How long packets that are late are waited for.
    pub jitter: Duration,
    /// Whether a certificate is taken that nobody vouches for.
    pub insecure: bool,
    /// Below this level its sound is silent, if not as for all.
    pub silence_dbfs: Option<f32>,
    /// The networks that look at it, as the run names them; all if none is named.
    pub networks: Vec<String>,
    /// The run's sinks that take its rows; all if none is named.
    pub sinks: Vec<SinkUri>,
}

impl CameraSpec {
    /// With the defaults for all but name and place.
    pub fn new(id: SourceId, address: Address) -> Self {
        Self {
            id,
            address,
            transport: Transport::default(),
            stall: Duration::from_secs(10),
            jitter: Duration::from_millis(100),
            insecure: false,
            silence_dbfs: None,
            networks: Vec::new(),
            sinks: Vec::new(),
        }
    }
}

/// A live source of the run.
#[derive(Debug)]
pub struct Camera {
    /// What was asked for.
    pub spec: CameraSpec,
    /// Its place among the sources of the run. Never given twice.
    pub ordinal: u32,
    /// When it was put in.
    pub added: SystemTime,
    /// The first Unix second that may come of it, 0 if any may.
    pub first_s: i64,
    /// What is counted of it.
    pub meter: Meter,
    /// What it shows, if anybody may ask.
    pub view: View,
    /// Those who listen to its rows.
    pub listeners: Listeners,
    /// Ends it.
    pub stop: Stop,
    /// The process of the cluster that watches it, if that is another one.
    pub away: OnceLock<usize>,
    health: Mutex<Health>,
}

impl Camera {
    /// One that nobody has taken up yet.
    pub fn new(spec: CameraSpec, ordinal: u32, first_s: i64) -> Self {
        Self {
            spec,
            ordinal,
            added: SystemTime::now(),
            first_s,
            meter: Meter::default(),
            view: View::default(),
            listeners: Listeners::default(),
            stop: Stop::default(),
            away: OnceLock::new(),
            health: Mutex::default(),
        }
    }

    /// How it fares.
    pub fn health(&self) -> Health {
        self.lock().clone()
    }

    /// It fares so from now on. Told in the log once for each change, and not again while it is tried
    /// anew and fails for the same reason.
    pub fn fares(&self, state: State, reason: Option<String>, tip: Option<&str>) {
        let mut health = self.lock();
        if (health.state, &health.reason) == (state, &reason) {
            return;
        }
        let since = match health.state == state {
            true => health.since,
            false => SystemTime::now(),
        };
        let id = &self.spec.id;
        match (state, &reason) {
            (State::Connecting, _) => tracing::debug!("{id}: connecting"),
            (State::Streaming, _) => tracing::info!("{id}: streaming"),
            (_, Some(same)) if health.reason.as_ref() == Some(same) => {}
            (_, Some(reason)) => {
                let tip = tip.map_or_else(String::new, |tip| format!(" (tip: {tip})"));
                tracing::warn!("{id}: {}: {reason}{tip}", state.name());
            }
            (_, None) => tracing::warn!("{id}: {}", state.name()),
        }
        *health = Health {
            state,
            reason,
            tip: tip.map(str::to_owned),
            since,
        };
    }

    /// It is watched elsewhere, where it fares so; whoever watches it has told the log.
    pub fn fares_away(&self, health: Health) {
        *self.lock() = health;
    }

    // Whoever panicked while it held the lock left a whole value behind.
    fn lock(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
