//! `--overlay DIR`: each recording as a video with heatmap, score bar and its own sound.

mod video;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use sonoscope_operators::{Heatmap, Row, Status};

use crate::{
    fault::Fault,
    job::Witness,
    sources::{SourceSpec, Stop},
};

/// What is painted over one second.
#[derive(Clone, Debug, Default)]
pub struct Second {
    /// The score that the bar shows.
    pub correspondence: Option<f32>,
    /// The map, where it may be believed.
    pub heatmap: Option<Heatmap>,
    /// How the sound fared.
    pub audio: Option<Status>,
    /// Whether there is a picture to paint on.
    pub is_seen: bool,
}

/// What is painted over each source, second by second.
pub type Tracks = Arc<Mutex<BTreeMap<u32, BTreeMap<i64, Second>>>>;

/// Empty tracks, and the witness that fills them, if they are wanted.
pub fn tracks(wanted: bool) -> (Tracks, Witness) {
    let tracks = Tracks::default();
    let filled = tracks.clone();
    let witness: Witness = Box::new(move |rows: &[Row]| {
        if !wanted {
            return;
        }
        let mut tracks = filled.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let second = tracks
                .entry(row.ordinal)
                .or_default()
                .entry(row.segment)
                .or_default();
            second.take(row);
        }
    });
    (tracks, witness)
}

impl Second {
    /// The first network speaks; one that localises goes before one that does not.
    fn take(&mut self, row: &Row) {
        self.is_seen |= row.frame_pts_ns.is_some();
        self.audio = Some(row.audio);
        let Some((score, correspondence)) =
            (row.score.as_ref()).and_then(|score| Some((score, score.correspondence?)))
        else {
            return;
        };
        let localises = score.heatmap.is_some();
        if self.correspondence.is_none() || (localises && self.heatmap.is_none()) {
            self.correspondence = Some(correspondence);
        }
        if self.heatmap.is_none() && row.localizable {
            self.heatmap = score.heatmap.clone();
        }
    }
}

/// Renders `FOLDER/SOURCE.mp4` for each source that gave rows and has pictures.
///
/// # Errors
/// When the folder cannot be made or a video not be written.
pub fn render(
    folder: &Path,
    sources: &BTreeMap<u32, SourceSpec>,
    tracks: &Tracks,
    stop: &Stop,
) -> Result<(), Fault> {
    let fault = |cause: &dyn std::fmt::Display| {
        Fault::environment(format!("cannot write the overlay video: {cause}"))
            .tip("rows are written; `sonoscope doctor` tells whether an encoder is missing")
    };
    fs::create_dir_all(folder).map_err(|error| fault(&error))?;
    let tracks = std::mem::take(&mut *tracks.lock().unwrap_or_else(PoisonError::into_inner));
    for (ordinal, seconds) in tracks {
        let seen = seconds.values().any(|second| second.is_seen);
        let Some(spec) = sources.get(&ordinal).filter(|_| seen) else {
            continue;
        };
        let path = folder.join(format!("{}.mp4", spec.id));
        tracing::info!("rendering {}", path.display());
        video::render(spec, seconds, &path, stop).map_err(|error| fault(&error))?;
    }
    Ok(())
}
