//! What comes out is what comes out of one process.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    queries::{Watching, assert_same},
    support::{
        company::Company,
        jobs::{JSONL, Job, Lines, clip as tone, undisturbed},
        program::run_with_one_network,
        world,
    },
    views::followed::{Followed, clip},
};

const VIEWS: [&str; 3] = ["episodes", "rolling", "sync"];

/// What comes of a job.
#[derive(Debug, PartialEq)]
struct Told {
    /// By source.
    rows: BTreeMap<String, Vec<Value>>,
    /// Of each view, by key.
    answers: [BTreeMap<String, Value>; 3],
}

fn told(job: &Followed) -> Told {
    let mut rows: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in job.rows().0 {
        let source = row["source"].as_str().unwrap().to_owned();
        rows.entry(source).or_default().push(row);
    }
    let answers = VIEWS.map(|view| job.hook.answers(view));
    Told { rows, answers }
}

#[test]
fn rows_and_answers_are_those_of_one_process() {
    let clips = [clip(0), clip(1), clip(2)];
    let sources = clips.each_ref().map(PathBuf::as_path);
    let alone = Followed::new(&clips);
    alone.run("1", &sources).done();
    let golden = told(&alone);
    assert_eq!(golden.rows.len(), 3);
    assert!(golden.answers.iter().all(|answers| !answers.is_empty()));
    for (processes, workers) in [(2, "1"), (3, "2")] {
        let (company, job) = (Company::of(processes), alone.again());
        company.start(|_| job.run(workers, &sources)).done();
        let what = format!("{processes} processes of {workers} workers");
        assert!(told(&job) == golden, "{what}: {:#?}", told(&job));
    }
}

/// Lines by source, of a run of this company.
fn lines_of(company: &Company, path: &Path, sources: &[PathBuf]) -> Lines {
    let sink = format!("jsonl:{}", path.display());
    let run = |_| run_with_one_network(["-v", "--sink", &sink]).and(sources);
    let ended = company.start(run).done();
    // A worker reads two at a time, so which of the others had something to do is open.
    let dealt = &ended[0].stderr;
    assert!(dealt.contains("goes to process"), "one did all:\n{dealt}");
    (JSONL.read)(path)
}

#[test]
fn a_long_recording_is_shared_out_among_processes() {
    // Three parts, one for each worker.
    let sources = [tone(9, 200)];
    let company = Company::of(3);
    let lines = lines_of(&company, &company.path("rows"), &sources);
    assert!(lines == undisturbed(JSONL, &sources, 0));
}

#[test]
fn what_fails_elsewhere_fails_as_it_does_here() {
    let company = Company::of(2);
    let job = Job::new(JSONL, &[]);
    let broken: Vec<_> = (0..6)
        .map(|number| {
            let path = company.path(&format!("broken-{number}.mp4"));
            fs::write(&path, vec![number; 4000]).unwrap();
            path
        })
        .collect();
    let sources = [broken, vec![tone(0, 16)]].concat();
    let run = |_| job.run().and(&sources);
    let ended = company.start(run).end();
    let [first, second] = &ended[..] else {
        panic!("two processes");
    };
    assert_eq!(first.status.code(), Some(1), "{}", first.stderr);
    assert_eq!(second.status.code(), Some(0), "{}", second.stderr);
    let alone = run_with_one_network(["--sink", "null:"])
        .and(&sources)
        .end();
    let reasons = |text: &str| {
        let lines = text.lines().filter(|line| line.contains("broken-"));
        let mut lines: Vec<_> = lines.map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(reasons(&first.stderr), reasons(&alone.stderr));
    assert_eq!(job.lines().len(), 1);
    // All are settled: nothing is begun anew.
    let again = company.start(run).end();
    let before = &again[0].stderr;
    assert!(before.contains("1 done before"), "{before}");
}

#[test]
fn what_is_nearest_is_found_wherever_it_is_remembered() {
    let (company, watching) = (Company::of(3), Watching::new());
    (0..3).for_each(|number| watching.put(number));
    let mut marching = company.start(|_| watching.run("1"));
    watching.wait_for_rows(9);
    let both = ["picture", "sound"];
    for recording in world() {
        let (name, second) = (watching.named(recording), 2);
        let like = format!("{name}/{second}");
        let found = watching.found(&["--like", &like, "--by", "sound", "--k", "7"]);
        assert_same(
            &found,
            &watching.searched((&name, second, "sound"), &both, 7),
        );
    }
    marching.process(0).signal("INT");
    marching.done();
}
