//! The rows of parts, put in order again.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use sonoscope_operators::{Committed, Row, SourceEnd};

use super::Parts;
use crate::graph;

/// Puts the rows of parts in order: those of a later part wait until the earlier ones have ended.
pub struct InOrder {
    parts: Arc<Parts>,
    sources: HashMap<u32, Waiting>,
}

/// What waits of a source that was cut.
#[derive(Default)]
struct Waiting {
    /// The part whose rows may pass.
    turn: usize,
    rows: BTreeMap<usize, Vec<Row>>,
    /// The parts that have ended, and whether each was read to its end.
    ended: BTreeMap<usize, bool>,
    segments: u64,
    has_failed: bool,
}

impl InOrder {
    /// Behind a dataflow whose sources may be parts of these.
    pub fn new(parts: Arc<Parts>) -> Self {
        Self {
            parts,
            sources: HashMap::new(),
        }
    }

    /// Hands all that is in order to `write`.
    pub fn before(mut self, mut write: graph::Write) -> graph::Write {
        Box::new(move |epoch| write(self.pass(epoch)))
    }

    fn pass(&mut self, epoch: Committed<Row>) -> Committed<Row> {
        let mut passing = Committed::default();
        for mut row in epoch.rows {
            let Some((source, part)) = self.parts.place(row.ordinal) else {
                passing.rows.push(row);
                continue;
            };
            row.ordinal = source;
            let waiting = self.sources.entry(source).or_default();
            if waiting.has_failed {
                continue;
            }
            match part == waiting.turn {
                true => passing.rows.push(row),
                false => waiting.rows.entry(part).or_default().push(row),
            }
        }
        for end in epoch.ended {
            match self.parts.place(end.ordinal) {
                None => passing.ended.push(end),
                Some((source, part)) => self.end(source, part, end, &mut passing),
            }
        }
        passing.rows.sort_by_key(Row::key);
        passing.ended.sort_unstable();
        passing
    }

    /// A part has ended: the next may pass, or nothing more of the source.
    fn end(&mut self, source: u32, part: usize, end: SourceEnd, passing: &mut Committed<Row>) {
        let count = self.parts.count(source);
        let waiting = self.sources.entry(source).or_default();
        waiting.ended.insert(part, end.whole);
        waiting.segments += end.segments;
        let was_over = waiting.has_failed;
        while !waiting.has_failed
            && let Some(&whole) = waiting.ended.get(&waiting.turn)
        {
            waiting.turn += 1;
            waiting.has_failed = !whole;
            if whole {
                let next = waiting.rows.remove(&waiting.turn);
                passing.rows.extend(next.into_iter().flatten());
            } else {
                waiting.rows.clear();
            }
        }
        let is_over = waiting.has_failed || waiting.turn == count;
        if is_over && !was_over {
            passing.ended.push(SourceEnd {
                ordinal: source,
                segments: waiting.segments,
                whole: !waiting.has_failed,
            });
        }
        if waiting.ended.len() == count {
            self.sources.remove(&source);
            self.parts.forget(source);
        }
    }
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::{ClockSource, Provenance, SourceId, Status};

    use super::{super::tests::whole, *};

    fn row(ordinal: u32, segment: i64) -> Row {
        let provenance = Provenance {
            network: "ave".into(),
            network_hash: String::new(),
            provider: "cpu".into(),
            precision: "fp32".into(),
        };
        Row {
            ordinal,
            network_ordinal: 0,
            source: SourceId::slug("long"),
            segment,
            session: 0,
            start_ns: 0,
            end_ns: 0,
            wall_clock: None,
            clock_source: ClockSource::File,
            frame_pts_ns: None,
            audio: Status::Present,
            video: Status::Present,
            audio_dbfs: None,
            dropped: 0,
            provenance: Arc::new(provenance),
            score: None,
            localizable: false,
        }
    }

    fn end(ordinal: u32, whole: bool) -> SourceEnd {
        SourceEnd {
            ordinal,
            segments: 2,
            whole,
        }
    }

    /// What an epoch lets pass: segments, and ends with whether they are whole.
    fn pass(order: &mut InOrder, rows: &[Row], ended: &[SourceEnd]) -> (Vec<i64>, Vec<bool>) {
        let (rows, ended) = (rows.to_vec(), ended.to_vec());
        let passed = order.pass(Committed { rows, ended });
        assert!(passed.rows.iter().all(|row| row.ordinal == 7));
        assert!(passed.ended.iter().all(|end| end.ordinal == 7));
        let segments = passed.rows.iter().map(|row| row.segment).collect();
        (segments, passed.ended.iter().map(|end| end.whole).collect())
    }

    #[test]
    fn rows_of_later_parts_wait_for_the_earlier_ones() {
        let parts = Arc::new(Parts::default());
        let cut = parts.cut(&whole(), 180, 3).unwrap();
        let [a, b, c] = [0, 1, 2].map(|part| cut[part].ordinal);
        let mut order = InOrder::new(parts.clone());
        assert_eq!(
            pass(&mut order, &[row(c, 120), row(a, 0)], &[]),
            (vec![0], vec![])
        );
        assert_eq!(
            pass(&mut order, &[row(c, 121)], &[end(c, true)]),
            (vec![], vec![])
        );
        assert_eq!(
            pass(&mut order, &[row(a, 1), row(b, 60)], &[end(a, true)]),
            (vec![1, 60], vec![])
        );
        assert_eq!(
            pass(&mut order, &[row(b, 61)], &[end(b, true)]),
            (vec![61, 120, 121], vec![true])
        );
        assert!(order.sources.is_empty() && parts.lock().places.is_empty());
        assert_eq!(
            pass(&mut order, &[row(7, 0)], &[]),
            (vec![0], vec![]),
            "uncut ones pass"
        );
    }

    #[test]
    fn nothing_passes_behind_a_part_that_failed() {
        let parts = Arc::new(Parts::default());
        let cut = parts.cut(&whole(), 180, 3).unwrap();
        let [a, b, c] = [0, 1, 2].map(|part| cut[part].ordinal);
        let mut order = InOrder::new(parts.clone());
        assert_eq!(
            pass(
                &mut order,
                &[row(a, 0), row(c, 120)],
                &[end(a, true), end(c, true)]
            ),
            (vec![0], vec![])
        );
        assert_eq!(
            pass(&mut order, &[row(b, 60)], &[end(b, false)]),
            (vec![60], vec![false])
        );
        assert!(parts.lock().places.is_empty());
    }
}
