//! One thread of an extraction: a source after the other, into shards of its own.

use std::{
    io, mem,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};
use sonoscope_operators::{Event, Slicer, slice::DEFAULT_SILENCE_DBFS};

use super::{
    folder::Folder,
    manifest::{Line, Stamp},
    plan::Task,
    sample::{Counts, Maker, Sample},
    shard::Shard,
};
use crate::{
    agenda::{Agenda, Opening},
    fault::Fault,
    sources::{self, Inbox, SecondRange, SourceError},
    tally::Tally,
};

/// What the threads share.
pub struct Shared<'a> {
    /// The set.
    pub folder: &'a Mutex<Folder>,
    /// The sources that wait.
    pub agenda: &'a Agenda,
    /// All sources, by their ordinals.
    pub tasks: &'a [Task],
    /// How they fare.
    pub tally: &'a Tally,
    /// A shard is closed when it has so many bytes.
    pub shard_bytes: u64,
}

/// What one thread holds.
pub struct Worker<'a> {
    shared: &'a Shared<'a>,
    maker: Box<dyn Maker>,
    shard: Option<Shard>,
    /// Sources whose samples are in the shard that is open.
    waiting: Vec<Line>,
}

impl<'a> Worker<'a> {
    /// One that has not begun.
    pub fn new(shared: &'a Shared<'a>, maker: Box<dyn Maker>) -> Self {
        Self {
            shared,
            maker,
            shard: None,
            waiting: Vec::new(),
        }
    }

    /// Works until no source waits.
    ///
    /// # Errors
    /// When the shards cannot be written.
    pub fn run(mut self) -> Result<(), Fault> {
        let refuses =
            |error: io::Error| super::folder::cannot_write(lock(self.shared.folder).path(), &error);
        let (inlet, inbox) = sources::inbox(|| ());
        while self.shared.agenda.open_next(&inlet) == Opening::Opened {
            self.source(&inbox).map_err(refuses)?;
        }
        self.seal().map_err(refuses)
    }

    /// All that comes of the one source that is open.
    fn source(&mut self, inbox: &Inbox) -> io::Result<()> {
        let begun = self.shard.as_ref().map_or(0, Shard::bytes);
        let mut slicer = Slicer::new(DEFAULT_SILENCE_DBFS);
        let (mut counts, mut part) = (Counts::default(), 0);
        for arrival in inbox {
            let Some(task) = self.shared.tasks.get(arrival.ordinal as usize) else {
                continue;
            };
            let closed = matches!(arrival.event, Event::Closed | Event::Cut);
            slicer.push(arrival.event);
            let mut samples = Vec::new();
            for segment in slicer.by_ref() {
                self.maker.add(&segment, &mut samples);
            }
            if closed {
                self.maker.end(&mut samples);
            }
            for sample in samples {
                part += 1;
                counts += sample.counts;
                self.shared
                    .tally
                    .extracted(arrival.ordinal, sample.counts.pairs);
                self.append(task, part, sample)?;
            }
            if closed {
                return self.ended(task, counts, begun);
            }
        }
        Ok(())
    }

    /// Adds a sample, `ID` or, where there are several of a source, `ID_2` and so on, which no
    /// source is called.
    fn append(&mut self, task: &Task, part: usize, sample: Sample) -> io::Result<()> {
        let id = match part {
            1 => task.spec.id.to_string(),
            _ => format!("{}_{part}", task.spec.id),
        };
        let shard = match &mut self.shard {
            Some(shard) => shard,
            none => {
                let mut folder = lock(self.shared.folder);
                let number = folder.take_number();
                none.insert(Shard::begin(folder.path(), number)?)
            }
        };
        for (name, data) in &sample.members {
            shard.member(&format!("{id}.{name}"), data)?;
        }
        let mut about = sample.about;
        about.insert("source".into(), json!(task.spec.id));
        about.insert("split".into(), json!(task.entry.split));
        about.insert("labels".into(), json!(task.entry.labels));
        about.insert("truth".into(), truth(task));
        shard.member(
            &format!("{id}.json"),
            Value::from(about).to_string().as_bytes(),
        )
    }

    /// Takes note of what came of a source. One that was stopped, or that failed for reasons
    /// outside of it, leaves nothing behind and is done again the next time.
    fn ended(&mut self, task: &Task, counts: Counts, begun: u64) -> io::Result<()> {
        let error = (self.shared.tally).with_result(task.spec.ordinal, |result| match result {
            Some(Ok(())) if counts.pairs == 0 => Ok(Some(SourceError::NoPairs.to_string())),
            Some(Ok(())) => Ok(None),
            Some(Err(error)) if error.is_of_the_recording() => Ok(Some(error.to_string())),
            Some(Err(_)) | None => Err(()),
        });
        let (Ok(error), Some(stamp)) = (error, task.stamp) else {
            self.shared.tally.take_back(task.spec.ordinal);
            return match &mut self.shard {
                Some(shard) => shard.rewind(begun),
                None => Ok(()),
            };
        };
        self.waiting.push(line(task, stamp, counts, error));
        let full = |shard: &Shard| shard.bytes() >= self.shared.shard_bytes;
        if self.shard.as_ref().is_some_and(full) {
            self.seal()?;
        }
        Ok(())
    }

    /// Makes the open shard whole, then tells of its sources.
    fn seal(&mut self) -> io::Result<()> {
        let mut lines = mem::take(&mut self.waiting);
        match self.shard.take() {
            Some(shard) if shard.bytes() > 0 => {
                let name = shard.finish()?;
                for line in lines.iter_mut().filter(|line| line.pairs > 0) {
                    line.shard = Some(name.clone());
                }
            }
            // All that was in it was taken back.
            Some(shard) => shard.discard()?,
            None => {}
        }
        lock(self.shared.folder).done(lines)
    }
}

fn lock(folder: &Mutex<Folder>) -> std::sync::MutexGuard<'_, Folder> {
    folder.lock().unwrap_or_else(PoisonError::into_inner)
}

fn line(task: &Task, stamp: Stamp, counts: Counts, error: Option<String>) -> Line {
    let (path, from_s, to) = super::manifest::key(&task.entry);
    let Counts {
        pairs,
        silent,
        frozen,
    } = counts;
    Line {
        id: task.spec.id.to_string(),
        path,
        from_s,
        to_s: (to != SecondRange::default().to).then_some(to),
        stamp,
        shard: None,
        split: task.entry.split,
        pairs,
        silent,
        frozen,
        not_numbers: task.spec.length.not_numbers(),
        error,
    }
}

/// The truth that lies beside a clip of the synthetic world; null beside others.
fn truth(task: &Task) -> Value {
    std::fs::read(task.spec.path.with_extension("json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or(Value::Null)
}
