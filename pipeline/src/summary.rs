//! The table at the end of a run.

use std::fmt::Write as _;

use crate::{
    commit::LeftBehind,
    sinks::{Account, SinkUri},
    tally::{SourceTally, Totals},
};

/// Failures that are told one by one.
const TOLD: usize = 20;

/// Prints, on stderr, what came of each source; if `quiet`, of those that failed.
pub fn print(sources: &[SourceTally], quiet: bool) {
    let told = |source: &&SourceTally| !quiet || !matches!(source.result, Some(Ok(())));
    let told: Vec<_> = sources.iter().filter(told).collect();
    if !told.is_empty() {
        eprint!("{}", table(&told));
    }
}

/// Prints, on stderr, what came of a run: of each source if they are few, else their numbers and
/// the first failures. Those that were done before the run are counted.
pub fn print_totals(totals: &Totals, left_behind: &[LeftBehind], quiet: bool) {
    let counts = &totals.counts;
    let is_told = |source: &&SourceTally| !quiet || !matches!(source.result, Some(Ok(())));
    let mut told: Vec<_> = totals.sources.iter().filter(is_told).collect();
    let is_few = counts.found - counts.before <= totals.sources.len() as u64;
    if !is_few {
        told.truncate(TOLD);
    }
    if !told.is_empty() {
        eprint!("{}", table(&told));
    }
    let failed_more = counts.failed.saturating_sub(told.len() as u64);
    if !is_few && failed_more > 0 {
        eprintln!("and {failed_more} more that failed");
    }
    if !quiet {
        eprint!("{}", numbers(totals, is_few));
    }
    for LeftBehind { source, sink } in left_behind {
        eprintln!(
            "{source} has changed: {sink} has rows of what it was, before those of what it is\n  \
             tip: of two rows for the same second, take the later"
        );
    }
}

/// Prints, on stderr, what did not reach its receiver; if not `quiet`, also how much did. Whether
/// all of it has.
pub fn print_deliveries(deliveries: &[(SinkUri, Account)], quiet: bool) -> bool {
    for (sink, account) in deliveries {
        if !quiet || !account.is_settled() {
            eprint!("{}", delivery(sink, account));
        }
    }
    deliveries.iter().all(|(_, account)| account.is_settled())
}

/// What became of the rows of a sink.
fn delivery(sink: &SinkUri, account: &Account) -> String {
    let mut text = format!("{sink}: {} delivered", account.sent);
    // Writing to a string cannot fail.
    if account.waiting > 0 {
        let _ = match account.is_kept {
            true => write!(text, ", {} wait in the state folder", account.waiting),
            false => write!(
                text,
                ", {} LOST: the receiver did not take them",
                account.waiting
            ),
        };
    }
    if account.dropped > 0 {
        let _ = write!(text, ", {} left out for want of room", account.dropped);
    }
    if account.refused > 0 {
        let _ = write!(text, ", {} refused: see the dead letters", account.refused);
    }
    text.push('\n');
    if account.waiting > 0 {
        text += match account.is_kept {
            true => "  tip: the same command sends them when the receiver is there\n",
            false => "  tip: with --state DIR rows wait on disk for a receiver that is away\n",
        };
    }
    text
}

/// How many sources there were, where they were not all told, and what was passed over.
fn numbers(totals: &Totals, is_few: bool) -> String {
    let counts = &totals.counts;
    let mut text = String::new();
    // Writing to a string cannot fail.
    if !is_few {
        let _ = write!(
            text,
            "\n{} sources done, {} failed",
            counts.done, counts.failed
        );
        if totals.not_begun() > 0 {
            let _ = write!(text, ", {} not finished or not begun", totals.not_begun());
        }
        let _ = writeln!(text, "; {} seconds", counts.seconds);
    }
    if counts.before > 0 {
        let _ = writeln!(text, "{} done before", counts.before);
    }
    let left_out = counts.left_out.iter();
    let left_out: Vec<_> = left_out.map(|(why, &count)| why.told(count)).collect();
    if !left_out.is_empty() {
        let _ = writeln!(text, "left out: {}", left_out.join(", "));
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inputs::LeftOut, tally::Counts};

    #[test]
    fn of_many_sources_the_numbers_are_told() {
        let totals = Totals {
            counts: Counts {
                found: 1000,
                done: 990,
                before: 4,
                failed: 7,
                seconds: 1980,
                left_out: [(LeftOut::NoRecording, 12), (LeftOut::Hidden, 1)].into(),
            },
            sources: Vec::new(),
        };
        assert_eq!(
            numbers(&totals, false),
            "\n990 sources done, 7 failed, 3 not finished or not begun; 1980 seconds\n\
             4 done before\n\
             left out: 12 that are no recordings, 1 that is hidden\n"
        );
    }
}
