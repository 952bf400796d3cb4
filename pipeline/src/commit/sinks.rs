//! All sinks of a run, as one.

#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    io::{self, ErrorKind},
    path::Path,
    time::{Duration, Instant},
};

use sonoscope_operators::{Row, SourceId, views::Observation};

use super::routes::Routes;
use crate::{
    cameras::Roster,
    fault::Fault,
    ledger::{Ledger, Terms},
    metrics::Metrics,
    observer::newest_lag_s,
    sinks::{Account, Form, Opening, Position, Sink, SinkSpec, SinkUri, Withdrawal},
    sources::Stop,
    views::Change,
};

/// The sinks of a run, open.
pub struct OpenSinks {
    sinks: Vec<(SinkSpec, Box<dyn Sink>)>,
    /// Whether what they have taken outlasts this run, so that another goes on behind it.
    is_kept: bool,
    metrics: Option<Metrics>,
    routes: Routes,
}

/// How sinks are opened.
#[derive(Clone, Copy)]
pub struct Manner<'a> {
    /// What rows carry, and the networks that they speak for.
    pub form: &'a Form,
    /// The state folder, if the run keeps one.
    pub state: Option<&'a Path>,
    /// Raised when the run is to end.
    pub stop: &'a Stop,
}

impl<'a> Manner<'a> {
    fn at(self, at: Option<&'a Position>) -> Opening<'a> {
        let Self { form, state, stop } = self;
        Opening {
            form,
            state,
            at,
            stop,
        }
    }
}

/// What ended a run, to be told; nothing when the reader of standard output has simply gone.
pub type Trouble = Option<Fault>;

impl OpenSinks {
    /// Begins all of them anew, first those that may refuse: one that does must not have cost the
    /// rows of another.
    ///
    /// # Errors
    /// When one cannot be opened.
    pub fn begin(specs: &[SinkSpec], manner: Manner) -> Result<Self, Fault> {
        let may_refuse = |spec: &&SinkSpec| spec.uri.may_refuse() || spec.uri.is_delivered();
        let (refusing, others) = (specs.iter()).partition::<Vec<_>, _>(may_refuse);
        let opened = refusing.into_iter().chain(others).map(|spec| {
            let sink = spec.open(&manner.at(None));
            Ok((
                spec.clone(),
                sink.map_err(|error| cannot_open(spec, &error))?,
            ))
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
    pub fn can_be_kept(specs: &[SinkSpec]) -> Result<(), Fault> {
        let Some(SinkSpec { uri, .. }) = specs.iter().find(|spec| spec.uri.is_stdout()) else {
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
        specs: &[SinkSpec],
        manner: Manner,
        ledger: &Ledger,
        terms: &Terms,
    ) -> Result<Self, Fault> {
        let Some(written) = ledger.sinks(terms)? else {
            let mut this = Self::begin(specs, manner)?;
            this.is_kept = true;
            let positions = this.commit().map_err(|trouble| {
                trouble.unwrap_or_else(|| Fault::environment("a sink has closed"))
            })?;
            ledger.begin(terms, &positions)?;
            return Ok(this);
        };
        let differences = differences(specs, &written);
        if !differences.is_empty() {
            return Err(ledger.other_job(differences).into());
        }
        let opened = specs.iter().map(|spec| {
            let uri = &spec.uri;
            let at = (written.iter()).find(|(name, _)| *name == uri.to_string());
            let sink = spec.open(&manner.at(at.map(|(_, position)| position)));
            let sink = sink.map_err(|error| {
                Fault::environment(format!(
                    "cannot go on with {uri}, where rows are committed: {error}"
                ))
                .tip("restore it, or begin with a new state folder and new outputs")
            });
            Ok((spec.clone(), sink?))
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
        for (spec, sink) in &self.sinks {
            if let (Some(metrics), Some(counters)) = (&metrics, sink.counters()) {
                metrics.delivers(&spec.uri.to_string(), counters);
            }
        }
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
        let written = self.each(|spec, sink| {
            let uri = &spec.uri;
            let begun = metrics.as_ref().map(|metrics| (metrics, Instant::now()));
            sink.write(&taken(spec, routes.of(uri, rows)))?;
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

    /// Hands changes of views to those who asked for them.
    ///
    /// # Errors
    /// When one takes no more.
    pub fn changes(&mut self, changes: &[Change]) -> Result<(), Trouble> {
        self.each(|spec, sink| {
            let is_wanted = |change: &&Change| {
                let filter = &spec.filter;
                spec.views.contains(&change.view) && filter.takes_changes_of(&change.source)
            };
            let wanted: Vec<_> = changes.iter().filter(is_wanted).cloned().collect();
            if wanted.is_empty() {
                return Ok(());
            }
            sink.changes(&wanted)?;
            sink.flush()
        })
    }

    /// Hands out all rows that are committed, from the first sink of those `wanted` that can read
    /// its own; says whether one could.
    ///
    /// # Errors
    /// When it cannot read them after all: which one, and why.
    pub fn replay(
        &mut self,
        wanted: impl Fn(&SinkSpec) -> bool,
        take: &mut dyn FnMut(Observation),
    ) -> Result<bool, (SinkUri, io::Error)> {
        for (spec, sink) in self.sinks.iter_mut().filter(|(spec, _)| wanted(spec)) {
            let read = sink.replay(take);
            if read.map_err(|error| (spec.uri.clone(), error))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes all that they have taken durable, and says where each stands.
    ///
    /// # Errors
    /// When one cannot; the positions of before still hold.
    pub fn commit(&mut self) -> Result<Vec<(String, Position)>, Trouble> {
        let mut positions = Vec::new();
        self.each(|spec, sink| {
            positions.push((spec.uri.to_string(), sink.commit()?));
            Ok(())
        })?;
        Ok(positions)
    }

    /// Waits until receivers have what waits for them, all of them for as long altogether.
    ///
    /// # Errors
    /// When one cannot let it go.
    pub fn drain(&mut self, patience: Duration) -> Result<(), Trouble> {
        let until = Instant::now() + patience;
        self.each(|_, sink| sink.drain(until))
    }

    /// What became of the rows of each sink whose rows are delivered.
    pub fn accounts(&self) -> Vec<(SinkUri, Account)> {
        let counters = |(spec, sink): &(SinkSpec, Box<dyn Sink>)| {
            Some((spec.uri.clone(), sink.counters()?.read()))
        };
        self.sinks.iter().filter_map(counters).collect()
    }

    /// Lets everything out that is still held back. If a later run is to go on behind it, the
    /// positions of the last commit have to be in the ledger.
    ///
    /// # Errors
    /// When one cannot write it.
    pub fn finish(&mut self) -> Result<(), Trouble> {
        let mut trouble = Ok(());
        // Also those behind one that cannot.
        for (spec, sink) in &mut self.sinks {
            let finished = sink.finish();
            let finished = finished.map_err(|error| refused(&spec.uri, &error, self.is_kept));
            trouble = trouble.and(finished);
        }
        trouble
    }

    /// Withdraws a source's rows from all of them; those in which they stay.
    ///
    /// # Errors
    /// When one takes no more.
    pub fn withdraw(&mut self, source: &SourceId) -> Result<Vec<SinkUri>, Trouble> {
        let mut left = Vec::new();
        self.each(|spec, sink| {
            if sink.withdraw(source)? == Withdrawal::Left {
                left.push(spec.uri.clone());
            }
            Ok(())
        })?;
        Ok(left)
    }

    fn each(
        &mut self,
        mut work: impl FnMut(&SinkSpec, &mut dyn Sink) -> io::Result<()>,
    ) -> Result<(), Trouble> {
        let is_kept = self.is_kept;
        (self.sinks.iter_mut()).try_for_each(|(spec, sink)| {
            work(spec, sink.as_mut()).map_err(|error| refused(&spec.uri, &error, is_kept))
        })
    }
}

/// Those of the rows that a sink wants.
fn taken<'a>(spec: &SinkSpec, rows: Cow<'a, [Row]>) -> Cow<'a, [Row]> {
    match spec.filter.is_open() || rows.iter().all(|row| spec.filter.takes(row)) {
        true => rows,
        false => (rows.iter().filter(|row| spec.filter.takes(row)))
            .cloned()
            .collect(),
    }
}

fn cannot_open(spec: &SinkSpec, error: &io::Error) -> Fault {
    let cause = format!("cannot open {}: {error}", spec.uri);
    match error.kind() {
        // It says itself what to do.
        ErrorKind::InvalidInput if cause.contains("tip:") => return Fault::usage(cause),
        ErrorKind::InvalidInput => {
            return Fault::usage(cause).tip("`sonoscope sinks` lists the options of each sink");
        }
        ErrorKind::PermissionDenied if spec.uri.is_delivered() => {
            return Fault::environment(cause);
        }
        _ => {}
    }
    Fault::environment(cause).tip(match error.kind() {
        ErrorKind::AlreadyExists => "name a folder that is empty or not there yet",
        ErrorKind::ResourceBusy => "wait for its end, or name another place",
        _ => "check that the path can be written to",
    })
}

/// What two lists of sinks have otherwise.
fn differences(specs: &[SinkSpec], written: &[(String, Position)]) -> Vec<String> {
    let uris: Vec<_> = specs.iter().map(|spec| spec.uri.to_string()).collect();
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
