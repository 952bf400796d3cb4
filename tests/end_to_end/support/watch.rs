//! A run on cameras, and its rows while it goes on.

use std::{fs, path::PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    Rows,
    program::{Ended, Run, Running, run_with_one_network, wait_until},
};

/// A run that goes on until it is told to end, or dropped.
pub struct Watch {
    /// None once it has ended.
    running: Option<Running>,
    rows: PathBuf,
    _folder: TempDir,
}

impl Watch {
    /// Of cameras at these addresses, through TCP where they speak RTSP.
    pub fn of(urls: &[String]) -> Self {
        Self::run(run_with_one_network(urls).and(["--rtsp-transport", "tcp"]))
    }

    /// Of the cameras of a configuration, with variables of the environment.
    pub fn configured(toml: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("cameras.toml");
        fs::write(&config, toml).unwrap();
        let run = run_with_one_network(["--config".into(), config]);
        let set = |run: Run, (name, value): &(&str, &str)| run.with(name, value);
        Self::within(folder, variables.iter().fold(run, set))
    }

    /// Of whatever this run watches.
    pub fn run(run: Run) -> Self {
        Self::within(tempfile::tempdir().unwrap(), run)
    }

    fn within(folder: TempDir, run: Run) -> Self {
        let rows = folder.path().join("rows.jsonl");
        let sink = format!("jsonl:{}", rows.display());
        Self {
            running: Some(run.and(["--sink", &sink]).start()),
            rows,
            _folder: folder,
        }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.running.as_ref().unwrap().id()
    }

    /// The rows whose lines are whole by now.
    pub fn so_far(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.rows).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let rows = whole
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        rows.collect()
    }

    /// Waits until there are so many rows of this kind.
    #[track_caller]
    pub fn wait_for(&self, what: &str, count: usize, is_one: impl Fn(&Value) -> bool) {
        wait_until(what, || self.count(&is_one) >= count);
    }

    /// Waits for so many rows of this kind besides those that there are.
    #[track_caller]
    pub fn wait_for_more(&self, what: &str, count: usize, is_one: impl Fn(&Value) -> bool) {
        let before = self.count(&is_one);
        wait_until(what, || self.count(&is_one) >= before + count);
    }

    fn count(&self, is_one: impl Fn(&Value) -> bool) -> usize {
        self.so_far().iter().filter(|row| is_one(row)).count()
    }

    /// Ends it, which must go well.
    pub fn end(mut self) -> (Rows, Ended) {
        let running = self.running.take().unwrap();
        running.signal("INT");
        let ended = running.end().exited(0);
        let rows = fs::read_to_string(&self.rows).unwrap_or_default();
        (Rows::parse(&rows), ended)
    }
}

impl Drop for Watch {
    /// A test that fails leaves no program behind, and tells what came of it.
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let said = running.cut_short();
            let told = [
                "source",
                "segment",
                "session",
                "clock_source",
                "video",
                "audio",
            ];
            for row in self.so_far() {
                eprintln!("{}", told.map(|field| row[field].to_string()).join(" "));
            }
            eprintln!("{said}");
        }
    }
}

/// Both its picture and its sound are there.
pub fn is_whole(row: &Value) -> bool {
    row["video"] == "present" && row["audio"] == "present"
}

/// Neither is.
pub fn is_gap(row: &Value) -> bool {
    row["video"] == "gap" && row["audio"] == "gap"
}

/// Each second once, none left out.
#[track_caller]
pub fn assert_without_a_hole(rows: &Rows) {
    let bounds = rows
        .0
        .iter()
        .map(|row| (row["segment"].as_i64(), row["end_ns"].as_i64()));
    let bounds: Vec<_> = bounds
        .map(|(segment, end)| (segment.unwrap(), end.unwrap()))
        .collect();
    for pair in bounds.windows(2) {
        assert_eq!(pair[0].1, pair[1].0 * 1_000_000_000, "{bounds:?}");
    }
}
