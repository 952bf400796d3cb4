//! Views in a run: their answers are those of a plain count over the rows, however it is spread,
//! stopped and begun again, and whatever is withdrawn.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    clips::{ffmpeg, world},
    hook::Hook,
    program::{Run, run_with_one_network, sonoscope, wait_until},
    rows::Rows,
};

/// Seconds between runs that are one episode, and the fewest of an episode.
const BRIDGE_S: i64 = 1;
const SHORTEST_S: i64 = 2;

const VIEWS: [&str; 3] = ["episodes", "rolling", "sync"];

/// Half a minute with its own sound, another one's, and its own again.
fn clip(number: usize) -> PathBuf {
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
struct Followed {
    home: TempDir,
    hook: Hook,
    /// Thresholds of episodes.
    levels: (f64, f64),
    /// The sink through which rows are read again.
    rows: &'static str,
}

impl Followed {
    /// With thresholds between the scores of these recordings, so that some seconds belong and
    /// some do not.
    fn new(sources: &[PathBuf]) -> Self {
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

    /// The same job, begun anew elsewhere.
    fn again(&self) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            hook: Hook::start(),
            levels: self.levels,
            rows: self.rows,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, workers: &str, sources: &[&Path]) -> Run {
        let ((enter, leave), hook) = (self.levels, self.hook.uri());
        let (kind, name) = self.rows.split_once(':').unwrap();
        let config = format!(
            "include = ['embeddings']\n[views]\nsync = {{}}\nepisodes = {{ enter = {enter}, leave = {leave}, bridge-s = {BRIDGE_S}, \
             shortest-s = {SHORTEST_S} }}\nrolling = {{}}\n\
             [[sink]]\nuri = '{kind}:{}'\n\
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
    fn kept(&self, workers: &str, sources: &[&Path]) -> Run {
        let run = self.run(workers, sources);
        run.and(["--commit-every", "0", "--state"])
            .and([self.path("state")])
    }

    fn rows(&self) -> Rows {
        Rows::parse(&fs::read_to_string(self.path("rows.jsonl")).unwrap())
    }

    /// The episodes that hold, for whoever has followed all changes.
    fn episodes(&self) -> Vec<Episode> {
        let answers = self.hook.answers("episodes").into_values();
        let mut episodes: Vec<_> = answers.map(|answer| Episode::read(&answer)).collect();
        episodes.sort();
        episodes
    }

    /// The episodes of these rows, counted plainly.
    fn counted(&self, rows: &Rows) -> Vec<Episode> {
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
struct Episode {
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
fn heard(rows: &Rows) -> Vec<(String, i64, f64)> {
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

#[test]
fn episodes_are_those_of_a_plain_count_on_any_number_of_workers() {
    let clips = [clip(0), clip(1)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let mut told: Vec<(BTreeMap<String, Value>, BTreeMap<String, Value>)> = Vec::new();
    for workers in ["1", "2", "3"] {
        let job = Followed::new(&clips);
        job.run(workers, &sources).done();
        let episodes = job.episodes();
        assert_eq!(episodes, job.counted(&job.rows()), "{workers} workers");
        assert!(episodes.len() > 1, "{episodes:?}");
        told.push((job.hook.answers("episodes"), job.hook.answers("rolling")));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    let minutes = told[0].1.values().filter(|one| one["window_s"] == 60);
    assert_eq!(
        minutes
            .map(|one| one["seconds"].as_i64())
            .collect::<Vec<_>>(),
        [Some(30); 2]
    );
}

#[test]
fn the_episodes_of_a_source_that_has_changed_are_deleted() {
    let clips = [clip(0), clip(1), clip(2)];
    let job = Followed::new(&clips);
    let [film, other] = ["film.mp4", "other.mp4"].map(|name| job.path(name));
    fs::copy(&clips[0], &film).unwrap();
    fs::copy(&clips[1], &other).unwrap();
    job.kept("2", &[&film, &other]).done();
    assert_eq!(job.episodes(), job.counted(&job.rows()));

    fs::copy(&clips[2], &film).unwrap();
    job.kept("1", &[&film, &other]).done();
    let anew = run_with_one_network(["--quiet"]).and([&film, &other]);
    let expected = job.counted(&anew.done().rows());
    assert_eq!(job.episodes(), expected);

    // The file of lines still has the old rows, which do not count when it is read again.
    fs::copy(&clips[1], &film).unwrap();
    job.kept("3", &[&film, &other]).done();
    let anew = run_with_one_network(["--quiet"]).and([&film, &other]);
    assert_eq!(job.episodes(), job.counted(&anew.done().rows()));
}

#[test]
fn a_job_that_is_stopped_and_goes_on_answers_as_one_that_was_not() {
    let clips = [clip(0), clip(1), clip(2)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let job = Followed::new(&clips);
    let running = job.kept("1", &sources).start();
    let rows = job.path("rows.jsonl");
    wait_until("rows are written", || {
        fs::metadata(&rows).is_ok_and(|file| file.len() > 0)
    });
    running.signal("INT");
    drop(running.end());
    let before = job.rows().len();
    job.kept("3", &sources).done();
    assert!(before < job.rows().len(), "it was stopped on the way");

    let undisturbed = job.again();
    undisturbed.run("1", &sources).done();
    assert_eq!(job.episodes(), undisturbed.episodes());
    for view in VIEWS {
        assert_eq!(job.hook.answers(view), undisturbed.hook.answers(view));
    }
}

#[test]
fn rows_are_read_again_from_parquet_as_well() {
    let clips = [clip(0), clip(1), clip(2)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let job = Followed {
        rows: "parquet:rows",
        ..Followed::new(&clips)
    };
    let running = job.kept("1", &sources).start();
    let told = || job.hook.letters().len();
    wait_until("rows are told", || told() > 40);
    running.signal("INT");
    drop(running.end());
    job.kept("3", &sources).done();

    let undisturbed = job.again();
    undisturbed.run("1", &sources).done();
    for view in VIEWS {
        let answers = job.hook.answers(view);
        assert!(!answers.is_empty(), "{view}");
        assert_eq!(answers, undisturbed.hook.answers(view), "{view}");
    }
}

#[test]
fn whoever_follows_a_job_that_is_killed_over_and_over_ends_with_the_same_answers() {
    let clips = [clip(0), clip(1), clip(2)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let job = Followed::new(&clips);
    let written = || fs::metadata(job.path("rows.jsonl")).map_or(0, |file| file.len());
    // All rows together have about 300 000 bytes.
    let moments = [("1", 30_000), ("2", 90_000), ("1", 150_000), ("3", 200_000)];
    let mut kills = 0;
    for (workers, bytes) in moments {
        let told = job.hook.letters().len();
        let running = RefCell::new(job.kept(workers, &sources).start());
        let is_over = || running.borrow_mut().is_over();
        wait_until("it goes on", || {
            is_over() || (written() > bytes && job.hook.letters().len() > told)
        });
        kills += u32::from(!is_over());
        running.into_inner().kill();
    }
    assert!(kills > 0, "it was killed on the way");
    job.kept("2", &sources).done();

    let undisturbed = job.again();
    undisturbed.run("1", &sources).done();
    for view in VIEWS {
        let answers = job.hook.answers_after_kills(view);
        assert_eq!(answers, undisturbed.hook.answers(view), "{view}");
    }
}

/// What is said of pictures with their own sounds is what the network said of them.
#[test]
fn the_curve_of_skew_goes_through_the_mean_correspondence() {
    let clips = [clip(0)];
    let job = Followed::new(&clips);
    job.run("1", &[&clips[0]]).done();
    let answers = job.hook.answers("sync");
    let skew = answers.values().next().unwrap();
    assert_eq!((&skew["end"], answers.len()), (&30.into(), 1));
    let scores: Vec<f64> = heard(&job.rows()).iter().map(|one| one.2).collect();
    assert_eq!(skew["seconds"], scores.len());
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let told = skew["curve"][5].as_f64().unwrap();
    assert!((told - mean).abs() < 2e-3, "{told} and {mean}");
}

#[test]
fn what_cannot_be_answered_is_told() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("run.toml");
    for (text, told) in [
        (
            "[views]\nepisodes = { enter = 2.0 }",
            ["episodes.enter", "0..1"],
        ),
        ("[views]\nweather = {}", ["line 2", "weather"]),
        ("[views]\nversus = []", ["versus", "two networks"]),
        ("[views]\nsync = { window-s = 0 }", ["sync.window-s", "1.."]),
        (
            "[[sink]]\nuri = 'webhook+http://127.0.0.1:1/'\nviews = ['episodes']",
            ["no view episodes", "--view episodes"],
        ),
        (
            "[[sink]]\nuri = 'null:'\nviews = ['episodes']",
            ["views", "no use"],
        ),
    ] {
        fs::write(&config, text).unwrap();
        let run = run_with_one_network(["--config"]).and([&config, &clip(0)]);
        run.end().exited(2).explains(&told);
    }
    let run = sonoscope(["run", "--network", "avol-small", "--view", "matrix"]);
    let ended = run.and([clip(0)]).end();
    ended.exited(2).explains(&["matrix", "by the distance"]);

    let state = home.path().join("state");
    let run = run_with_one_network(["--sink", "null:", "--view", "episodes", "--state"]);
    let ended = run.and([&state, &clip(0)]).end();
    ended
        .exited(2)
        .explains(&["read its rows again", "jsonl:PATH"]);

    let lines = format!("jsonl:{}", home.path().join("rows.jsonl").display());
    let run = run_with_one_network(["--sink", &lines, "--view", "nearest", "--state"]);
    let ended = run.and([&home.path().join("other"), &clip(0)]).end();
    ended
        .exited(2)
        .explains(&["with their embeddings", "--include embeddings"]);
}
