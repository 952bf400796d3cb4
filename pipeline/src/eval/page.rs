//! The report as one HTML page that holds all of its pictures and asks nothing of the network.

mod charts;
mod examples;
mod gallery;
mod html;
mod pictures;
mod plot;
mod scatter;

use std::fmt::Write as _;

use self::{
    examples::Examples,
    html::{escape, table},
    pictures::Pictures,
};
use super::Outcome;
use crate::{fault::Fault, sources::Stop};

/// The page of an evaluation. Recordings of which examples are shown are read again, for their
/// pictures.
///
/// # Errors
/// When no thread can be had to read them.
pub fn render(outcome: &Outcome, stop: &Stop) -> Result<String, Fault> {
    let examples = Examples::choose(outcome);
    let pictures = Pictures::fetch(&outcome.evidence, &examples.wanted(outcome), stop)?;
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
    Ok(html::page("sonoscope eval", &body))
}

/// A section of the page; nothing if there is nothing in it.
fn section(title: &str, about: &str, content: &str) -> String {
    match content.is_empty() {
        true => String::new(),
        false => format!(
            "<section><h2>{}</h2><p>{}</p>{content}</section>",
            escape(title),
            escape(about)
        ),
    }
}
