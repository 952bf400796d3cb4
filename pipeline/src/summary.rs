//! The table at the end of a run.

use crate::{commit::LeftBehind, tally::SourceTally};

/// Prints, on stderr, what came of each source; if `quiet`, of those that failed. Those that
/// were done before the run are counted.
pub fn print(sources: &[SourceTally], left_behind: &[LeftBehind], quiet: bool) {
    let is_done = |source: &&SourceTally| matches!(source.result, Some(Ok(())));
    let is_before = |source: &&SourceTally| source.is_before && is_done(source);
    let told = |source: &&SourceTally| !is_before(source) && !(quiet && is_done(source));
    let told: Vec<_> = sources.iter().filter(told).collect();
    if !told.is_empty() {
        eprint!("{}", table(&told));
    }
    let before = sources.iter().filter(is_before).count();
    if before > 0 && !quiet {
        eprintln!("{before} done before");
    }
    for LeftBehind { source, sink } in left_behind {
        eprintln!(
            "{source} has changed: {sink} has rows of what it was, too, before those of what it is\n  \
             tip: of two rows for the same second, take the last"
        );
    }
}

/// A line a source, aligned; what went wrong and what to do below it.
fn table(sources: &[&SourceTally]) -> String {
    let width = (sources
        .iter()
        .map(|source| source.id.as_str().chars().count()))
    .chain([6])
    .max()
    .unwrap_or(6);
    let mut table = format!("\n{:width$}  seconds  result\n", "source");
    for source in sources {
        let id = source.id.as_str();
        let seconds = source.before_s + source.seconds;
        table += &match &source.result {
            Some(Ok(())) => format!("{id:width$}  {seconds:7}  done\n"),
            None => format!("{id:width$}  {seconds:7}  not begun\n"),
            Some(Err(error)) => format!(
                "{id:width$}  {seconds:7}  failed\n  {}: {error}\n  tip: {}\n",
                source.name,
                error.tip()
            ),
        };
    }
    table
}
