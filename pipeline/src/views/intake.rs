//! What views take in: rows when the sinks have them, and those that are withdrawn.

use std::{
    collections::{HashMap, VecDeque},
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sonoscope_operators::{Row, SourceId, views::Observation};

use super::{Change, Journal, past};
use crate::ingest::Epoch;

/// Rows on their way from the last stage into the views. Clones share it.
///
/// Where sources may be withdrawn, it remembers what was seen of each recording, about 250 bytes a
/// row and, if views look at them, its embeddings: what is taken back has to be told again.
#[derive(Clone, Default)]
pub struct Intake(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    changes: Vec<(Observation, isize)>,
    /// What earlier runs committed, which goes first.
    past: VecDeque<Observation>,
    /// The last epoch of which something went in.
    last: Option<Epoch>,
    /// The epoch up to which all changes have been told; none behind the last of all.
    told: Option<Epoch>,
    /// What was seen of recordings, where it may have to be taken back.
    seen: Option<HashMap<SourceId, Vec<Observation>>>,
    /// Whether some view looks at embeddings.
    has_embeddings: bool,
    /// What was told of rows that are not committed, where a later run may go on.
    journal: Option<Journal>,
    /// What an earlier run left in it.
    left: Vec<Change>,
}

impl Intake {
    /// Nothing has come yet. `may_withdraw` says whether sources may be withdrawn,
    /// `has_embeddings` whether views look at embeddings.
    pub fn new(may_withdraw: bool, has_embeddings: bool) -> Self {
        Self(Arc::new(Mutex::new(Waiting {
            has_embeddings,
            seen: may_withdraw.then(HashMap::new),
            told: Some(Epoch::MIN),
            ..Waiting::default()
        })))
    }

    /// What is told is written down in a state folder, until the rows behind it are committed.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn keep(&self, folder: &Path) -> io::Result<()> {
        let (journal, left) = Journal::open(folder)?;
        let mut waiting = self.lock();
        (waiting.journal, waiting.left) = (Some(journal), left);
        Ok(())
    }

    /// Changes are about to be told.
    ///
    /// # Errors
    /// When that cannot be written down.
    pub fn telling(&self, changes: &[Change]) -> io::Result<()> {
        match &mut self.lock().journal {
            Some(journal) => journal.note(changes),
            None => Ok(()),
        }
    }

    /// All rows that have come are committed.
    ///
    /// # Errors
    /// When that cannot be written down.
    pub fn committed(&self) -> io::Result<()> {
        // Changes may still be on their way.
        if !self.is_settled() {
            return Ok(());
        }
        match &mut self.lock().journal {
            Some(journal) => journal.clear(),
            None => Ok(()),
        }
    }

    /// What an earlier run may have told of rows that it did not commit, as answers that hold no
    /// longer. Asked once.
    pub fn take_left(&self) -> Vec<Change> {
        std::mem::take(&mut self.lock().left)
    }

    /// A row of an earlier run.
    pub fn replay(&self, observation: Observation) {
        let mut waiting = self.lock();
        let observation = waiting.trimmed(observation);
        waiting.see(&observation);
        waiting.past.push_back(observation);
    }

    /// The rows of a source that earlier runs committed have been replaced.
    pub fn forget(&self, source: &SourceId) {
        let mut waiting = self.lock();
        waiting.past.retain(|row| row.source != *source);
        if let Some(seen) = &mut waiting.seen {
            seen.remove(source);
        }
    }

    /// The sinks have rows.
    pub fn rows(&self, rows: &[Row]) {
        let mut waiting = self.lock();
        for row in rows {
            let observation = waiting.trimmed(row.into());
            waiting.see(&observation);
            waiting.changes.push((observation, 1));
        }
    }

    /// The rows of a source hold no longer.
    pub fn withdraw(&self, source: &SourceId) {
        let mut waiting = self.lock();
        let seen = waiting.seen.as_mut().and_then(|seen| seen.remove(source));
        let gone = seen.into_iter().flatten();
        waiting
            .changes
            .extend(gone.map(|observation| (observation, -1)));
    }

    /// What has changed since this was last asked; it goes into the views at this epoch.
    pub fn take(&self, epoch: Epoch) -> Vec<(Observation, isize)> {
        let mut waiting = self.lock();
        if !waiting.changes.is_empty() {
            waiting.last = Some(epoch);
        }
        std::mem::take(&mut waiting.changes)
    }

    /// All changes before this epoch have been told; all there are, if it is none.
    pub fn settle(&self, before: Option<Epoch>) {
        self.lock().told = before;
    }

    /// Whether all changes of the rows that have come have been told.
    pub fn is_settled(&self) -> bool {
        let waiting = self.lock();
        let is_told = |last: Epoch| waiting.told.is_none_or(|told| told > last);
        // What earlier runs committed is told as one, before all else.
        waiting.changes.is_empty() && is_told(waiting.last.unwrap_or(past::LATEST))
    }

    /// So many rows of earlier runs, in the order in which they came; fewer only at their end.
    pub fn take_past(&self, most: usize) -> Vec<Observation> {
        let mut waiting = self.lock();
        let count = most.min(waiting.past.len());
        waiting.past.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Without what nobody looks at.
    fn trimmed(&self, observation: Observation) -> Observation {
        match self.has_embeddings {
            true => observation,
            false => Observation {
                frame_embedding: None,
                audio_embedding: None,
                ..observation
            },
        }
    }

    fn see(&mut self, observation: &Observation) {
        if let Some(seen) = self.seen.as_mut().filter(|_| !observation.live) {
            let source = seen.entry(observation.source.clone()).or_default();
            source.push(observation.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use sonoscope_operators::{Status, views::Network};

    use super::*;

    fn observation(source: &str, segment: i64, live: bool) -> Observation {
        Observation {
            source: SourceId::slug(source),
            network: Network::new("ave", "0"),
            segment,
            seconds: 1,
            live,
            audio: Status::Present,
            video: Status::Present,
            audio_dbfs: None,
            dropped: 0,
            correspondence: None,
            place: None,
            frame_embedding: None,
            audio_embedding: None,
        }
    }

    #[test]
    fn what_is_withdrawn_is_exactly_what_was_seen() {
        let intake = Intake::new(true, false);
        for segment in 0..3 {
            intake.replay(observation("film", segment, false));
            intake.replay(observation("camera", segment, true));
            intake.replay(observation("other", segment, false));
        }
        assert_eq!(intake.take_past(4).len(), 4);
        assert_eq!(intake.take_past(9).len(), 5);
        for source in ["film", "camera"] {
            intake.withdraw(&SourceId::slug(source));
        }
        let gone: Vec<_> = (0..3)
            .map(|k| (observation("film", k, false), -1))
            .collect();
        assert_eq!(
            intake.take(7),
            gone,
            "a live source never changes behind us"
        );
        intake.withdraw(&SourceId::slug("film"));
        assert!(intake.take(8).is_empty(), "and once");
    }

    #[test]
    fn nothing_is_remembered_where_nothing_is_withdrawn() {
        let intake = Intake::new(false, false);
        intake.replay(observation("film", 0, false));
        intake.withdraw(&SourceId::slug("film"));
        assert!(intake.take(7).is_empty());
    }

    #[test]
    fn it_is_settled_when_all_that_went_in_has_been_told() {
        let intake = Intake::new(true, false);
        assert!(!intake.is_settled(), "earlier runs have not been told");
        let epoch = past::LATEST + 50;
        intake.settle(Some(epoch));
        assert!(intake.is_settled());
        intake.replay(observation("film", 0, false));
        intake.withdraw(&SourceId::slug("film"));
        assert!(!intake.is_settled(), "it has not even gone in");
        assert_eq!(intake.take(epoch).len(), 1);
        assert!(!intake.is_settled());
        intake.settle(Some(epoch));
        assert!(!intake.is_settled(), "of this epoch more may come");
        intake.settle(Some(epoch + 1));
        assert!(intake.is_settled());
        intake.settle(None);
        assert!(intake.is_settled());
    }
}
