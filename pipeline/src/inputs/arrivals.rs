//! Watching folders: what comes into them, by inotify.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, CreateKind, ModifyKind, RenameMode},
};

use super::{argument::Argument, finding::Finding, walk::Walk};
use crate::sources::shown;

/// Arrivals that may wait until there is time for them. When there are more, all is looked
/// through again.
const WAITING: usize = 65_536;

/// How often whoever waits looks up.
const LOOK: Duration = Duration::from_millis(200);

/// What was told of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Something came.
    At {
        /// Where.
        path: PathBuf,
        /// Whether it is whole: closed by whoever wrote it, or moved in.
        is_finished: bool,
    },
    /// More came than could be told.
    Overflow,
}

/// The watch over folders.
pub struct Arrivals {
    watcher: Arc<Mutex<RecommendedWatcher>>,
    told: Receiver<Arrival>,
    overflow: Arc<AtomicBool>,
}

impl Arrivals {
    /// A watch over no folder yet.
    ///
    /// # Errors
    /// When the system does not give one.
    pub fn new() -> notify::Result<Self> {
        let (tell, told) = sync_channel(WAITING);
        let overflow = Arc::new(AtomicBool::new(false));
        let overflown = overflow.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if !event.is_ok_and(|event| pass_on(&event, &tell)) {
                overflown.store(true, Ordering::Relaxed);
            }
        })?;
        Ok(Self {
            watcher: Arc::new(Mutex::new(watcher)),
            told,
            overflow,
        })
    }

    /// Waits a moment for the next arrival.
    pub fn wait(&mut self) -> Option<Arrival> {
        if self.overflow.swap(false, Ordering::Relaxed) {
            // All that waits is found again by looking through everything.
            self.told.try_iter().for_each(drop);
            return Some(Arrival::Overflow);
        }
        self.told.recv_timeout(LOOK).ok()
    }

    /// What an argument means, or of that, what is at a path. Folders are watched before they are
    /// looked through, so that nothing comes in between.
    pub fn walk(
        &self,
        argument: &Argument,
        at: Option<&Path>,
    ) -> impl Iterator<Item = Finding> + use<> {
        let walk = argument.walk().and_then(|walk| match at {
            Some(path) => walk.at(path),
            None => Some(walk),
        });
        let watcher = self.watcher.clone();
        let walk = walk.map(|walk| walk.entering(move |folder| watch(&watcher, folder)));
        walk.into_iter().flat_map(Walk::into_iter)
    }
}

fn watch(watcher: &Mutex<RecommendedWatcher>, folder: &Path) {
    let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
        let folder = shown(folder);
        tracing::warn!(
            "cannot watch {folder}, what comes into it later is not taken: {error} (tip: raise \
             fs.inotify.max_user_watches)"
        );
    }
}

/// Passes on what tells of something new; whether there was room for it.
fn pass_on(event: &Event, tell: &SyncSender<Arrival>) -> bool {
    if event.need_rescan() {
        return false;
    }
    let is_finished = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => true,
        // A file that has just been created is told of again when it is closed. A folder is not,
        // nor is a second name of a file.
        EventKind::Create(
            CreateKind::Folder | CreateKind::Any | CreateKind::Other | CreateKind::File,
        ) => false,
        _ => return true,
    };
    (event.paths.iter()).all(|path| {
        let path = path.clone();
        tell.try_send(Arrival::At { path, is_finished }).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, fs};

    use super::*;

    fn find(arrivals: &mut Arrivals, root: &Path, name: &str) -> bool {
        let argument = Argument::new(root.as_os_str(), None).unwrap();
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            let Some(Arrival::At { path, is_finished }) = arrivals.wait() else {
                continue;
            };
            let found: Vec<_> = arrivals.walk(&argument, Some(&path)).collect();
            let is_it = |finding: &Finding| match finding {
                Finding::Recording(one) => one.entry.path.file_name() == Some(OsStr::new(name)),
                _ => false,
            };
            if is_finished && found.iter().any(is_it) {
                return true;
            }
        }
        false
    }

    #[test]
    fn what_is_written_and_what_is_moved_in_is_told_also_in_new_folders() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("inbox");
        fs::create_dir(&root).unwrap();
        let argument = Argument::new(root.as_os_str(), None).unwrap();
        let mut arrivals = Arrivals::new().unwrap();
        assert_eq!(arrivals.walk(&argument, None).count(), 0);
        fs::write(root.join("a.mp4"), "x").unwrap();
        assert!(find(&mut arrivals, &root, "a.mp4"));
        fs::write(home.path().join("b"), "x").unwrap();
        fs::rename(home.path().join("b"), root.join("b.mp4")).unwrap();
        assert!(find(&mut arrivals, &root, "b.mp4"));
        fs::create_dir(root.join("new")).unwrap();
        let is_watched = |arrivals: &mut Arrivals| match arrivals.wait() {
            Some(Arrival::At { path, .. }) if path.ends_with("new") => {
                arrivals.walk(&argument, Some(&path)).for_each(drop);
                true
            }
            _ => false,
        };
        while !is_watched(&mut arrivals) {}
        fs::write(root.join("new/c.mp4"), "x").unwrap();
        assert!(find(&mut arrivals, &root, "c.mp4"));
    }

    #[test]
    fn when_too_much_comes_all_is_looked_through() {
        let (tell, told) = sync_channel(1);
        let event = |name: &str| {
            let kind = EventKind::Access(AccessKind::Close(AccessMode::Write));
            Event::new(kind).add_path(name.into())
        };
        assert!(pass_on(&event("a"), &tell));
        assert!(!pass_on(&event("b"), &tell), "there is no room");
        let mut arrivals = Arrivals::new().unwrap();
        arrivals.told = told;
        arrivals.overflow.store(true, Ordering::Relaxed);
        assert_eq!(arrivals.wait(), Some(Arrival::Overflow));
        assert_eq!(arrivals.wait(), None, "what waited is found by looking");
    }
}
