//! The rows that earlier runs of a job have committed, read again through one of its sinks.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead as _, Read as _},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sonoscope_operators::{
    ClockSource, Include, Peak, SourceId, Status,
    views::{Embedding, Network, Observation},
};

use super::Intake;
use crate::{
    commit::OpenSinks,
    fault::Fault,
    sinks::{Observed, Position, SinkSpec, Written, is_change, unpacked},
};

/// A row as it was written, as far as views look at it.
#[derive(Deserialize)]
struct Line {
    source: SourceId,
    segment: i64,
    start_ns: i64,
    end_ns: i64,
    clock_source: ClockSource,
    audio: Status,
    video: Status,
    audio_dbfs: Option<f32>,
    dropped: u32,
    network: String,
    network_hash: String,
    correspondence: Option<f32>,
    localizable: bool,
    peak: Option<Peak>,
    #[serde(default)]
    frame_embedding: Option<Vec<f32>>,
    #[serde(default)]
    audio_embedding: Option<Vec<f32>>,
}

/// Where the rows of earlier runs are, and what is to be read of them.
pub struct Past<'a> {
    /// The sinks of the job, open where the ledger has them.
    pub sinks: &'a mut OpenSinks,
    /// How they were asked for.
    pub specs: &'a [SinkSpec],
    /// Their positions, as the ledger has them.
    pub positions: &'a [(String, Position)],
    /// What rows carry in sinks that say nothing of it.
    pub include: Include,
    /// Whether some view looks at embeddings.
    pub has_embeddings: bool,
}

/// Hands the rows that are committed to the views, those of a source in the order of its seconds.
///
/// Rows are read through the first sink that wrote lines, or through one that wrote Parquet, all of
/// them: one that takes only some of the rows cannot stand for them.
///
/// # Errors
/// When there is no such sink, or its rows cannot be read.
pub fn replay(past: Past<'_>, intake: &Intake) -> Result<(), Fault> {
    let is_whole = |sink: &SinkSpec| {
        let include = sink.include.as_ref();
        let include = include.map_or(past.include, |extras| extras.iter().copied().collect());
        sink.filter.is_open() && (include.embeddings || !past.has_embeddings)
    };
    let lines = past.specs.iter().filter(|sink| is_whole(sink));
    let lines = lines.filter_map(|sink| {
        let name = sink.uri.to_string();
        let (_, position) = past.positions.iter().find(|(uri, _)| *uri == name)?;
        match sink.uri.written(position)? {
            Written::Lines(files) => Some(files),
            // The rows of parts that are not complete are in its spool.
            Written::Parquet(_) => None,
        }
    });
    if let Some(files) = { lines }.next() {
        return read(&files, intake);
    }
    let read = past.sinks.replay(is_whole, &mut |row| intake.replay(row));
    let read = read.map_err(|(uri, error)| unreadable(&uri, &error))?;
    match read {
        true => Ok(()),
        false => Err(no_rows(past.has_embeddings)),
    }
}

fn no_rows(has_embeddings: bool) -> Fault {
    let (what, how) = match has_embeddings {
        true => (" with their embeddings", " --include embeddings"),
        false => ("", ""),
    };
    let fault = Fault::usage(format!(
        "views of a job with --state need a sink to read its rows again{what}"
    ));
    fault.tip(format!(
        "write them all into files of this machine, too: --sink jsonl:PATH or parquet:DIR{how}"
    ))
}

fn unreadable(place: &dyn std::fmt::Display, error: &dyn std::fmt::Display) -> Fault {
    Fault::environment(format!(
        "cannot read the rows for views again, from {place}: {error}"
    ))
    .tip("restore the file, or begin with a new state folder and new outputs")
}

/// Reads so many bytes of each file.
fn read(files: &[(PathBuf, u64)], intake: &Intake) -> Result<(), Fault> {
    let mut latest = Latest::default();
    files.iter().try_for_each(|(path, bytes)| {
        lines(path, *bytes, &mut |row| {
            if latest.begins_anew(&row) {
                intake.forget(&row.source);
            }
            intake.replay(row);
        })
    })
}

/// The newest second of each recording, by each network.
#[derive(Default)]
struct Latest(HashMap<SourceId, HashMap<Network, i64>>);

impl Latest {
    /// Whether a recording goes back: it had changed, and its old rows are still in the file.
    fn begins_anew(&mut self, row: &Observation) -> bool {
        if row.live {
            return false;
        }
        let networks = self.0.entry(row.source.clone()).or_default();
        let goes_back = (networks.get(&row.network)).is_some_and(|last| row.segment <= *last);
        if goes_back {
            networks.clear();
        }
        networks.insert(row.network.clone(), row.segment);
        goes_back
    }
}

fn lines(path: &Path, bytes: u64, take: &mut impl FnMut(Observation)) -> Result<(), Fault> {
    let unreadable = |error: &dyn std::fmt::Display| unreadable(&path.display(), error);
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let file = unpacked(file.take(bytes)).map_err(|error| unreadable(&error))?;
    for text in file.lines() {
        let text = text.map_err(|error| unreadable(&error))?;
        if is_change(&text) {
            continue;
        }
        let line: Line = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
        take(line.observation());
    }
    Ok(())
}

impl Line {
    /// The same as was made of the row itself.
    fn observation(self) -> Observation {
        let peak = self.peak.filter(|_| self.localizable);
        let embedding = |values: Option<Vec<f32>>| values.map(|v| Embedding::from(&v[..]));
        let observed = Observed {
            source: self.source,
            network: Network::new(&self.network, &self.network_hash),
            segment: self.segment,
            length_ns: self.end_ns - self.start_ns,
            clock_source: self.clock_source,
            audio: self.audio,
            video: self.video,
            audio_dbfs: self.audio_dbfs,
            dropped: self.dropped,
            correspondence: self.correspondence,
            peak: peak.map(|peak| [peak.x, peak.y]),
            frame_embedding: embedding(self.frame_embedding),
            audio_embedding: embedding(self.audio_embedding),
        };
        observed.into()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sonoscope_operators::{Heatmap, Provenance, Row, SECOND_NS, Score};

    use super::*;
    use crate::{
        sinks::delivery::letter::{Content, Style},
        views::{Change, ViewName},
    };

    fn row(source: &str, segment: i64, correspondence: f32) -> Row {
        let provenance = Provenance {
            network: "avol".into(),
            network_hash: "0f".repeat(32),
            provider: "cpu".into(),
            precision: "fp32".into(),
        };
        let cells = vec![0.1, 0.2, 1.0 / 3.0, 0.3];
        let score = Score {
            correspondence: Some(correspondence),
            heatmap: Some(Heatmap { columns: 2, cells }),
            frame_embedding: Some(vec![1.0 / 3.0, correspondence]),
            audio_embedding: (segment > 0).then(|| vec![-0.5, 1e-9]),
            ..Score::default()
        };
        Row {
            ordinal: 0,
            network_ordinal: 0,
            source: SourceId::slug(source),
            segment,
            session: 0,
            start_ns: segment * SECOND_NS,
            end_ns: (segment + 1) * SECOND_NS,
            wall_clock: None,
            clock_source: ClockSource::File,
            frame_pts_ns: None,
            audio: Status::Present,
            video: Status::Frozen,
            audio_dbfs: Some(-20.3),
            dropped: 2,
            provenance: Arc::new(provenance),
            score: Some(score),
            localizable: correspondence >= 0.5,
        }
    }

    /// What goes into the views of these rows, written as lines.
    fn read_again(rows: &[Row]) -> Vec<Observation> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl");
        let include = Include {
            embeddings: true,
            ..Include::default()
        };
        let lines = rows
            .iter()
            .map(|row| serde_json::to_string(&row.json(include)));
        let change = Change {
            view: ViewName::Episodes,
            source: SourceId::slug("film"),
            key: "episodes/film".into(),
            body: Some("{}".into()),
        };
        let change = Content::from(change).json(Style::default()).unwrap();
        let change = String::from_utf8(change).unwrap() + "\n";
        let text: String = lines.map(|line| line.unwrap() + "\n" + &change).collect();
        std::fs::write(&path, text.clone() + "{\"torn").unwrap();
        let intake = Intake::new(true, true);
        read(&[(path, text.len() as u64)], &intake).unwrap();
        intake.take_past(usize::MAX)
    }

    #[test]
    fn what_is_read_again_is_what_was_seen() {
        let rows = [
            row("film", 0, 0.1),
            row("film", 1, 2.0 / 3.0),
            row("other", 1, 0.5),
        ];
        let seen: Vec<_> = rows.iter().map(Observation::from).collect();
        assert_eq!(read_again(&rows), seen);
        assert!(seen[1].place.is_some() && seen[0].place.is_none());
    }

    #[test]
    fn the_old_rows_of_a_recording_that_had_changed_do_not_count() {
        let old = (0..4).map(|segment| row("film", segment, 0.9));
        let new = (0..2).map(|segment| row("film", segment, 0.2));
        let rows: Vec<_> = old.chain([row("other", 0, 0.3)]).chain(new).collect();
        let expected: Vec<_> = rows[4..].iter().map(Observation::from).collect();
        assert_eq!(read_again(&rows), expected);
    }
}
