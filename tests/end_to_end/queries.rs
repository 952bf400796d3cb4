//! Standing queries of a run that goes on: what they find is what a search through all rows finds.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    clips::{ffmpeg, id, world},
    hook::Hook,
    program::{Ended, Run, Running, free_port, run_with_one_network, sonoscope, wait_until},
    rows::Rows,
};

/// What is found, and how far it is.
pub type Found = ((String, i64, String), f64);

/// A run that watches a folder, and takes questions.
pub struct Watching {
    home: TempDir,
    hook: Hook,
    port: u16,
}

impl Watching {
    pub fn new() -> Self {
        let this = Self {
            home: tempfile::tempdir().unwrap(),
            hook: Hook::start(),
            port: free_port(),
        };
        fs::create_dir(this.path("inbox")).unwrap();
        let config = format!(
            "[[sink]]\nuri = 'jsonl:{}'\n[[sink]]\nuri = '{}'\nviews = ['nearest']\n",
            this.path("rows.jsonl").display(),
            this.hook.uri()
        );
        fs::write(this.path("run.toml"), config).unwrap();
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A clip more to look at.
    pub fn put(&self, number: usize) {
        let clip = &world()[number];
        let inbox = self.path("inbox");
        fs::copy(clip, inbox.join(clip.file_name().unwrap())).unwrap();
    }

    fn start(&self, workers: &str) -> Running {
        self.run(workers).start()
    }

    /// The run that takes them.
    pub fn run(&self, workers: &str) -> Run {
        let run = run_with_one_network(["--watch", "--view", "nearest", "--workers", workers]);
        let run = run.and(["--include", "embeddings", "--commit-every", "0"]);
        let run = run.and(["--listen", &self.port.to_string(), "--state"]);
        let run = run.and([self.path("state")]).and(["--config"]);
        run.and([self.path("run.toml"), self.path("inbox")])
    }

    fn rows(&self) -> Rows {
        let text = fs::read_to_string(self.path("rows.jsonl")).unwrap_or_default();
        // A line may be on its way.
        Rows::parse(&text[..text.rfind('\n').map_or(0, |end| end + 1)])
    }

    /// What a clip is called in rows.
    pub fn named(&self, clip: &Path) -> String {
        let rows = self.rows().0.into_iter();
        let mut names = rows.map(|row| row["source"].as_str().unwrap().to_owned());
        names.find(|name| name.starts_with(&id(clip))).unwrap()
    }

    pub fn wait_for_rows(&self, count: usize) {
        wait_until("rows are written", || self.rows().len() == count);
    }

    fn ask(&self, arguments: &[&str]) -> Run {
        let url = format!("http://127.0.0.1:{}", self.port);
        sonoscope(["ask", "--url", &url]).and(arguments)
    }

    /// What the program finds.
    pub fn found(&self, arguments: &[&str]) -> Vec<Found> {
        let ended = self.ask(arguments).and(["--json"]).done();
        ended.stdout.lines().map(read).collect()
    }

    /// What is found by whoever has followed all changes.
    fn followed(&self) -> BTreeMap<(String, i64, String), f64> {
        let answers = self.hook.answers("nearest").into_values();
        answers.map(|answer| read(&answer.to_string())).collect()
    }

    /// What a search through all rows finds for one of their embeddings.
    pub fn searched(&self, like: (&str, i64, &str), seeks: &[&str], k: usize) -> Vec<Found> {
        let rows = self.rows();
        let sought = rows.0.iter().find_map(|row| {
            let is_it = row["source"] == like.0 && row["segment"] == like.1;
            is_it.then(|| vector(row, like.2)).flatten()
        });
        let sought = sought.unwrap();
        let mut all: Vec<Found> = Vec::new();
        for row in &rows.0 {
            for modality in seeks {
                if let Some(vector) = vector(row, modality) {
                    let squares = vector.iter().zip(&sought).map(|(a, b)| (a - b).powi(2));
                    let name = row["source"].as_str().unwrap().to_owned();
                    let key = (name, row["segment"].as_i64().unwrap(), (*modality).into());
                    all.push((key, squares.sum::<f64>().sqrt()));
                }
            }
        }
        all.sort_by(|one, other| one.1.total_cmp(&other.1));
        all.truncate(k);
        all
    }
}

/// A picture, or a sound that can be heard, in the network's space.
fn vector(row: &Value, modality: &str) -> Option<Vec<f64>> {
    let values = match modality {
        "picture" => &row["frame_embedding"],
        _ if row["audio"] == "silent" => return None,
        _ => &row["audio_embedding"],
    };
    let values = values.as_array()?.iter();
    Some(values.map(|value| value.as_f64().unwrap()).collect())
}

fn read(line: &str) -> Found {
    let found: Value = serde_json::from_str(line).unwrap();
    let text = |key: &str| found[key].as_str().unwrap().to_owned();
    let key = (
        text("source"),
        found["segment"].as_i64().unwrap(),
        text("modality"),
    );
    (key, found["distance"].as_f64().unwrap())
}

/// Both find the same, but for seconds that are as far as each other.
#[track_caller]
pub fn assert_same(found: &[Found], searched: &[Found]) {
    assert_eq!(found.len(), searched.len(), "{found:?}\n{searched:?}");
    for (one, other) in found.iter().zip(searched) {
        // The program squares differences of large numbers, in 32 bits.
        assert!((one.1 - other.1).abs() < 2e-3, "{found:?}\n{searched:?}");
    }
}

fn argument(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_is_found_is_what_a_search_finds_and_stays_so() {
    let watching = Watching::new();
    watching.put(0);
    watching.put(1);
    let running = watching.start("2");
    watching.wait_for_rows(6);
    let (clip, second) = (watching.named(&world()[0]), 1);
    let like = format!("{clip}/{second}");
    let both = ["picture", "sound"];

    let found = watching.found(&["--like", &like, "--by", "sound", "--k", "5"]);
    let searched = watching.searched((&clip, second, "sound"), &both, 5);
    assert_same(&found, &searched);
    assert_eq!(found[0].0, (clip.clone(), second, "sound".to_owned()));

    let film = argument(&world()[0]);
    let picture = ffmpeg(
        "asked.jpg",
        &format!("-ss 1.48 -i {film} -frames:v 1 -q:v 1"),
    );
    let sound = ffmpeg("asked.wav", &format!("-ss 1 -t 1 -i {film} -vn"));
    for (option, file, modality) in [
        ("--image", &picture, "picture"),
        ("--audio", &sound, "sound"),
    ] {
        let found = watching.found(&[option, argument(file), "--seek", modality]);
        let searched = watching.searched((&clip, second, modality), &[modality], 10);
        assert_eq!(found.len(), searched.len());
        // What is on show at its middle was written and read again: not the same to the bit.
        let distance = found
            .iter()
            .find(|(key, _)| key.0 == clip && key.1 == second);
        assert!(distance.unwrap().1 < 0.3, "{modality}: {found:?}");
    }

    watching
        .ask(&[
            "--like", &like, "--seek", "sound", "--k", "2", "--keep", "dog",
        ])
        .done();
    watching.put(2);
    watching.wait_for_rows(9);
    let settled = || {
        let searched = watching.searched((&clip, second, "picture"), &["sound"], 2);
        let keys = searched.into_iter().map(|(key, _)| key);
        watching
            .followed()
            .into_keys()
            .eq(keys.collect::<std::collections::BTreeSet<_>>())
    };
    wait_until("the sink has what is nearest", settled);
    running.signal("INT");
    running.end().exited(0);

    // The query stands again, over all that is there.
    let running = watching.start("1");
    wait_until("it listens", || {
        watching.ask(&["--like", &like]).end().status.success()
    });
    wait_until("the sink has what is nearest", settled);
    let twice = watching.ask(&["--like", &like, "--keep", "dog"]).end();
    twice.exited(2).explains(&["a query dog"]);
    refuses(&watching, &clip);
    running.signal("INT");
    running.end().exited(0);
}

/// What should not be asked is told, with what to do.
fn refuses(watching: &Watching, clip: &str) {
    let text = watching.path("run.toml");
    let refused = |arguments: &[&str]| -> Ended { watching.ask(arguments).end().exited(2) };
    let like = format!("{clip}/0");
    for (arguments, told) in [
        (vec!["--image", argument(&text)], "neither JPEG nor PNG"),
        (vec!["--audio", argument(&text)], "none of WAV"),
        (vec!["--like", "nobody/7"], "second 7 of nobody"),
        (vec!["--like", "nobody"], "SOURCE/SEGMENT"),
        (vec!["--like", &like, "--k", "0"], "`k`"),
        (vec!["--like", &like, "--k", "1000000"], "`k`"),
        (vec!["--like", &like, "--network", "owl"], "no network owl"),
        (vec!["--image", "nowhere.png"], "cannot read nowhere.png"),
    ] {
        refused(&arguments).explains(&[told]);
    }
}

#[test]
fn who_asks_where_nobody_answers_is_told() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let asked = sonoscope(["ask", "--like", "film/7", "--url", &url]);
    asked
        .end()
        .exited(3)
        .explains(&["nobody answers", "--listen"]);
    assert_eq!(sonoscope(["ask"]).end().status.code(), Some(2));

    // This network does not put pictures and sounds into one space.
    let (home, port) = (tempfile::tempdir().unwrap(), free_port().to_string());
    let run = sonoscope([
        "run",
        "--network",
        "avol-small",
        "--view",
        "nearest",
        "--watch",
    ]);
    let run = run.and(["--sink", "null:", "--listen", &port]);
    let running = run.and([home.path()]).start();
    let url = format!("http://127.0.0.1:{port}");
    let ask = || sonoscope(["ask", "--like", "film/7", "--url", &url]).end();
    wait_until("it listens", || ask().status.code() == Some(2));
    ask()
        .exited(2)
        .explains(&["one space", "--network ave-small"]);
    running.signal("INT");
    running.end().exited(0);
}
