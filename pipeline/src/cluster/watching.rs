//! The live sources that this process watches for process 0.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::post::Report;
use crate::{
    agenda::{Joining, Opening},
    cameras::Camera,
    sources::Wake,
};

/// Those that are to be watched, and those that are.
#[derive(Default)]
pub struct Watching(Mutex<Book>);

#[derive(Default)]
struct Book {
    /// Those that their workers have not taken up yet.
    waiting: VecDeque<(usize, Joining)>,
    watched: HashMap<u32, Arc<Camera>>,
    /// What calls the workers.
    workers: Vec<Wake>,
    /// No more will come.
    is_over: bool,
}

impl Watching {
    /// A worker is there for live sources, and called when there are more.
    pub fn hear(&self, wake: Wake) {
        self.lock().workers.push(wake);
    }

    /// One more is to be watched, by this worker.
    pub fn add(&self, worker: usize, joining: Joining) {
        let mut book = self.lock();
        book.waiting.push_back((worker, joining));
        book.wake_all();
    }

    /// One is not to be watched any more; whether it was watched, and so comes to an end.
    pub fn remove(&self, ordinal: u32) -> bool {
        let mut book = self.lock();
        (book.waiting).retain(|(_, joining)| joining.camera.ordinal != ordinal);
        let watched = book.watched.get(&ordinal);
        watched.inspect(|camera| camera.stop.raise()).is_some()
    }

    /// No more will come.
    pub fn close(&self) {
        let mut book = self.lock();
        book.is_over = true;
        book.wake_all();
    }

    /// The next that falls to a worker, from now on watched; or else why there is none.
    pub fn take(&self, worker: usize) -> Result<Joining, Opening> {
        let mut book = self.lock();
        let at = book.waiting.iter().position(|(of, _)| *of == worker);
        let Some((_, joining)) = at.and_then(|at| book.waiting.remove(at)) else {
            return Err(match book.is_over {
                true => Opening::Over,
                false => Opening::Later,
            });
        };
        let camera = joining.camera.clone();
        book.watched.insert(camera.ordinal, camera);
        Ok(joining)
    }

    /// One is watched no longer; gives it, if it was.
    pub fn ended(&self, ordinal: u32) -> Option<Arc<Camera>> {
        self.lock().watched.remove(&ordinal)
    }

    /// How they fare.
    pub fn reports(&self) -> Vec<Report> {
        let book = self.lock();
        let cameras = book.watched.values();
        cameras.map(|camera| Report::of(camera)).collect()
    }

    // Whoever panicked while it held the lock left whole entries behind.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn wake_all(&self) {
        self.workers.iter().for_each(|wake| wake());
    }
}
