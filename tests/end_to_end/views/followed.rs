//! A job whose changes somebody follows, and the plain count that they are held to.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    clips::{ffmpeg, world},
    hook::Hook,
    program::{Run, run_with_one_network},
    rows::Rows,
};

/// Seconds between runs that are one episode, and the fewest of an episode.
const BRIDGE_S: i64 = 1;
const SHORTEST_S: i64 = 2;

/// Half a minute with its own sound, another one's, and its own again.
pub fn clip(number: usize) -> PathBuf {
    assert!(world().len() > 1, "they are made");
    let other = (number + 1) % world().len();
    let arguments = format!(
        "-stream_loop 10 -i {{cache}}/world/clip-{number:05}.mp4 \
         -stream_loop 3 -i {{cache}}/world/clip-{other:05}.mp4 \
         -stream_loop 10 -i {{cache}}/world/clip-{number:05}.mp4 -filter_complex \
         [0:a]atrim=0:12,asetpts=PTS-STARTPTS[own];[1:a]atrim=0:7,asetpts=PTS-STARTPTS[other];\
         [2:a]atrim=0:11,asetpts=PTS-STARTPTS[again];[own][other][again]concat=n=3:v=0:a=1[sound] \
         -map 0:v -map [sound] -t 30 -c:v libx264 -preset ultrafast -g 10 -c:a aac"
    );
    ffmpeg(&format!("mixed-{number}.mp4"), &arguments)
}

/// A job whose changes somebody follows.
pub struct Followed {
    home: TempDir,
    pub hook: Hook,
    /// Thresholds of episodes.
    levels: (f64, f64),
    /// The sink through which rows are read again.
    rows: &'static str,
}

impl Followed {
    /// With thresholds between the scores of these recordings, so that some seconds belong and
    /// some do not.
    pub fn new(sources: &[PathBuf]) -> Self {
        let mut scores = heard(&run_with_one_network(["--quiet"]).and(sources).done().rows());
        scores.sort_by(|one, other| one.2.total_cmp(&other.2));
        // No score is the threshold itself.
        let between = |at: usize| (scores[at].2 + scores[at + 1].2) / 2.0;
        let levels = (between(scores.len() / 2), between(scores.len() * 2 / 5));
        Self {
            home: tempfile::tempdir().unwrap(),
            hook: Hook::start(),
            levels,
            rows: "jsonl:rows.jsonl",
        }
    }

    /// With another sink through which rows are read again.
    pub fn through(self, rows: &'static str) -> Self {
        Self { rows, ..self }
    }

    /// The same job, begun anew elsewhere.
    pub fn again(&self) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            hook: Hook::start(),
            levels: self.levels,
            rows: self.rows,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn run(&self, workers: &str, sources: &[&Path]) -> Run {
        let ((enter, leave), hook) = (self.levels, self.hook.uri());
        let (kind, name) = self.rows.split_once(':').unwrap();
        // Changes may stand among the rows.
        let views = match kind {
            "jsonl" => "views = ['episodes']\n",
            _ => "",
        };
        let config = format!(
            "include = ['embeddings']\n[views]\nsync = {{}}\nepisodes = {{ enter = {enter}, leave = {leave}, bridge-s = {BRIDGE_S}, \
             shortest-s = {SHORTEST_S} }}\nrolling = {{}}\n\
             [[sink]]\nuri = '{kind}:{}'\n{views}\
             [[sink]]\nuri = '{hook}'\nviews = ['episodes', 'rolling', 'sync']\n\
             include = []\n",
            self.path(name).display()
        );
        fs::write(self.path("run.toml"), config).unwrap();
        run_with_one_network(["--workers", workers, "--config"])
            .and([self.path("run.toml")])
            .and(sources)
    }

    /// One that goes on where the last stopped.
    pub fn kept(&self, workers: &str, sources: &[&Path]) -> Run {
        let run = self.run(workers, sources);
        run.and(["--commit-every", "0", "--state"])
            .and([self.path("state")])
    }

    pub fn rows(&self) -> Rows {
        let text = fs::read_to_string(self.path("rows.jsonl")).unwrap();
        let rows = text.lines().filter(|line| !line.contains("\"kind\":"));
        Rows::parse(&rows.collect::<Vec<_>>().join("\n"))
    }

    /// The episodes that hold, for whoever reads the file of rows.
    pub fn written(&self) -> BTreeMap<String, Value> {
        let text = fs::read_to_string(self.path("rows.jsonl")).unwrap();
        let changes = text.lines().filter(|line| line.contains("\"kind\":"));
        let mut answers = BTreeMap::new();
        for change in changes {
            let mut change: Value = serde_json::from_str(change).unwrap();
            let key = change["key"].as_str().unwrap().to_owned();
            match change["holds"].as_bool().unwrap() {
                true => drop(answers.insert(key, change["answer"].take())),
                false => drop(answers.remove(&key)),
            }
        }
        answers
    }

    /// The episodes that hold, for whoever has followed all changes.
    pub fn episodes(&self) -> Vec<Episode> {
        let answers = self.hook.answers("episodes").into_values();
        let mut episodes: Vec<_> = answers.map(|answer| Episode::read(&answer)).collect();
        episodes.sort();
        episodes
    }

    /// The episodes of these rows, counted plainly.
    pub fn counted(&self, rows: &Rows) -> Vec<Episode> {
        let mut tracks: BTreeMap<String, Vec<(i64, f64)>> = BTreeMap::new();
        for (source, segment, score) in heard(rows) {
            tracks.entry(source).or_default().push((segment, score));
        }
        let of = |(source, mut seconds): (String, Vec<(i64, f64)>)| {
            seconds.sort_by_key(|(segment, _)| *segment);
            self.of_track(&source, &seconds)
        };
        tracks.into_iter().flat_map(of).collect()
    }

    fn of_track(&self, source: &str, seconds: &[(i64, f64)]) -> Vec<Episode> {
        let (enter, leave) = self.levels;
        let mut belonging: Vec<(i64, f64)> = Vec::new();
        for &(segment, score) in seconds {
            let goes_on = belonging
                .last()
                .is_some_and(|(last, _)| last + 1 == segment);
            if score >= enter || (goes_on && score >= leave) {
                belonging.push((segment, score));
            }
        }
        let runs = belonging.chunk_by(|one, next| next.0 - one.0 - 1 <= BRIDGE_S);
        let episodes = runs.map(|run| {
            let first_peak = |best: (i64, f64), &next: &(i64, f64)| {
                if next.1 > best.1 { next } else { best }
            };
            let peak = run.iter().fold((0, -1.0), first_peak);
            Episode {
                source: source.to_owned(),
                start: run[0].0,
                end: run[run.len() - 1].0 + 1,
                seconds: run.len() as i64,
                peak_segment: peak.0,
                mean_in_millionths: millionths(
                    run.iter().map(|(_, score)| score).sum::<f64>() / run.len() as f64,
                ),
            }
        });
        episodes
            .filter(|one| one.end - one.start >= SHORTEST_S)
            .collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Episode {
    source: String,
    start: i64,
    end: i64,
    seconds: i64,
    peak_segment: i64,
    mean_in_millionths: i64,
}

impl Episode {
    fn read(answer: &Value) -> Self {
        let number = |name: &str| answer[name].as_i64().unwrap();
        Self {
            source: answer["source"].as_str().unwrap().to_owned(),
            start: number("start"),
            end: number("end"),
            seconds: number("seconds"),
            peak_segment: number("peak_segment"),
            mean_in_millionths: millionths(answer["mean"].as_f64().unwrap()),
        }
    }
}

fn millionths(value: f64) -> i64 {
    (value * 1e6).round() as i64
}

/// Source, second and score of all rows in which there is something to hear.
pub fn heard(rows: &Rows) -> Vec<(String, i64, f64)> {
    let is_heard = |row: &&Value| {
        ["present", "partial"]
            .iter()
            .any(|word| row["audio"] == *word)
    };
    let one = |row: &Value| {
        let source = row["source"].as_str()?.to_owned();
        Some((
            source,
            row["segment"].as_i64()?,
            row["correspondence"].as_f64()?,
        ))
    };
    rows.0.iter().filter(is_heard).filter_map(one).collect()
}
