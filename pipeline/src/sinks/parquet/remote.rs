//! `parquet:s3://BUCKET/PREFIX`, `gs://`, `az://`: parts are written here first, as into a folder,
//! and a thread moves them to where they belong. So a store that is slow or gone holds up nobody,
//! and what has not been moved when the program ends is moved by the next run.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use sonoscope_operators::{Row, SourceId};
use tempfile::TempDir;

use super::{Parquet, place::folder_of, store::Store};
use crate::{
    backoff::Backoff,
    sinks::{Counters, Form, Opening, Position, Sink, Withdrawal, options::FileOptions},
};

/// How often somebody who waits looks again.
const LOOK: Duration = Duration::from_millis(50);

/// Parts that come out at the very end are moved for so long.
const LAST: Duration = Duration::from_secs(30);

/// The sink.
pub struct Remote {
    local: Parquet,
    store: Store,
    mover: Arc<Mover>,
    thread: Option<JoinHandle<()>>,
    until: Option<Instant>,
    /// Where parts are written first, if nobody keeps it.
    _passing: Option<TempDir>,
}

/// What the sink and its thread both know.
struct Mover {
    staging: PathBuf,
    store: Store,
    counters: Counters,
    asked: Mutex<Asked>,
    woken: Condvar,
    name: String,
}

/// What the thread is asked for.
#[derive(Default)]
struct Asked {
    /// To look whether there is something to move.
    to_look: bool,
    /// To come to its end.
    to_end: bool,
}

impl Remote {
    /// Opens a place in a store: an empty one, or one as it was at a position.
    ///
    /// # Errors
    /// As with a folder; also when the store does not let us in.
    pub fn open(
        url: &str,
        options: FileOptions,
        form: Form,
        opening: &Opening,
    ) -> io::Result<Self> {
        let store = Store::open(url, options)?;
        let (staging, passing) = match opening.state {
            Some(state) => (staging(state, url), None),
            None => {
                let folder = tempfile::tempdir()?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        if opening.at.is_none() {
            store.check_empty()?;
            // What another run, that never began in the ledger, left there.
            let _ = fs::remove_dir_all(&staging);
        }
        let forget = |parts: &[PathBuf]| store.remove(parts);
        let local = Parquet::open_with(&staging, form, opening.at, forget)?;
        let mover = Arc::new(Mover {
            staging,
            store: store.clone(),
            counters: Counters::default(),
            asked: Mutex::default(),
            woken: Condvar::new(),
            name: format!("parquet:{url}"),
        });
        if opening.state.is_some() {
            mover.counters.kept();
        }
        let moving = mover.clone();
        let thread = thread::Builder::new()
            .name("sink-parquet".into())
            .spawn(move || moving.work())?;
        Ok(Self {
            local,
            store,
            mover,
            thread: Some(thread),
            until: None,
            _passing: passing,
        })
    }
}

impl Remote {
    /// Sees whether a place could be opened.
    ///
    /// # Errors
    /// When it could not.
    pub fn try_out(url: &str, options: FileOptions) -> io::Result<()> {
        Store::open(url, options)?.check_empty()
    }
}

fn staging(state: &Path, url: &str) -> PathBuf {
    let hash = crc32fast::hash(url.as_bytes());
    state.join("sinks").join(format!("parquet-{hash:08x}"))
}

impl Mover {
    fn work(&self) {
        let seed = u64::from(crc32fast::hash(self.name.as_bytes()));
        let mut backoff = Backoff::new(seed);
        let mut is_lost = false;
        loop {
            let wait = match self.move_all() {
                Ok(()) => {
                    backoff.reset();
                    self.counters.connected();
                    if std::mem::take(&mut is_lost) {
                        tracing::info!("{}: back", self.name);
                    }
                    None
                }
                Err(error) => {
                    self.counters.failed();
                    if !std::mem::replace(&mut is_lost, true) {
                        tracing::warn!("{}: {error}; files wait", self.name);
                    }
                    Some(backoff.next())
                }
            };
            if !self.wait(wait) {
                return;
            }
        }
    }

    /// Waits until there is something to do, and no longer than this where something has failed;
    /// whether there is to be more.
    fn wait(&self, at_most: Option<Duration>) -> bool {
        let asked = self.lock();
        let mut asked = match at_most {
            // A request is kept for the next look: what has failed is not to be hurried.
            Some(wait) => {
                let goes_on = |asked: &mut Asked| !asked.to_end;
                let waited = self.woken.wait_timeout_while(asked, wait, goes_on);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let is_idle = |asked: &mut Asked| !asked.to_look && !asked.to_end;
                let waited = self.woken.wait_while(asked, is_idle);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
        asked.to_look = false;
        !asked.to_end
    }

    fn look(&self) {
        self.lock().to_look = true;
        self.woken.notify_all();
    }

    fn end(&self) {
        self.lock().to_end = true;
        self.woken.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_all(&self) -> io::Result<()> {
        for part in self.waiting()? {
            let path = self.staging.join(&part);
            // The next of the same name may be on its way already.
            let bytes = match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                bytes => bytes?,
            };
            self.store.put(&part, bytes)?;
            self.counters.sent(1);
            fs::remove_file(&path)?;
            self.count()?;
        }
        Ok(())
    }

    fn waiting(&self) -> io::Result<Vec<PathBuf>> {
        let mut parts = Vec::new();
        gather(&self.staging, &self.staging, &mut parts)?;
        parts.sort();
        Ok(parts)
    }

    fn count(&self) -> io::Result<usize> {
        let parts = self.waiting()?;
        let bytes = |part: &PathBuf| fs::metadata(self.staging.join(part)).map_or(0, |of| of.len());
        self.counters
            .waiting(parts.len(), parts.iter().map(bytes).sum());
        Ok(parts.len())
    }

    fn wait_until_moved(&self, until: Instant) -> io::Result<()> {
        self.look();
        while self.count()? > 0 && Instant::now() < until {
            thread::sleep(LOOK);
        }
        Ok(())
    }
}

/// The parts below a folder, as paths in `root`.
fn gather(root: &Path, folder: &Path, parts: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            gather(root, &path, parts)?;
        } else if let Ok(part) = path.strip_prefix(root) {
            parts.push(part.to_owned());
        }
    }
    Ok(())
}

impl Sink for Remote {
    fn write(&mut self, rows: &[Row]) -> io::Result<()> {
        self.local.write(rows)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.local.flush()?;
        if self.mover.count()? > 0 {
            self.mover.look();
        }
        Ok(())
    }

    fn commit(&mut self) -> io::Result<Position> {
        self.local.commit()
    }

    fn close_source(&mut self, source: &SourceId) -> io::Result<()> {
        self.local.close_source(source)
    }

    fn withdraw(&mut self, source: &SourceId) -> io::Result<Withdrawal> {
        let withdrawal = self.local.withdraw(source)?;
        self.store.remove_source(&folder_of(source))?;
        Ok(withdrawal)
    }

    fn drain(&mut self, until: Instant) -> io::Result<()> {
        self.until = Some(until);
        self.local.flush()?;
        self.mover.wait_until_moved(until)
    }

    /// Parts of sources that have not ended come out only here.
    fn finish(&mut self) -> io::Result<()> {
        self.local.finish()?;
        let until = self.until.unwrap_or_else(|| Instant::now() + LAST);
        self.mover.wait_until_moved(until)?;
        self.mover.end();
        // One that hangs in a request comes back when its time is up.
        if let Some(thread) = self.thread.take().filter(JoinHandle::is_finished) {
            // What it had to say was told.
            let _ = thread.join();
        }
        Ok(())
    }

    fn counters(&self) -> Option<Counters> {
        Some(self.mover.counters.clone())
    }
}
