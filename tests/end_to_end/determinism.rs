//! The same rows, byte for byte, however the work is spread.

use crate::support::{program::sonoscope, rows::lines_of, world};

/// The lines of each clip, in the order in which they were written.
fn lines(precision: &str, workers: &str, threads: &str) -> Vec<Vec<String>> {
    let options = [
        "run",
        "--include",
        "heatmap,embeddings",
        "--precision",
        precision,
    ];
    let spread = ["--workers", workers, "--threads", threads];
    let output = sonoscope(options).and(spread).and(world()).done().stdout;
    let sources = ["clip-00000", "clip-00001", "clip-00002"];
    sources.map(|source| lines_of(&output, source)).to_vec()
}

#[test]
fn workers_and_threads_change_nothing() {
    for precision in ["fp32", "int8"] {
        let golden = lines(precision, "1", "1");
        assert!(
            golden.iter().all(|lines| lines.len() == 6),
            "two networks, three seconds"
        );
        for (workers, threads) in [("1", "1"), ("1", "3"), ("2", "2"), ("3", "2")] {
            let again = lines(precision, workers, threads);
            assert!(
                again == golden,
                "{precision}: {workers} workers, {threads} threads"
            );
        }
    }
}

#[test]
fn one_source_gives_one_output() {
    let run = |workers| {
        sonoscope(["run", "--workers", workers])
            .and([&world()[0]])
            .done()
            .stdout
    };
    let golden = run("1");
    for workers in ["1", "2", "3"] {
        assert!(run(workers) == golden, "{workers} workers");
    }
}
