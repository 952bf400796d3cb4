//! Sinks of a run that was killed before it began.

use super::*;

fn terms() -> Terms {
    Terms {
        row_schema: 1,
        networks: Vec::new(),
        heatmap: false,
        embeddings: false,
        silence_dbfs: -60.0,
        frames: "exact".into(),
        from_s: 0,
        to_s: 9,
        clock: "none".into(),
    }
}

fn specs(home: &Path) -> Vec<SinkSpec> {
    let uri = |scheme: &str| format!("{scheme}:{}", home.join(scheme).display());
    ["jsonl", "parquet"]
        .map(|scheme| uri(scheme).parse::<SinkUri>().unwrap().into())
        .into()
}

fn begin(home: &Path) -> OpenSinks {
    let (form, stop) = (Form::default(), Stop::default());
    let manner = Manner {
        form: &form,
        state: None,
        stop: &stop,
    };
    OpenSinks::begin(&specs(home), manner).unwrap()
}

fn resume(home: &Path) -> Result<OpenSinks, Fault> {
    let ledger = Ledger::open(&home.join("state"), false)?;
    let (form, stop) = (Form::default(), Stop::default());
    let manner = Manner {
        form: &form,
        state: Some(home),
        stop: &stop,
    };
    OpenSinks::resume(&specs(home), manner, &ledger, &terms())
}

/// What a kill leaves is what is there when everything is dropped: none of these writes then.
#[test]
fn a_kill_before_the_first_transaction_leaves_a_job_that_begins() {
    for is_committed in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&home.path().join("state"), false).unwrap();
        let mut sinks = begin(home.path());
        if is_committed {
            assert_eq!(
                sinks.commit().ok().map(|positions| positions.len()),
                Some(2)
            );
        }
        drop((sinks, ledger));
        resume(home.path()).unwrap();
        // And from then on it is one that has begun.
        let ledger = Ledger::open(&home.path().join("state"), false).unwrap();
        assert_eq!(ledger.sinks(&terms()).unwrap().unwrap().len(), 2);
        drop(ledger);
        resume(home.path()).unwrap();
    }
}

#[test]
fn rows_of_others_are_not_taken_for_the_remains_of_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let part = home.path().join("parquet/source=a");
    std::fs::create_dir_all(&part).unwrap();
    std::fs::write(part.join("one.parquet"), "rows").unwrap();
    let refused = resume(home.path()).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("rows of another run"), "{refused}");
    assert!(
        !home.path().join("jsonl").exists(),
        "the other sink is as it was"
    );
}
