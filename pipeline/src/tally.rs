//! How far a run is: counted where sources are found and rows are committed, read by progress and
//! summary.

mod totals;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use sonoscope_operators::{Row, SourceId};

pub use totals::{Counts, SourceTally, Totals};

use crate::{
    agenda::Audience,
    inputs::LeftOut,
    sources::{Ended, SourceError, SourceSpec},
};

/// Sources that are remembered one by one when they are done, and likewise those that failed. Of
/// more than these, the number is known.
const REMEMBERED: usize = 40;

/// The state of a run, source by source while they are open.
#[derive(Debug, Default)]
pub struct Tally {
    book: Mutex<Book>,
    committed_s: AtomicI64,
}

#[derive(Debug, Default)]
struct Book {
    /// Sources of which more may come.
    open: BTreeMap<u32, SourceTally>,
    /// The first of those that are done, and the first of those that failed.
    remembered: BTreeMap<u32, SourceTally>,
    counts: Counts,
    /// Seconds in all sources that have ended.
    ended_s: u64,
    found_all: bool,
}

impl Tally {
    /// Nothing done yet of these sources, and there are no others.
    pub fn new(sources: &[SourceSpec]) -> Self {
        let tally = Self::default();
        let mut book = tally.lock();
        for spec in sources {
            book.open.insert(spec.ordinal, SourceTally::new(spec));
        }
        book.counts.found = sources.len() as u64;
        book.found_all = true;
        drop(book);
        tally
    }

    /// One more source is known.
    pub fn found(&self) {
        self.lock().counts.found += 1;
    }

    /// There are no sources but those that are known.
    pub fn all_found(&self) {
        self.lock().found_all = true;
    }

    /// Something is passed over.
    pub fn left_out(&self, why: LeftOut) {
        *self.lock().counts.left_out.entry(why).or_default() += 1;
    }

    /// A source is not even opened.
    pub fn refused(&self, spec: &SourceSpec, error: SourceError) {
        let mut source = SourceTally::new(spec);
        source.result = Some(Err(error));
        self.lock().settle(spec.ordinal, source);
    }

    /// An earlier run has written so many seconds of a source, and this one goes on.
    pub fn goes_on(&self, ordinal: u32, before_s: i64) {
        if let Some(source) = self.lock().open.get_mut(&ordinal) {
            source.before_s = before_s;
        }
    }

    /// A source was done before this run.
    pub fn done_before(&self) {
        let mut book = self.lock();
        book.counts.done += 1;
        book.counts.before += 1;
    }

    /// These rows are written.
    pub fn committed(&self, rows: &[Row]) {
        let mut book = self.lock();
        for row in rows {
            let Some(source) = book.open.get_mut(&row.ordinal) else {
                continue;
            };
            // Rows of several networks for the same second follow each other.
            if source.last_segment.replace(row.segment) != Some(row.segment) {
                source.seconds += 1;
                self.committed_s.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The id of a source of which more may come.
    pub fn id(&self, ordinal: u32) -> Option<SourceId> {
        let book = self.lock();
        book.open.get(&ordinal).map(|source| source.id.clone())
    }

    /// All rows of a source are written, and it has ended. If it gave none, it has failed.
    pub fn closed(&self, ordinal: u32) {
        let mut book = self.lock();
        let Some(mut source) = book.open.remove(&ordinal) else {
            return;
        };
        source.nothing_is(|| SourceError::TooShort);
        book.settle(ordinal, source);
    }

    /// Seconds whose rows are written, of all sources.
    pub fn seconds(&self) -> i64 {
        self.committed_s.load(Ordering::Relaxed)
    }

    /// Seconds in all sources, once all are known.
    pub fn total_s(&self) -> Option<u64> {
        let book = self.lock();
        let begun = book.counts.done + book.counts.failed + book.open.len() as u64;
        if !book.found_all || begun < book.counts.found {
            return None;
        }
        let open = book.open.values().map(|source| source.length.seconds());
        open.sum::<Option<u64>>()
            .map(|open_s| open_s + book.ended_s)
    }

    /// How many sources have ended, how many there are, and whether these are all.
    pub fn sources(&self) -> (u64, u64, bool) {
        let book = self.lock();
        let ended = book.open.values().filter(|source| source.result.is_some());
        let ended = ended.count() as u64 + book.counts.done + book.counts.failed;
        (ended, book.counts.found, book.found_all)
    }

    /// So many pairs were taken of a source.
    pub fn extracted(&self, ordinal: u32, pairs: usize) {
        if let Some(source) = self.lock().open.get_mut(&ordinal) {
            source.seconds += pairs as i64;
            self.committed_s.fetch_add(pairs as i64, Ordering::Relaxed);
        }
    }

    /// What was taken of a source is given up.
    pub fn take_back(&self, ordinal: u32) {
        if let Some(source) = self.lock().open.get_mut(&ordinal) {
            self.committed_s
                .fetch_sub(source.seconds, Ordering::Relaxed);
            source.seconds = 0;
        }
    }

    /// Looks at how a source ended; nothing while it has not.
    pub fn with_result<T>(
        &self,
        ordinal: u32,
        look: impl FnOnce(Option<&Result<(), SourceError>>) -> T,
    ) -> T {
        let book = self.lock();
        look(
            book.open
                .get(&ordinal)
                .and_then(|source| source.result.as_ref()),
        )
    }

    /// The sources that are still open, as they are at the end; leaves none here. One that was
    /// read to its end and gave nothing has failed by what `nothing` says.
    pub fn take_sources(&self, nothing: impl Fn() -> SourceError) -> Vec<SourceTally> {
        let open = std::mem::take(&mut self.lock().open);
        let sources = open.into_values().map(|mut source| {
            source.nothing_is(&nothing);
            source
        });
        sources.collect()
    }

    /// What came of all sources.
    pub fn totals(&self) -> Totals {
        let mut book = std::mem::take(&mut *self.lock());
        let is_few = book.counts.found - book.counts.before <= REMEMBERED as u64;
        // What is open now did not come to its end, or its rows could not be written.
        for (ordinal, source) in std::mem::take(&mut book.open) {
            match source.result {
                Some(Err(_)) => book.settle(ordinal, source),
                _ => {
                    book.counts.seconds += source.seconds.unsigned_abs();
                    book.remember(ordinal, source);
                }
            }
        }
        let told = |source: &SourceTally| is_few || matches!(source.result, Some(Err(_)));
        let sources = book.remembered.into_values().filter(told);
        Totals {
            sources: sources.collect(),
            counts: book.counts,
        }
    }

    // Whoever panicked while holding the lock left whole numbers behind.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Audience for std::sync::Arc<Tally> {
    fn opening(&self, spec: &mut SourceSpec) -> bool {
        let tally = SourceTally::new(spec);
        self.lock().open.entry(spec.ordinal).or_insert(tally);
        true
    }

    fn ended(&self, end: Ended) {
        if let Some(source) = self.lock().open.get_mut(&end.spec.ordinal) {
            source.result = Some(end.result);
        }
    }
}

impl Book {
    /// Nothing more comes of a source.
    fn settle(&mut self, ordinal: u32, source: SourceTally) {
        self.counts.seconds += source.seconds.unsigned_abs();
        self.ended_s += source.length.seconds().unwrap_or(0);
        match source.result {
            Some(Ok(())) => self.counts.done += 1,
            _ => self.counts.failed += 1,
        }
        self.remember(ordinal, source);
    }

    fn remember(&mut self, ordinal: u32, source: SourceTally) {
        let is_failed = |source: &SourceTally| matches!(source.result, Some(Err(_)));
        let alike = is_failed(&source);
        let remembered = self.remembered.values();
        if remembered.filter(|other| is_failed(other) == alike).count() < REMEMBERED {
            self.remembered.insert(ordinal, source);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::sources::Reading;

    fn source(ordinal: u32) -> SourceSpec {
        let id = SourceId::slug(&format!("source {ordinal}"));
        SourceSpec {
            ordinal,
            ..SourceSpec::new(id, "a\nb.mp4".into(), Reading::default())
        }
    }

    #[test]
    fn a_hundred_thousand_sources_are_counted_and_few_remembered() {
        let tally = Arc::new(Tally::default());
        for ordinal in 0..100_000 {
            let mut spec = source(ordinal);
            tally.found();
            tally.opening(&mut spec);
            let result = match ordinal % 1000 {
                7 => Err(SourceError::NotMedia),
                _ => Ok(()),
            };
            tally.ended(Ended { spec, result });
            tally.extracted(ordinal, 2);
            tally.closed(ordinal);
            let book = tally.lock();
            assert!(book.open.is_empty() && book.remembered.len() <= 2 * REMEMBERED);
        }
        let totals = tally.totals();
        assert_eq!((totals.counts.done, totals.counts.failed), (99_900, 100));
        assert_eq!((totals.counts.seconds, totals.not_begun()), (200_000, 0));
        assert_eq!(totals.sources.len(), REMEMBERED, "the first that failed");
        assert!(
            totals
                .sources
                .iter()
                .all(|source| source.name == "\"a\\nb.mp4\"")
        );
    }

    #[test]
    fn what_gave_nothing_has_failed_and_what_did_not_end_is_told() {
        let tally = Arc::new(Tally::default());
        for ordinal in 0..3 {
            tally.found();
            if ordinal < 2 {
                tally.opening(&mut source(ordinal));
            }
        }
        tally.ended(Ended {
            spec: source(0),
            result: Ok(()),
        });
        tally.closed(0);
        let totals = tally.totals();
        assert_eq!((totals.counts.done, totals.counts.failed), (0, 1));
        assert_eq!(totals.not_begun(), 2);
        let results: Vec<_> = totals
            .sources
            .iter()
            .map(|one| one.result.is_some())
            .collect();
        assert_eq!(results, [true, false]);
    }
}
