//! All sinks of a run, as one.

use std::{
    io::{self, ErrorKind},
    time::Instant,
};

use sonoscope_operators::{Row, SourceId};

use super::routes::Routes;
use crate::{
    cameras::Roster,
    fault::Fault,
    ledger::{Ledger, Terms},
    metrics::Metrics,
    observer::newest_lag_s,
    sinks::{Form, Position, Sink, SinkUri, Withdrawal},
};

/// The sinks of a run, open.
pub struct OpenSinks {
    sinks: Vec<(SinkUri, Box<dyn Sink>)>,
    /// Whether what they have taken outlasts this run, so that another goes on behind it.
    is_kept: bool,
    metrics: Option<Metrics>,
    routes: Routes,
}

/// What ended a run, to be told; nothing when the reader of standard output has simply gone.
pub type Trouble = Option<Fault>;

impl OpenSinks {
    /// Begins all of them anew, first those that may refuse: one that does must not have cost the
    /// rows of another.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn begin(uris: &[SinkUri], form: &Form) -> Result<Self, Fault> {
        let (refusing, others) = (uris.iter()).partition::<Vec<_>, _>(|uri| uri.may_refuse());
        let opened = refusing.into_iter().chain(others).map(|uri| {
            let sink = uri.open(form, None);
            Ok((uri.clone(), sink.map_err(|error| cannot_open(uri, &error))?))
        });
        Ok(Self {
            sinks: opened.collect::<Result<_, Fault>>()?,
            is_kept: false,
            metrics: None,
            routes: Routes::default(),
        })
    }

    /// Whether a later run can go on behind what they take in this one.
    ///
    /// # Errors
    /// When one is standard output.
    pub fn can_be_kept(uris: &[SinkUri]) -> Result<(), Fault> {
        let Some(uri) = uris.iter().find(|uri| uri.is_stdout()) else {
            return Ok(());
        };
        let fault = Fault::usage(format!(
            "--state and {uri} do not go together: standard output cannot be cut back to where \
             the last run stood"
        ));
        Err(fault.tip("write into a file: --sink jsonl:PATH"))
    }

    /// Opens all of them where the ledger has them: at their beginnings, if the job is new.
    ///
    /// # Errors
    /// When one cannot be, when the job is another one, or has begun with other sinks: what is
    /// committed already would be missing in a new one.
    pub fn resume(
        uris: &[SinkUri],
        form: &Form,
        ledger: &Ledger,
        terms: &Terms,
    ) -> Result<Self, Fault> {
        let Some(written) = ledger.sinks(terms)? else {
            let mut this = Self::begin(uris, form)?;
            this.is_kept = true;
            let positions = this.commit().map_err(|trouble| {
                trouble.unwrap_or_else(|| Fault::environment("a sink has closed"))
            })?;
            ledger.begin(terms, &positions)?;
            return Ok(this);
        };
        let differences = differences(uris, &written);
        if !differences.is_empty() {
            return Err(ledger.other_job(differences).into());
        }
        let opened = uris.iter().map(|uri| {
            let at = (written.iter()).find(|(name, _)| *name == uri.to_string());
            let sink = uri.open(form, at.map(|(_, position)| position));
            let sink = sink.map_err(|error| {
                Fault::environment(format!(
                    "cannot go on with {uri}, where rows are committed: {error}"
                ))
                .tip("restore it, or begin with a new state folder and new outputs")
            });
            Ok((uri.clone(), sink?))
        });
        Ok(Self {
            sinks: opened.collect::<Result<_, Fault>>()?,
            is_kept: true,
            metrics: None,
            routes: Routes::default(),
        })
    }

    /// From now on it is measured how long each takes to write.
    #[must_use]
    pub fn measured(mut self, metrics: Option<Metrics>) -> Self {
        self.metrics = metrics;
        self
    }

    /// From now on live sources choose among them.
    #[must_use]
    pub fn chosen_by(mut self, roster: Roster) -> Self {
        self.routes = Routes::new(roster);
        self
    }

    /// A source gives no more.
    pub fn ended(&mut self, ordinal: u32) {
        self.routes.ended(ordinal);
    }

    /// Hands all of them rows, then closes the sources that have come to their ends.
    ///
    /// # Errors
    /// When one takes no more.
    pub fn write(&mut self, rows: &[Row], ended: &[SourceId]) -> Result<(), Trouble> {
        let metrics = self.metrics.clone();
        let mut routes = std::mem::take(&mut self.routes);
        routes.see(rows);
        let written = self.each(|uri, sink| {
            let begun = metrics.as_ref().map(|metrics| (metrics, Instant::now()));
            sink.write(&routes.of(uri, rows))?;
            (ended.iter()).try_for_each(|source| sink.close_source(source))?;
            sink.flush()?;
            if let Some((metrics, begun)) = begun.filter(|_| !rows.is_empty()) {
                metrics.wrote(&uri.to_string(), begun.elapsed(), newest_lag_s(rows));
            }
            Ok(())
        });
        self.routes = routes;
        written
    }

    /// Makes all that they have taken durable, and says where each stands.
    ///
    /// # Errors
    /// When one cannot; the positions of before still hold.
    pub fn commit(&mut self) -> Result<Vec<(String, Position)>, Trouble> {
        let mut positions = Vec::new();
        self.each(|uri, sink| {
            positions.push((uri.to_string(), sink.commit()?));
            Ok(())
        })?;
        Ok(positions)
    }

    /// Lets everything out that is still held back. If a later run is to go on behind it, the
    /// positions of the last commit have to be in the ledger.
    ///
    /// # Errors
    /// When one cannot write it.
    pub fn finish(&mut self) -> Result<(), Trouble> {
        self.each(|_, sink| sink.finish())
    }

    /// Withdraws a source's rows from all of them; those in which they stay.
    ///
    /// # Errors
    /// When one takes no more.
    pub fn withdraw(&mut self, source: &SourceId) -> Result<Vec<SinkUri>, Trouble> {
        let mut left = Vec::new();
        self.each(|uri, sink| {
            if sink.withdraw(source)? == Withdrawal::Left {
                left.push(uri.clone());
            }
            Ok(())
        })?;
        Ok(left)
    }

    fn each(
        &mut self,
        mut work: impl FnMut(&SinkUri, &mut dyn Sink) -> io::Result<()>,
    ) -> Result<(), Trouble> {
        let is_kept = self.is_kept;
        (self.sinks.iter_mut()).try_for_each(|(uri, sink)| {
            work(uri, sink.as_mut()).map_err(|error| refused(uri, &error, is_kept))
        })
    }
}

fn cannot_open(uri: &SinkUri, error: &io::Error) -> Fault {
    let fault = Fault::environment(format!("cannot open {uri}: {error}"));
    fault.tip(match error.kind() {
        ErrorKind::AlreadyExists => "name a folder that is empty or not there yet",
        ErrorKind::ResourceBusy => "wait for its end, or name another place",
        _ => "check that the path can be written to",
    })
}

/// What two lists of sinks have otherwise.
fn differences(uris: &[SinkUri], written: &[(String, Position)]) -> Vec<String> {
    let uris: Vec<_> = uris.iter().map(SinkUri::to_string).collect();
    let new = (uris.iter())
        .filter(|uri| !written.iter().any(|(name, _)| name == *uri))
        .map(|uri| format!("the sink {uri} is new, and would lack the rows that are committed"));
    let gone = (written.iter())
        .filter(|(name, _)| !uris.contains(name))
        .map(|(name, _)| format!("the sink {name} is missing, and would lack what comes"));
    new.chain(gone).collect()
}

fn refused(uri: &SinkUri, error: &io::Error, is_kept: bool) -> Trouble {
    if uri.is_stdout() && error.kind() == ErrorKind::BrokenPipe {
        return None;
    }
    let fault = Fault::environment(format!("{uri} takes no more rows: {error}"));
    let is_full = matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded
    );
    Some(fault.tip(match (is_full, is_kept) {
        (true, true) => "make room and give the same command: it goes on where it stopped",
        (true, false) => "make room and run it again; the rows that are written are whole",
        (false, true) => "when this is mended, the same command goes on where it stopped",
        (false, false) => "the rows that were written before are whole",
    }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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

    fn uris(home: &Path) -> Vec<SinkUri> {
        let uri = |scheme: &str| format!("{scheme}:{}", home.join(scheme).display());
        ["jsonl", "parquet"]
            .map(|scheme| uri(scheme).parse().unwrap())
            .into()
    }

    fn resume(home: &Path) -> Result<OpenSinks, Fault> {
        let ledger = Ledger::open(&home.join("state"), false)?;
        OpenSinks::resume(&uris(home), &Form::default(), &ledger, &terms())
    }

    /// What a kill leaves is what is there when everything is dropped: none of these writes then.
    #[test]
    fn a_kill_before_the_first_transaction_leaves_a_job_that_begins() {
        for is_committed in [false, true] {
            let home = tempfile::tempdir().unwrap();
            let ledger = Ledger::open(&home.path().join("state"), false).unwrap();
            let mut sinks = OpenSinks::begin(&uris(home.path()), &Form::default()).unwrap();
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
}
