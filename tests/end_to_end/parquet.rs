//! `parquet:DIR`, read by those who will: DuckDB, Polars, pyarrow.

use std::{fs, path::Path};

use crate::support::{
    program::{sonoscope, tool},
    repository, world,
};

/// What `scripts/setup/python.sh` makes of `tests/readers/requirements.lock`.
const READERS: &str = ".runtime/readers/bin/python";

/// Compares a folder with lines. Where the readers are not installed it says so and does nothing.
fn compare(lines: &Path, folder: &Path) {
    let python = repository().join(READERS);
    if !python.exists() {
        eprintln!("left out: DuckDB, Polars and pyarrow are not installed (make setup-bench)");
        return;
    }
    let script = repository().join("tests/readers/compare.py");
    let said = tool(python.to_str().unwrap(), [script.as_path(), lines, folder]);
    let said = String::from_utf8(said).unwrap();
    let rows = fs::read_to_string(lines).unwrap().lines().count();
    assert!(said.starts_with(&format!("{rows} rows, ")), "{said}");
}

#[test]
fn readers_see_the_rows_that_lines_have() {
    let home = tempfile::tempdir().unwrap();
    let (lines, folder) = (home.path().join("rows.jsonl"), home.path().join("out"));
    let sinks = [
        format!("jsonl:{}", lines.display()),
        format!("parquet:{}", folder.display()),
    ];
    let run = || {
        sonoscope(["run", "--include", "heatmap,embeddings"])
            .and(world().iter().take(3))
            .and(sinks.iter().flat_map(|sink| ["--sink", sink]))
    };
    run().done();
    compare(&lines, &folder);
    assert!(
        !folder.join(".sonoscope").exists(),
        "nothing waits any more"
    );
    run()
        .end()
        .exited(3)
        .explains(&["holds rows of another run"]);
    compare(&lines, &folder);
}

#[test]
fn what_is_not_asked_for_is_no_column() {
    let home = tempfile::tempdir().unwrap();
    let (lines, folder) = (home.path().join("rows.jsonl"), home.path().join("out"));
    (sonoscope(["run", "--network", "avol-small"]).and([&world()[0]]))
        .and(["--sink".into(), format!("parquet:{}", folder.display())])
        .and(["--sink".into(), format!("jsonl:{}", lines.display())])
        .done();
    compare(&lines, &folder);
}
