//! The report as one HTML page.

mod charts;
mod examples;
mod gallery;
mod plot;
mod scatter;
mod table;

use std::fmt::Write as _;

use self::{examples::Examples, table::table};
use super::Outcome;
use crate::{
    fault::Fault,
    page::{escape, page, pictures::Pictures},
    sources::Stop,
};

/// The page of an evaluation. Recordings of which examples are shown are read again, for their
/// pictures.
///
/// # Errors
/// When no thread can be had to read them.
pub fn render(outcome: &Outcome, stop: &Stop) -> Result<String, Fault> {
    let examples = Examples::choose(outcome);
    let spec_of = |clip: usize| outcome.evidence.clips[clip].spec.clone();
    let pictures = Pictures::fetch(spec_of, &examples.wanted(outcome), stop)?;
    let report = &outcome.report;
    let mut body = String::new();
    let place = escape(&report.recordings_of);
    // Writing to a string cannot fail.
    let _ = write!(
        body,
        "<header><h1>How good networks are on {place}</h1><p>{}. Seed {}.</p></header>",
        escape(&report.counts.to_string()),
        report.seed
    );
    for figures in report.tables() {
        body += &table(&figures);
    }
    body += &charts::calibration(report);
    body += &charts::learning(report, &outcome.learning);
    body += &gallery::heatmaps(outcome, &examples, &pictures);
    body += &gallery::retrieval(outcome, &examples, &pictures);
    body += &scatter::section_of(outcome);
    Ok(page("sonoscope eval", &body))
}
