//! `--config FILE.toml`: what the command line takes, in a file, and live sources one by one.

mod camera;
pub mod follow;

use std::{fs, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::Error as _};
use sonoscope_models::{Devices, Precision};

use crate::{
    cameras::Transport,
    cli::{ClusterArgs, RunArgs, ServerArgs},
    fault::Fault,
    inputs::Clock,
    sinks::{Extra, SinkSpec, SinkUri},
    sources::{Decoding, Frames},
    views::ViewTables,
};

/// The file. Keys are the long options of `sonoscope run`, those that may be repeated as lists.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Config {
    sources: Vec<String>,
    clips: Option<std::path::PathBuf>,
    watch: bool,
    start: Option<Timestamp>,
    #[serde(deserialize_with = "parsed")]
    clock: Option<Clock>,
    networks: Vec<String>,
    #[serde(deserialize_with = "parsed_list")]
    sinks: Vec<SinkUri>,
    heatmaps: Option<std::path::PathBuf>,
    overlay: Option<std::path::PathBuf>,
    table: bool,
    include: Vec<Extra>,
    workers: Option<u16>,
    threads: Option<u16>,
    batch: Option<u16>,
    #[serde(deserialize_with = "parsed")]
    device: Option<Devices>,
    #[serde(deserialize_with = "parsed")]
    decode: Option<Decoding>,
    #[serde(deserialize_with = "parsed")]
    precision: Option<Precision>,
    from: Option<i64>,
    to: Option<i64>,
    frames: Option<Frames>,
    silence: Option<f32>,
    state: Option<std::path::PathBuf>,
    retry_failed: bool,
    commit_every: Option<f32>,
    rtsp_transport: Option<Transport>,
    stall: Option<f32>,
    #[serde(rename = "source")]
    cameras: Vec<CameraTable>,
    #[serde(rename = "sink")]
    sink_tables: Vec<SinkSpec>,
    views: ViewTables,
    server: ServerArgs,
    cluster: ClusterArgs,
}

pub use camera::{CameraTable, Choices};

impl Config {
    /// The live sources that it lists.
    pub fn cameras(&self) -> &[CameraTable] {
        &self.cameras
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or says something that cannot be understood: with line and key.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let wrong = |error: &dyn std::fmt::Display| {
            Fault::usage(format!("{}: {error}", path.display()))
                .tip("keys are the long options of `sonoscope run --help`")
        };
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        read(&text).map_err(|told| wrong(&told))
    }

    /// What the command line says, and what it leaves open filled from the file.
    pub fn under(self, args: RunArgs) -> RunArgs {
        fn or<T>(said: Vec<T>, filed: Vec<T>) -> Vec<T> {
            if said.is_empty() { filed } else { said }
        }
        RunArgs {
            sources: or(
                args.sources,
                self.sources.into_iter().map(Into::into).collect(),
            ),
            clips: args.clips.or(self.clips),
            watch: args.watch || self.watch,
            start: args.start.or(self.start.filter(|_| args.clock.is_none())),
            clock: args.clock.or(self.clock.filter(|_| args.start.is_none())),
            networks: or(args.networks, self.networks),
            // What is said instead goes before the tables, too.
            sink_tables: match args.sinks.is_empty() {
                true => self.sink_tables,
                false => Vec::new(),
            },
            named_sinks: args.named_sinks,
            sinks: or(args.sinks, self.sinks),
            heatmaps: args.heatmaps.or(self.heatmaps),
            overlay: args.overlay.or(self.overlay),
            table: args.table || self.table,
            include: or(args.include, self.include),
            workers: args.workers.or(self.workers),
            threads: args.threads.or(self.threads),
            batch: args.batch.or(self.batch),
            device: args.device.or(self.device),
            decode: args.decode.or(self.decode),
            precision: args.precision.or(self.precision),
            from: args.from.or(self.from),
            to: args.to.or(self.to),
            frames: args.frames.or(self.frames),
            silence: args.silence.or(self.silence),
            state: args.state.or(self.state),
            retry_failed: args.retry_failed || self.retry_failed,
            commit_every: args.commit_every.or(self.commit_every),
            rtsp_transport: args.rtsp_transport.or(self.rtsp_transport),
            stall: args.stall.or(self.stall),
            server: args.server.over(self.server),
            cluster: args.cluster.over(self.cluster),
            named_views: args.named_views,
            views: self.views,
            dry_run: args.dry_run,
            config: args.config,
            cameras: self.cameras,
        }
    }
}

/// Reads the text of a file.
///
/// # Errors
/// Line, key and what is wrong; not the line itself, which may hold a secret.
fn read(text: &str) -> Result<Config, String> {
    let told = |error: &toml::de::Error, key: &str| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        let key = match key {
            "." | "" => String::new(),
            key => format!("{key}: "),
        };
        format!("line {line}: {key}{}", error.message())
    };
    let file = toml::Deserializer::parse(text).map_err(|error| told(&error, ""))?;
    serde_path_to_error::deserialize(file)
        .map_err(|error| told(error.inner(), &error.path().to_string()))
}

/// A value written as the command line writes it.
fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

fn parsed_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    (texts
        .iter()
        .map(|text| text.parse().map_err(D::Error::custom)))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_by_line_and_key_and_without_its_value() {
        for (text, told) in [
            (
                "workers = 2\nthreads = 'hush'",
                "line 2: threads: invalid type",
            ),
            (
                "table = true\ncolour = 'hush'",
                "line 2: colour: unknown field `colour`",
            ),
            ("[[sink]]\nuri = 7", "line 2: sink[0].uri: invalid type"),
            (
                "[[sink]]\nuri = 'null:'\n[sink.buffer]\nbytes = 'hush'",
                "line 4: sink[0].buffer.bytes: it is no size",
            ),
            ("[[sink]]\nuri = 'amqp://me:hush@h/'", "amqp://***@h/"),
            ("workers = 2\ntable = hush", "line 2: "),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
            assert!(!error.contains("me:hush"), "{error}");
        }
    }
}
