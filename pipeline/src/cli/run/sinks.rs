//! The sinks among what was named.

use crate::{
    cli::say,
    fault::{Exit, Fault},
    job::Job,
    sinks::{Form, Opening, SinkSpec, SinkUri},
    sources::Stop,
    views::ViewTables,
};

/// Where rows go; to standard output, if nothing is said.
pub fn named(named: Vec<SinkUri>, tables: Vec<SinkSpec>) -> Result<Vec<SinkSpec>, Fault> {
    let mut sinks: Vec<SinkSpec> = named.into_iter().map(Into::into).chain(tables).collect();
    if sinks.is_empty() {
        sinks.push("jsonl:-".parse::<SinkUri>().map_err(Fault::usage)?.into());
    }
    for (at, sink) in sinks.iter().enumerate() {
        sink.check()
            .map_err(|wrong| Fault::usage(format!("the sink {}: {wrong}", sink.uri)))
            .map_err(|fault| fault.tip("docs/sinks.md says what each key takes"))?;
        let name = sink.uri.to_string();
        if sinks[..at]
            .iter()
            .any(|other| other.uri.to_string() == name)
        {
            return Err(Fault::usage(format!("the sink {name} is named twice"))
                .tip("two sinks at one place would be in each other's way"));
        }
    }
    Ok(sinks)
}

/// That sinks ask for views that the run has.
pub fn can_be_told(views: &ViewTables, sinks: &[SinkSpec]) -> Result<(), Fault> {
    for sink in sinks {
        if let Some(view) = sink.views.iter().find(|view| !views.wants(**view)) {
            let cause = format!("the sink {}: the run has no view {view}", sink.uri);
            return Err(Fault::usage(cause).tip(format!("ask for it: --view {view}")));
        }
    }
    Ok(())
}

/// Opens every sink, as far as that leaves it as it is.
pub fn try_out(job: &Job) -> Result<Exit, Fault> {
    let (form, stop) = (Form::default(), Stop::default());
    let opening = Opening {
        form: &form,
        state: job.state.as_ref().map(|state| state.folder.as_path()),
        at: None,
        stop: &stop,
    };
    let mut exit = Exit::Done;
    for sink in &job.sinks {
        match sink.try_out(&opening) {
            Ok(()) => say(&format!("{}: ok", sink.uri)),
            Err(error) => {
                exit = Exit::Environment;
                say(&format!("{}: {error}", sink.uri));
            }
        }
    }
    Ok(exit)
}
