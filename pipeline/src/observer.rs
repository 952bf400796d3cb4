//! What live sources and measurements hear of a run.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use sonoscope_operators::{Include, Provenance, Row, SECOND_NS, Segment};

use crate::{
    cameras::{Camera, Roster, Said, Shown, is_camera},
    job::Witness,
    metrics::{Metrics, Stage},
    pool::Scored,
};

/// Counts what becomes of live sources. Where there is somebody to ask (an interface is open), it
/// also keeps what they show, hands rows to listeners, and measures. Clones share all of that.
#[derive(Clone)]
pub struct Observer {
    roster: Roster,
    include: Include,
    metrics: Option<Metrics>,
}

impl Observer {
    /// Of the sources of a roster. `include` is what rows carry besides; without `metrics` nothing
    /// is done but counting.
    pub fn new(roster: Roster, include: Include, metrics: Option<Metrics>) -> Self {
        Self {
            roster,
            include,
            metrics,
        }
    }

    /// Whether there is somebody to ask, so that what is on the way is looked at.
    pub fn looks(&self) -> bool {
        self.metrics.is_some()
    }

    /// A second has been cut.
    pub fn cut(&self, segment: &Segment) {
        self.passed(Stage::Slice, segment.source.ordinal, segment.end_ns());
    }

    /// The networks have spoken of a second: its picture is the one to show.
    pub fn scored(&self, scored: &Scored, networks: &[Arc<Provenance>]) {
        let source = &scored.segment.source;
        if !self.looks() || !is_camera(source.ordinal) {
            return;
        }
        self.passed(Stage::Infer, source.ordinal, scored.segment.end_ns());
        if let Some(camera) = self.roster.find(&source.id, source.ordinal) {
            show(&camera, scored, networks);
        }
    }

    /// A witness that sees what another does, and before it.
    pub fn before(self, mut witness: Witness) -> Witness {
        Box::new(move |rows| {
            for row in rows.iter().filter(|row| is_camera(row.ordinal)) {
                self.committed(row);
            }
            witness(rows);
        })
    }

    fn committed(&self, row: &Row) {
        let is_gap = !row.audio.usable() && !row.video.usable();
        if let Some(metrics) = &self.metrics
            && !is_gap
        {
            metrics.committed(late_by_s(row.end_ns));
        }
        let Some(camera) = self.roster.find(&row.source, row.ordinal) else {
            return;
        };
        camera.meter.committed(row.segment, is_gap, row.dropped);
        if camera.listeners.is_empty() {
            return;
        }
        match serde_json::to_string(&row.json(self.include)) {
            Ok(json) => camera.listeners.tell(json.into()),
            // The sinks have written the same row.
            Err(error) => tracing::debug!("{}: no listener hears of a row: {error}", row.source),
        }
    }

    fn passed(&self, stage: Stage, ordinal: u32, end_ns: i64) {
        if let Some(metrics) = &self.metrics
            && is_camera(ordinal)
        {
            metrics.passed(stage, late_by_s(end_ns));
        }
    }
}

/// How long ago that was, in seconds; `end_ns` counts from 1970.
fn late_by_s(end_ns: i64) -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64() - end_ns as f64 / SECOND_NS as f64
}

/// How long ago the newest second of a live source among these rows ended, in seconds.
pub fn newest_lag_s(rows: &[Row]) -> Option<f64> {
    let live = rows.iter().filter(|row| is_camera(row.ordinal));
    live.map(|row| row.end_ns).max().map(late_by_s)
}

fn show(camera: &Camera, scored: &Scored, networks: &[Arc<Provenance>]) {
    let Some(frame) = &scored.segment.frame else {
        return;
    };
    let said = networks.iter().zip(&scored.scores).map(|(network, score)| {
        let row = Row::new(&scored.segment, 0, network.clone(), score.clone());
        let is_placed = row.localizable;
        let score = row.score.unwrap_or_default();
        Said {
            network: network.network.clone(),
            correspondence: score.correspondence,
            heatmap: score.heatmap.filter(|_| is_placed),
        }
    });
    camera.view.show(Shown {
        segment: scored.segment.index,
        picture: frame.picture.clone(),
        said: said.collect(),
    });
}
