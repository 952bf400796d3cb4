//! The tables of views that look at embeddings.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use sonoscope_operators::{
    SourceId,
    views::{Groups, Heads, MatrixSettings, NearestSettings, SyncSettings},
};

use super::within;

/// How long seconds are searched; what is left out is as in [`NearestSettings`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct NearestTable {
    keep_s: Option<u32>,
}

/// How skew is told; what is left out is as in [`SyncSettings`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SyncTable {
    window_s: Option<u32>,
    step_s: Option<u32>,
    least_seconds: Option<u32>,
    least_sharpness: Option<f32>,
    late_s: Option<u32>,
}

/// How sources are compared; what is left out is as in [`MatrixSettings`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MatrixTable {
    window_s: Option<u32>,
    sample_s: Option<u32>,
    grace_s: Option<u32>,
    least_samples: Option<u32>,
    margin: Option<f32>,
    /// The sources of each group; all are one if there is none.
    groups: Option<BTreeMap<String, Vec<SourceId>>>,
}

impl NearestTable {
    pub(super) fn settings(&self) -> Result<NearestSettings, String> {
        let keep_s = self.keep_s.unwrap_or(NearestSettings::default().keep_s);
        within("nearest.keep-s", keep_s, 1)?;
        Ok(NearestSettings { keep_s })
    }
}

impl SyncTable {
    pub(super) fn settings(&self, heads: Heads) -> Result<SyncSettings, String> {
        let default = SyncSettings::new(heads);
        let settings = SyncSettings {
            window_s: self.window_s.unwrap_or(default.window_s),
            step_s: self.step_s.unwrap_or(default.step_s),
            least_seconds: self.least_seconds.unwrap_or(default.least_seconds),
            least_sharpness: self.least_sharpness.unwrap_or(default.least_sharpness),
            late_s: self.late_s.unwrap_or(default.late_s),
            ..default
        };
        within_hours("sync.window-s", settings.window_s)?;
        within_hours("sync.step-s", settings.step_s)?;
        share("sync.least-sharpness", settings.least_sharpness)?;
        within("sync.late-s", settings.late_s, 0)?;
        match settings.least_seconds <= settings.window_s {
            true => Ok(settings),
            false => Err("sync.least-seconds: it is more than sync.window-s".to_owned()),
        }
    }
}

impl MatrixTable {
    pub(super) fn settings(&self, heads: Heads) -> Result<MatrixSettings, String> {
        let default = MatrixSettings::new(heads);
        let settings = MatrixSettings {
            window_s: self.window_s.unwrap_or(default.window_s),
            sample_s: self.sample_s.unwrap_or(default.sample_s),
            grace_s: self.grace_s.unwrap_or(default.grace_s),
            least_samples: self.least_samples.unwrap_or(default.least_samples),
            margin: self.margin.unwrap_or(default.margin),
            groups: self.groups()?,
            ..default
        };
        within_hours("matrix.window-s", settings.window_s)?;
        within_hours("matrix.sample-s", settings.sample_s)?;
        within("matrix.grace-s", settings.grace_s, 0)?;
        share("matrix.margin", settings.margin)?;
        match settings.least_samples <= settings.window_s / settings.sample_s {
            true => Ok(settings),
            false => Err("matrix.least-samples: there are fewer in matrix.window-s".to_owned()),
        }
    }

    fn groups(&self) -> Result<Groups, String> {
        let Some(groups) = &self.groups else {
            return Ok(Groups::all());
        };
        let mut of: HashMap<SourceId, String> = HashMap::new();
        for (group, sources) in groups {
            for source in sources {
                if let Some(other) = of.insert(source.clone(), group.clone()) {
                    return Err(format!(
                        "matrix.groups: {source} is in {other} and in {group}"
                    ));
                }
            }
        }
        Ok(Groups::new(move |source| of.get(source).cloned()))
    }
}

/// What is remembered for whole windows has to be short.
fn within_hours(key: &str, value_s: u32) -> Result<(), String> {
    const LONGEST_S: u32 = 24 * 3600;
    match (1..=LONGEST_S).contains(&value_s) {
        true => Ok(()),
        false => Err(format!("{key}: {value_s} is not in 1..{LONGEST_S}")),
    }
}

fn share(key: &str, value: f32) -> Result<(), String> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => Err(format!("{key}: {value} is not in 0..1")),
    }
}
