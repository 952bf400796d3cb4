//! `parquet:DIR`: a folder of Parquet files, `[date=DATE/]source=ID/`, each an hour of one source
//! as one network sees it.
//!
//! Rows wait in a spool, `DIR/.sonoscope`, until their part is complete: the source has ended, or
//! its next row is of another hour or day. The spool is what makes rows durable at each commit
//! without a file for each; a part's own name follows from its rows, so one that is written again
//! replaces itself. Before a part is written the spool says so: what was written behind a position
//! is found there when the sink is opened at it, and taken away.

mod again;
mod columns;
mod file;
mod folder;
mod held;
mod place;
mod record;
#[cfg(feature = "object-store")]
mod remote;
#[cfg(feature = "object-store")]
mod store;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sonoscope_operators::{Row, SourceId, views::Observation};

use self::{
    folder::Folder,
    held::{Held, HeldPart},
    record::Record,
};
use super::{
    Form, Position, Sink, Withdrawal,
    durable::Changed,
    open::Card,
    spool::{Extent, Spool},
};

/// Whether a place is in a store of objects.
pub fn is_remote(place: &str) -> bool {
    ["s3://", "gs://", "az://"]
        .iter()
        .any(|scheme| place.starts_with(scheme))
}

#[cfg(feature = "object-store")]
pub use remote::Remote;

/// How it is listed.
pub const CARD: Card = Card {
    name: "parquet:",
    about: "Parquet files, an hour of a source each, in a folder or in s3://, gs://, az://",
    example: "parquet:s3://bucket/rows",
    options: &[(
        "(for s3://, gs://, az://)",
        "endpoint, region, access_key_id ...: what object_store takes [AWS_*, GOOGLE_*, AZURE_*]",
    )],
};

/// The sink.
pub struct Parquet {
    folder: Folder,
    form: Form,
    spool: Spool,
    held: Held,
    /// The first file of the spool that the last position needs, if one has been given out.
    promised: Option<u32>,
}

/// A position, as the ledger keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Standing {
    spool: Vec<Extent>,
}

impl Parquet {
    /// Opens a folder: an empty one, or one as it was at a position.
    ///
    /// # Errors
    /// When it holds rows and there is no position, when it is not what it was at the position,
    /// when another program writes to it, and when it cannot be written to.
    pub fn open(path: &str, form: Form, at: Option<&Position>) -> io::Result<Self> {
        Self::open_with(path.as_ref(), form, at, |_| Ok(()))
    }

    /// The same; parts that were written behind the position are told to `forget`, as paths in the
    /// folder, before they are gone.
    fn open_with(
        path: &Path,
        form: Form,
        at: Option<&Position>,
        forget: impl FnOnce(&[PathBuf]) -> io::Result<()>,
    ) -> io::Result<Self> {
        let folder = Folder::lock(path)?;
        let Some(at) = at else {
            folder.check_empty()?;
            return Ok(Self {
                spool: Spool::begin(folder.hidden())?,
                folder,
                form,
                held: Held::default(),
                promised: None,
            });
        };
        let standing = Standing::deserialize(&at.0)?;
        let mut spool = Spool::open(folder.hidden(), &standing.spool)?;
        let behind = folder.written_behind(&spool)?;
        forget(&behind)?;
        folder.remove(&behind)?;
        spool.cut()?;
        let mut held = Held::default();
        spool.replay(|record, place| {
            held.note(&Record::of(record)?, place);
            Ok(())
        })?;
        Ok(Self {
            folder,
            form,
            spool,
            held,
            promised: standing.spool.first().map(|extent| extent.number),
        })
    }

    fn append(&mut self, record: &Record) -> io::Result<()> {
        let place = self.spool.append(&record.bytes()?)?;
        self.held.note(record, place);
        Ok(())
    }

    /// Writes parts, after the spool has said that it is going to.
    fn write_parts(
        &mut self,
        parts: &[HeldPart],
        record: fn(&HeldPart) -> Record,
    ) -> io::Result<()> {
        for held in parts {
            self.spool.append(&record(held).bytes()?)?;
        }
        self.spool.flush()?;
        if parts.is_empty() {
            return Ok(());
        }
        self.spool.sync()?;
        let mut changed = Changed::default();
        for held in parts {
            let path = self.folder.root().join(held.part.path());
            if let Some(folder) = path.parent() {
                changed.make(folder)?;
            }
            let temporary = self.folder.temporary();
            file::write(held, &self.spool, &self.form, &temporary, &path)?;
        }
        changed.sync()
    }

    /// Whether the next flush writes parts.
    #[cfg(feature = "object-store")]
    fn has_complete(&self) -> bool {
        !self.held.complete().is_empty()
    }

    fn write_complete(&mut self) -> io::Result<()> {
        let parts = self.held.complete().to_vec();
        self.write_parts(&parts, |held| Record::Complete(Cow::Borrowed(&held.part)))?;
        for held in &parts {
            self.held.forget(&held.part);
        }
        Ok(())
    }

    /// The first file of the spool that is needed, now that the last position may be come back to.
    fn first_needed(&self) -> u32 {
        let held = self.held.oldest_file();
        held.unwrap_or_else(|| self.spool.last_number())
    }

    /// The row without what nobody asked for.
    fn trimmed<'a>(&self, row: &'a Row) -> Cow<'a, Row> {
        match &row.score {
            Some(score) if !self.form.include.embeddings && score.frame_embedding.is_some() => {
                let mut row = row.clone();
                if let Some(score) = &mut row.score {
                    (score.frame_embedding, score.audio_embedding) = (None, None);
                }
                Cow::Owned(row)
            }
            _ => Cow::Borrowed(row),
        }
    }
}

impl Sink for Parquet {
    fn write(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            let record = Record::Row(self.trimmed(row));
            self.append(&record)?;
        }
        Ok(())
    }

    /// Parts that are complete can be seen from here on.
    fn flush(&mut self) -> io::Result<()> {
        self.write_complete()?;
        self.spool.turn(false)?;
        match self.promised {
            None => self.spool.release(self.first_needed()),
            Some(_) => Ok(()),
        }
    }

    /// The position is the length of the spool.
    fn commit(&mut self) -> io::Result<Position> {
        self.flush()?;
        self.spool.turn(self.held.oldest_file().is_none())?;
        self.spool.sync()?;
        // That this is called says that the position before is kept, so that none before it is
        // come back to.
        self.spool.release(self.promised.unwrap_or_default())?;
        let first_needed = self.first_needed();
        self.promised = Some(first_needed);
        let spool = self.spool.extents(first_needed);
        Ok(Position(serde_json::to_value(Standing { spool })?))
    }

    fn close_source(&mut self, source: &SourceId) -> io::Result<()> {
        self.held.close(source);
        Ok(())
    }

    fn withdraw(&mut self, source: &SourceId) -> io::Result<Withdrawal> {
        self.append(&Record::Withdrawn(Cow::Borrowed(source)))?;
        self.folder.remove_source(source)?;
        Ok(Withdrawal::Removed)
    }

    /// Parts first, then what waits in the spool.
    fn replay(&mut self, take: &mut dyn FnMut(Observation)) -> io::Result<bool> {
        for part in self.folder.parts()? {
            again::each_row(&part, take)?;
        }
        let waiting = self.held.complete().iter().cloned();
        for held in waiting.chain(self.held.open()) {
            for place in &held.rows {
                take(Observation::from(&file::row(&self.spool, *place)?));
            }
        }
        Ok(true)
    }

    /// Parts of sources that have not ended can be seen as well. If there is a position, their rows
    /// stay in the spool, and the parts are replaced when they are complete.
    fn finish(&mut self) -> io::Result<()> {
        if self.promised.is_none() {
            self.held.close_all();
        }
        self.write_complete()?;
        let open = self.held.open();
        self.write_parts(&open, |held| Record::Begun(Cow::Borrowed(&held.part)))?;
        let is_needless = open.is_empty() && self.spool.is_fresh();
        match self.promised {
            Some(promised) if !is_needless => self.spool.release(promised),
            _ => fs::remove_dir_all(self.folder.hidden()),
        }
    }
}
