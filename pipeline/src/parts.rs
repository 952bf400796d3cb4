//! One long recording, shared out among workers: ranges of it are read at the same time, and their
//! rows leave as if it had been read in one piece.
//!
//! Every part is read from the recording's start: sound has to be decoded in full to be the same
//! to the bit, since decoders and the resampler remember. Pictures before the part are dropped
//! undecoded. So there are as many parts as workers, and no more.

mod in_order;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use in_order::InOrder;

use crate::sources::{Ended, SecondRange, SourceError, SourceLength, SourceSpec};

/// A recording shorter than twice this is not worth cutting.
const PART_S: i64 = 60;

/// The ordinals of parts but the first, which is also its source's, begin here.
const FIRST_ORDINAL: u32 = 1 << 31;

/// What is known of the recordings that were cut.
#[derive(Debug, Default)]
pub struct Parts(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The parts of each recording that was cut, by its own ordinal, which is that of the first.
    sources: HashMap<u32, Cut>,
    /// Of which source an ordinal is a part, and which.
    places: HashMap<u32, (u32, usize)>,
    handed_out: u32,
}

/// A recording that was cut.
#[derive(Debug)]
struct Cut {
    whole: SourceSpec,
    /// How each part ended.
    results: Vec<Option<Result<(), SourceError>>>,
    is_told: bool,
}

impl Parts {
    /// The ranges of a recording that several workers may read: its own from now on, and those of
    /// the other parts. Nothing if it is not long enough.
    pub fn cut(&self, spec: &SourceSpec, length_s: u64, workers: usize) -> Option<Vec<SourceSpec>> {
        let ranges = ranges(spec.range, length_s, workers)?;
        let mut known = self.lock();
        let parts: Vec<_> = (ranges.into_iter().enumerate())
            .map(|(number, range)| {
                let ordinal = match number {
                    0 => spec.ordinal,
                    _ => known.next_ordinal(),
                };
                known.places.insert(ordinal, (spec.ordinal, number));
                SourceSpec {
                    ordinal,
                    range,
                    length: SourceLength::default(),
                    sharing: None,
                    ..spec.clone()
                }
            })
            .collect();
        let cut = Cut {
            whole: SourceSpec {
                sharing: None,
                ..spec.clone()
            },
            results: parts.iter().map(|_| None).collect(),
            is_told: false,
        };
        known.sources.insert(spec.ordinal, cut);
        Some(parts)
    }

    /// A source or a part has ended: how the whole has, once that is known. It has failed when
    /// one of its parts has, and all before that were read to their ends.
    pub fn ended(&self, end: Ended) -> Option<Ended> {
        let mut known = self.lock();
        let Some(&(source, number)) = known.places.get(&end.spec.ordinal) else {
            return Some(end);
        };
        let cut = known.sources.get_mut(&source)?;
        cut.results[number] = Some(end.result);
        let first = (cut.results.iter()).position(|result| !matches!(result, Some(Ok(()))));
        let result = match first {
            None => Ok(()),
            Some(number) => cut.results[number].take()?,
        };
        let is_new = !std::mem::replace(&mut cut.is_told, true);
        is_new.then(|| Ended {
            spec: cut.whole.clone(),
            result,
        })
    }

    /// Whether an ordinal is that of a part, and not of the first.
    pub fn is_later(&self, ordinal: u32) -> bool {
        self.place(ordinal).is_some_and(|(_, number)| number > 0)
    }

    fn place(&self, ordinal: u32) -> Option<(u32, usize)> {
        self.lock().places.get(&ordinal).copied()
    }

    fn count(&self, source: u32) -> usize {
        let known = self.lock();
        known
            .sources
            .get(&source)
            .map_or(1, |cut| cut.results.len())
    }

    fn forget(&self, source: u32) {
        let mut known = self.lock();
        known.sources.remove(&source);
        known.places.retain(|_, (of, _)| *of != source);
    }

    // Whoever panicked while holding the lock left whole entries behind.
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn next_ordinal(&mut self) -> u32 {
        self.handed_out = (self.handed_out + 1) % FIRST_ORDINAL;
        FIRST_ORDINAL + self.handed_out
    }
}

/// Ranges of about the same length, of at least [`PART_S`]; nothing if there is only one.
fn ranges(range: SecondRange, length_s: u64, workers: usize) -> Option<Vec<SecondRange>> {
    let end = range.to.min(i64::try_from(length_s).unwrap_or(i64::MAX));
    let seconds = (end - range.from).max(0);
    let parts = (seconds / PART_S).min(i64::try_from(workers).unwrap_or(1));
    let border = |number: i64| match number == parts {
        // Headers are not exact: the last part goes on as far as the recording does.
        true => range.to,
        false => range.from + seconds * number / parts,
    };
    let ranges = (0..parts).map(|number| SecondRange {
        from: border(number),
        to: border(number + 1),
    });
    (parts > 1).then(|| ranges.collect())
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::SourceId;

    use super::*;
    use crate::sources::Reading;

    pub(super) fn whole() -> SourceSpec {
        SourceSpec {
            ordinal: 7,
            ..SourceSpec::new(
                SourceId::slug("long"),
                "long.mp4".into(),
                Reading::default(),
            )
        }
    }

    #[test]
    fn ranges_cover_all_and_are_no_more_than_workers() {
        let range = |from, to| SecondRange { from, to };
        let all = SecondRange::default();
        assert_eq!(ranges(all, 119, 2), None);
        assert_eq!(ranges(all, 1000, 1), None);
        assert_eq!(
            ranges(all, 120, 9),
            Some(vec![range(0, 60), range(60, all.to)])
        );
        assert_eq!(
            ranges(range(100, 401), 10_000, 3),
            Some(vec![range(100, 200), range(200, 300), range(300, 401)])
        );
        assert_eq!(ranges(range(500, 900), 400, 3), None);
    }

    #[test]
    fn the_whole_ends_as_its_first_part_that_did_not_end_well() {
        let ended = |spec: &SourceSpec, result| {
            let spec = spec.clone();
            Ended { spec, result }
        };
        let parts = Parts::default();
        let cut = parts.cut(&whole(), 180, 3).unwrap();
        assert!(
            parts
                .ended(ended(&cut[2], Err(SourceError::TooShort)))
                .is_none()
        );
        assert!(parts.ended(ended(&cut[0], Ok(()))).is_none());
        let end = parts
            .ended(ended(&cut[1], Err(SourceError::NotMedia)))
            .unwrap();
        assert_eq!(end.spec.range, SecondRange::default());
        assert!(matches!(end.result, Err(SourceError::NotMedia)));

        let parts = Parts::default();
        let cut = parts.cut(&whole(), 120, 2).unwrap();
        assert!(parts.ended(ended(&cut[1], Ok(()))).is_none());
        assert!(parts.ended(ended(&cut[0], Ok(()))).unwrap().result.is_ok());
    }
}
