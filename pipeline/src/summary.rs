//! The table at the end of a run.

use crate::tally::SourceTally;

/// Prints, on stderr, what came of each source; if `quiet`, of those that failed.
pub fn print(sources: &[SourceTally], quiet: bool) {
    let told = |source: &&SourceTally| !quiet || !matches!(source.result, Some(Ok(())));
    let told: Vec<_> = sources.iter().filter(told).collect();
    if !told.is_empty() {
        eprint!("{}", table(&told));
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
        let seconds = source.seconds;
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
